"""Wiring: the one place that builds adapters from settings."""

import os
import time
from collections.abc import Mapping
from functools import lru_cache

from connectors.base import Connector, Credential
from connectors.hubspot.connector import HubSpotConnector
from connectors.salesforce.connector import SalesforceConnector
from integration import clock, logs
from integration.core.playbook import Playbook
from integration.flows.service import Connection, Service
from integration.flows.warming import warm
from integration.playbook import compiler
from integration.settings import Settings, from_environment
from integration.store.session import Store
from integration.wakeups import Wakeups
from mappings import files
from mappings.instant import SECOND
from mappings.problems import Problem

GRACE = 30 * SECOND
"""How long somebody new may wait to be found in the CRMs before being decided about without a record."""


class UnusableError(Exception):
    """A playbook or a mapping cannot be used; `problems` says why, with positions."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@lru_cache(maxsize=1)
def settings() -> Settings:
    """This process's settings."""
    return from_environment()


@lru_cache(maxsize=1)
def wakeups() -> Wakeups:
    """The way to wake a lane."""
    return Wakeups(settings().redis_url, clock.monotonic)


def playbook(name: str) -> Playbook:
    """The compiled playbook of that name or path; UnusableError with every mistake otherwise."""
    compiled, problems = compiler.load(name)
    if compiled is None:
        raise UnusableError(problems)
    return compiled


def connect(name: str, credential: Credential, path: str | None = None) -> Connection:
    """One CRM with its field mapping, from a file or as shipped; UnusableError with every mistake in it otherwise.

    Tasks are at home in the first connection of `connections`.
    """
    file = files.in_use(name, path)
    if file.mapping is None:
        raise UnusableError(file.problems)
    connector: Connector = HubSpotConnector(credential) if name == "hubspot" else SalesforceConnector(credential)
    return Connection(name=name, connector=connector, mapping=file.mapping, located=file.located)


def connections(given: Settings) -> Mapping[str, Connection]:
    """Every connected CRM, Salesforce first: where both are, sales works there."""
    each = (("salesforce", given.salesforce), ("hubspot", given.hubspot))
    files = given.mappings
    return {name: connect(name, credential, files[name]) for name, credential in each if credential is not None}


def preload() -> None:
    """Do what every job would do again: imports, compiling playbook and statements, building clients.

    Leaves no connection open that a fork would share.
    """
    logs.configure(settings())
    warm(service())


def service() -> Service:
    """What a flow is given, built once per process: a forked job opens its own connections."""
    return _service(os.getpid())


@lru_cache(maxsize=1)
def _parts() -> tuple[Playbook, Mapping[str, Connection]]:
    return playbook(settings().playbook), connections(settings())


@lru_cache(maxsize=1)
def _store() -> Store:
    """One for a worker and the jobs that it forks: they open connections of their own, and know its statements."""
    return Store.open(settings().database_url.get_secret_value())


@lru_cache(maxsize=1)
def _service(pid: int) -> Service:
    compiled, connected = _parts()
    rehearsal = settings().rehearsal
    return Service(
        store=_store(),
        playbook=compiled,
        connections=connected,
        now=clock.now if rehearsal is None else clock.rehearsed(*rehearsal),
        new_id=clock.new_id,
        wake=wakeups().wake,
        sleep=time.sleep,
        monotonic=clock.monotonic,
        holder=f"{os.uname().nodename}:{pid}",
        lease=settings().lease,
        linger=settings().linger,
        grace=round(GRACE * (rehearsal[1] if rehearsal else 1)),
        secret_keys=(settings().secret_key.get_secret_value(),),
    )
