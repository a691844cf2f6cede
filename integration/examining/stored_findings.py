"""Everything that is amiss as far as settings, files and the store say: findings for which no CRM is called."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from typing import Literal, TypeAlias

from sqlalchemy import Connection

from connectors.base.port import Finding
from integration.core.rules.playbook_rules import Playbook
from integration.examining import (
    doctor_alerts,
    doctor_connections,
    doctor_lanes,
    doctor_opens,
    doctor_people,
    doctor_routing,
    doctor_staff,
    doctor_webhooks,
    doctor_words,
)
from integration.settings.environment import Settings
from integration.store.db.session import Store
from integration.store.overall import figure_snapshots
from integration.wiring import build, connection_names
from integration.wiring.unusable import UnusableError
from mappings.values.instant import Instant

About: TypeAlias = Literal[
    "connections", "writing", "playbook", "lanes", "webhooks", "alerts", "people", "touches", "opens", "unassigned",
    "staff", "routing", "words",
]  # fmt: skip
"""What findings may be about."""
COUNTED: Collection[About] = ("writing", "people", "unassigned")
"""What figures and pauses say as well."""
_NAME = "findings"


def examined(
    settings: Settings, store: Store, now: Instant, *, without: Collection[About] = frozenset()
) -> Iterator[Finding]:
    """A finding for everything that was looked at, in order or not. Raises StoreError."""
    rules = _compiled(settings)
    looks: Mapping[About, Callable[[], Iterator[Finding]]] = {
        "connections": lambda: doctor_connections.examined(settings, store),
        "writing": lambda: doctor_lanes.writing(settings, store, now),
        "playbook": lambda: doctor_lanes.playbook(store, rules),
        "lanes": lambda: doctor_lanes.examined(store),
        "webhooks": lambda: doctor_webhooks.examined(store, now),
        "alerts": lambda: doctor_alerts.examined(settings, store, now),
        "people": lambda: doctor_people.examined(store, now),
        "touches": lambda: doctor_opens.confirmed(store, now),
        "opens": lambda: doctor_opens.examined(store, rules, now),
        "unassigned": lambda: doctor_staff.waiting(store),
        "staff": lambda: doctor_staff.known(store, connection_names.known(settings, store)),
        "routing": lambda: doctor_routing.people(settings, store),
        "words": lambda: _words(settings, store),
    }
    for about, look in looks.items():
        if about not in without:
            yield from look()


def keep(settings: Settings, store: Store, now: Instant) -> None:
    """Keep what is amiss, for pages that have no time to look. Raises StoreError."""
    amiss = [each for each in examined(settings, store, now, without=COUNTED) if not each.ok]
    with store.write() as conn:
        figure_snapshots.keep(conn, _NAME, amiss, now)


def kept(conn: Connection) -> list[Finding]:
    """What was amiss when it was last looked at, but for what is `COUNTED`."""
    return figure_snapshots.kept(conn, _NAME, list[Finding]) or []


def _words(settings: Settings, store: Store) -> Iterator[Finding]:
    with suppress(UnusableError):  # a file that cannot be read is reported by whoever reads it
        yield from doctor_words.examined(store, build.vocabulary(settings.vocabulary))


def _compiled(settings: Settings) -> Playbook | None:
    with suppress(UnusableError):  # as above
        return build.playbook(settings.playbook, settings.vocabulary)
    return None
