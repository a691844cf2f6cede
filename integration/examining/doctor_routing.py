"""`coldframe doctor` on routing: whether the file can be read, and who in it can get no task."""

from collections.abc import Iterator
from contextlib import suppress

from connectors.base.port import Finding
from integration.flows.assigning.pool_members import unusable
from integration.flows.base import running_routing
from integration.flows.base.stored_versions import compiled_of
from integration.routing.routing_rules import NO_ROUTING, Routing
from integration.settings.environment import Settings
from integration.store.db.session import Store
from integration.store.events import playbook_versions
from integration.wiring import build, connection_names
from integration.wiring.unusable import UnusableError

_REMEDY = "Take them out of the pools, or let them have a user with this e-mail; others get their tasks meanwhile."


def file(settings: Settings) -> Iterator[Finding]:
    """Whether the routing that the settings name can be read."""
    if not settings.routing:
        return
    try:
        found = _routing(settings)
    except UnusableError as error:
        for problem in error.problems:
            yield Finding(subject="routing", ok=False, detail=str(problem), remedy="Correct the file.")
    else:
        people = {member for pool in found.pools.values() for member in pool.members}
        detail = f"{settings.routing}: {len(found.pools)} pools, {len(people)} people, {len(found.routes)} routes"
        yield Finding(subject="routing", ok=True, detail=detail)


def people(settings: Settings, store: Store) -> Iterator[Finding]:
    """A line for everybody in a pool who can get no task in any CRM: they have left, or have no user."""
    found = NO_ROUTING
    with suppress(UnusableError):  # reported above
        found = in_force(settings, store)
    if not found.pools:
        return
    names = [each.name for each in connection_names.known(settings, store)]
    with store.read() as conn:
        for email, why in unusable(conn, found, names).items():
            pools = ", ".join(pool.name for pool in found.pools_of(email))
            yield Finding(subject=f"pool {pools}: {email}", ok=False, detail=why, remedy=_REMEDY)


def in_force(settings: Settings, store: Store) -> Routing:
    """The routing that was published, else the one that the settings name."""
    playbook = build.playbook(settings.playbook, settings.vocabulary)
    with store.read() as conn:
        found = playbook_versions.current(conn)
        said = playbook_versions.texts(conn, found.number) if found is not None else None
    if found is None or said is None:
        return _routing(settings)
    compiled = compiled_of(said, f"version {found.number}", playbook.vocabulary)
    playbook = playbook if compiled is None else compiled.playbook
    return running_routing.applied(_routing(settings), found.files, playbook)


def _routing(settings: Settings) -> Routing:
    return build.routing(settings, build.playbook(settings.playbook, settings.vocabulary))
