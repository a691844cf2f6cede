"""Builds adapters from settings: connectors, store, and the service that flows use."""

import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from connectors import vendors
from connectors.base.credentials import Credential
from connectors.base.sign_in_port import Client, Issued, SignIn
from integration.alerting import alert_ways
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.rules.playbook_rules import Playbook
from integration.flows.base.call_allowance import StoredAllowance
from integration.flows.base.service import Asking, Connection, GoingLive, Keys, Lanes, NewLeads, Retention, Rules
from integration.flows.upkeep.renew_tokens import Means, StoredTokens
from integration.flows.upkeep.warm_up import warm
from integration.playbook.compiling import compiler
from integration.playbook.reading import library
from integration.routing import read_routing
from integration.routing.routing_rules import Routing
from integration.settings.environment import Settings, from_environment
from integration.store.db.session import Store
from integration.wiring import clock, connection_names, logs, write_guard
from integration.wiring.unusable import UnusableError
from integration.wiring.wake_ups import Wakeups
from integration.wiring.whole_service import Service
from mappings.conflicts import field_conflicts
from mappings.language import mapping_files
from mappings.values.identifiers import ConnectionName, System, first_of
from mappings.values.instant import DAY, SECOND, Instant
from mappings.vocabulary.files import load_vocabulary
from mappings.vocabulary.value import Vocabulary

GRACE = 30 * SECOND
"""How long somebody new may wait to be found in the CRMs before being decided about without a record."""


@lru_cache(maxsize=1)
def settings() -> Settings:
    """This process's settings."""
    return from_environment()


@lru_cache(maxsize=1)
def wakeups() -> Wakeups:
    """The way to wake a lane."""
    return Wakeups(settings().redis_url, clock.monotonic)


def vocabulary(path: str | None) -> Vocabulary:
    """The words of this installation, from a file or as shipped; UnusableError with every mistake otherwise."""
    found, problems = load_vocabulary.in_use(path)
    if found is None:
        raise UnusableError(problems)
    return found


def playbook(name: str, words: str | None = None) -> Playbook:
    """The playbook of that name or path, in the words of a vocabulary's file; UnusableError otherwise."""
    found, problems = compiler.load(name, vocabulary(words))
    if found is None:
        raise UnusableError(problems)
    return found


def routing(given: Settings, rules: Playbook) -> Routing:
    """Who may get a task, from the file that settings name; UnusableError with every mistake in it otherwise."""
    found, problems = read_routing.opened(given.routing, rules, given.channels)
    if found is None:
        raise UnusableError(problems)
    return found


def connect(  # noqa: PLR0913 - the parts of a connection
    system: System,
    credential: Credential,
    path: str | None = None,
    *,
    name: ConnectionName | None = None,
    account: str = "",
    allowance: StoredAllowance | None = None,
    words: Vocabulary | None = None,
) -> Connection:
    """One CRM with its mapping, from a file or as shipped, in these words; UnusableError with every mistake in it."""
    file = mapping_files.in_use(system, path, words)
    if file.mapping is None:
        raise UnusableError(file.problems)
    connector = vendors.vendor(system).connect(credential, allowance=allowance)
    return Connection(
        name=name or first_of(system),
        connector=connector,
        mapping=file.mapping,
        located=file.located,
        account=account,
        allowance=allowance,
        text=file.text,
        of_file=path is not None,
    )


def connections(given: Settings, store: Store | None, *, worker: bool = False) -> Mapping[ConnectionName, Connection]:
    """Every connected CRM, signed in to or from the environment; where there are several, sales works in the first.

    Their calls are counted in the store, together with those of all others. Where `worker` is not set, a person asks,
    who may use what is kept of the day. `store` None stands for one that has not been made yet: nothing counts then.
    Raises StoreError, and UnusableError as `connect`.
    """
    words = vocabulary(given.vocabulary)
    connections = {
        each.name: replace(
            connect(
                each.system,
                credential(given, store, each),
                given.mapping_of(each.name, each.system),
                name=each.name,
                account=each.account or _account_in_environment(given, each),
                allowance=allowance(each, given, store, worker=worker) if store else None,
                words=words,
            ),
            asking=_asking(given, each),
            alone=each.name in given.connection_mappings,
        )
        for each in _known(given, store)
    }
    twice = field_conflicts.claimed_twice(
        [(each.mapping, each.located) for each in connections.values() if each.located]
    )
    if twice:
        raise UnusableError(twice)
    return {name: write_guard.guarded(each, given, store) for name, each in connections.items()}


def ownership(given: Settings, store: Store | None) -> field_conflicts.Ownership:
    """Who owns which fields, by the mappings of the connected CRMs, none of which is asked anything."""
    used = dict.fromkeys((each.system, given.mapping_of(each.name, each.system)) for each in _known(given, store))
    words = vocabulary(given.vocabulary)
    read = [mapping_files.in_use(system, path, words).mapping for system, path in used]
    return field_conflicts.ownership(mapping for mapping in read if mapping is not None)


def _known(given: Settings, store: Store | None) -> Sequence[connection_names.Known]:
    return connection_names.known(given, store) if store else connection_names.arranged((), given)


