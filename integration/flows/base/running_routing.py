"""Running routing: who may get a task, whatever file this process was started with.

A routing that was published is in the version in force; a file that settings name is published at start where it
differs, as mappings are (see running_mappings.py).
"""

from collections.abc import Mapping
from typing import Protocol

import structlog

from integration.core.rules.playbook_rules import Playbook
from integration.routing.read_routing import parse
from integration.routing.routing_rules import Routing
from integration.store.events.playbook_versions import FileInForce

log = structlog.get_logger()

ROUTING = "routing"
"""What a version calls its routing among its files."""
_MOST_KEPT = 8
_read: dict[tuple[str, str], Routing | None] = {}
"""By text and the playbook's fingerprint: hashing a whole playbook would take longer than reading the text."""


class HasRouting(Protocol):
    """What knows who may get a task."""

    @property
    def routing(self) -> Routing:
        """How a role becomes a person."""


def own(routing: Routing, files: Mapping[str, FileInForce]) -> dict[str, FileInForce]:
    """The routing that this process would have in force, by its name: its file's; none where settings name none.

    One that was published by command stays where settings name none; one that a start published does not.
    """
    there = files.get(ROUTING)
    if not routing.text and (there is None or not there.by_start):
        return {} if there is None else {ROUTING: there}
    new = FileInForce.of(routing.text, by_start=True)
    return {ROUTING: there if there is not None and there.fingerprint == new.fingerprint else new}


def applied(routing: Routing, files: Mapping[str, FileInForce], playbook: Playbook) -> Routing:
    """The routing of a version; the given one where that has none, or none that the playbook in force can use."""
    there = files.get(ROUTING)
    if there is None or there.text == routing.text:
        return routing
    found = read(there.text, playbook)
    if found is None:
        log.warning("the routing in force cannot be read with the playbook in force")
        return routing
    return found


def read(text: str, playbook: Playbook) -> Routing | None:
    """A routing's text, read with a playbook; None where it cannot be."""
    key = (text, playbook.fingerprint)
    if key not in _read:
        if len(_read) >= _MOST_KEPT:
            _read.clear()
        _read[key] = parse(text, "the routing in force", playbook)[0]
    return _read[key]