def allowance(each: connection_names.Known, given: Settings, store: Store, *, worker: bool) -> StoredAllowance:
    """The calls that one connection may make: all of the day for a person. Waits for half a lease at most."""
    return StoredAllowance(
        store=store,
        connection=each.name,
        pacing=vendors.vendor(each.system).pacing,
        reserve=given.daily_reserve if worker else 0.0,
        patience=given.lease // 2,
        sleep=time.sleep,
        monotonic=clock.monotonic,
    )


def credential(given: Settings, store: Store | None, each: connection_names.Known) -> Credential:
    """How one connection is reached: with the environment's token, or with the store's, renewed as it expires."""
    if each.row is None or store is None:
        return connection_names.environments(given)[each.system]
    return Credential(
        tokens=StoredTokens(means(given, store), each.name),
        api_url=each.row.details.api_url,
        instance_url=each.row.details.instance_url,
    )


def means(given: Settings, store: Store) -> Means:
    """What renewing a token takes in this process."""
    return Means(
        store=store,
        keyring=connection_names.keyring(given),
        sign_in=token_endpoint,
        now=clock.now,
        monotonic=clock.monotonic,
        sleep=time.sleep,
        holder=f"{os.uname().nodename}:{os.getpid()}",
        hide=logs.hide,
    )


def token_endpoint(system: System, client: Client) -> SignIn:
    """Where a vendor gives tokens. ValueError for an address that is not the vendor's."""
    return vendors.vendor(system).sign_in.opened(client)


def _account_in_environment(given: Settings, each: connection_names.Known) -> str:
    """What the environment says of its own connection's account, and of no other's."""
    named = vendors.vendor(each.system).account
    return named(given.given) if named and each.origin == "environment" else ""


def _asking(given: Settings, each: connection_names.Known) -> Asking | None:
    """How to ask the CRM whose the environment's token is; None where the environment itself names the account."""
    if each.origin != "environment" or vendors.vendor(each.system).account:
        return None
    token = connection_names.environments(given)[each.system]

    def ask() -> str:
        with contextlib.closing(token_endpoint(each.system, Client(id="", api_url=token.api_url))) as vendor:
            return vendor.account(Issued(access_token=token.token))

    return Asking(mark=connection_names.mark(token), ask=ask)


def _at_home(
    crms: Mapping[ConnectionName, Connection], given: Settings, store: Store
) -> dict[ConnectionName, Connection]:
    """The connections, with what has been learned of them since this worker was started."""
    unknown, learned = {name for name, each in crms.items() if not each.account and each.asking}, _learned()
    if not learned.keys() >= unknown:
        learned |= {each.name: each.account for each in connection_names.known(given, store) if each.account}
    return {name: replace(each, account=each.account or learned.get(name, "")) for name, each in crms.items()}


@lru_cache(maxsize=1)
def _learned() -> dict[ConnectionName, str]:
    """The accounts that were learned since this process was started: a token of the environment belongs to one."""
    return {}


def preload() -> None:
    """Do what every job would do again: imports, compiling playbook and statements, building clients.

    Leaves no connection open that a fork would share.
    """
    logs.configure(settings())
    warm(service())


def service() -> Service:
    """What a flow is given, built once per process: a forked one opens its own connections.

    What has been learned of connections since it was built is asked for again, while there is something to learn.
    """
    found = _service(os.getpid())
    return replace(found, connections=_at_home(found.connections, settings(), found.store))


@lru_cache(maxsize=1)
def _parts() -> tuple[CompiledPlaybook, Routing, Mapping[ConnectionName, Connection]]:
    found = playbook(settings().playbook, settings().vocabulary)
    who = routing(settings(), found)
    return CompiledPlaybook.of(found), who, connections(settings(), _store(), worker=True)


@lru_cache(maxsize=1)
def _started() -> Instant:
    """When this process, or the worker that it is a fork of, was given its playbook."""
    return _now()()


def _now() -> Callable[[], Instant]:
    rehearsal = settings().rehearsal
    return clock.now if rehearsal is None else clock.rehearsed(*rehearsal)


@lru_cache(maxsize=1)
def _store() -> Store:
    """One for a worker and the jobs that it forks: they open connections of their own, and know its statements."""
    return Store.open(settings().database_url.get_secret_value())


@lru_cache(maxsize=1)
def _service(pid: int) -> Service:
    compiled, who, crms = _parts()
    rehearsal = settings().rehearsal
    return Service(
        store=_store(),
        connections=crms,
        now=_now(),
        rules=Rules(compiled=compiled, started=_started(), of_file=settings().playbook not in library.names()),
        wake=wakeups().wake,
        lanes=Lanes(
            holder=f"{os.uname().nodename}:{pid}",
            lease=settings().lease,
            linger=settings().linger,
            sleep=time.sleep,
            monotonic=clock.monotonic,
            wait=wakeups().wait,
        ),
        new_leads=NewLeads(new_id=clock.new_id, grace=round(GRACE * (rehearsal[1] if rehearsal else 1))),
        keys=Keys(keyring=connection_names.keyring(settings())),
        going_live=GoingLive(
            shadow=settings().shadow,
            tasks_per_hour=settings().tasks_per_hour,
            writes_per_minute=settings().live_rate,
        ),
        retention=Retention(
            deliveries=settings().keep_days * DAY,
            sync_errors=settings().keep_sync_error_days * DAY,
            audit=None if (days := settings().keep_audit_days) is None else days * DAY,
        ),
        alert_ways=alert_ways.built(settings()),
        routing=who,
    )
