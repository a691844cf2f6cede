"""The HubSpot handle for a test or a person in the same process: no limits, no read-only properties."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sandbox.hubspot.endpoints.api import HubSpotGate
from sandbox.hubspot.endpoints.call_limits import Limits
from sandbox.hubspot.state.associations import kind_named
from sandbox.hubspot.state.portal import PERSON, Origin, Portal
from sandbox.hubspot.state.property_values import Values
from sandbox.hubspot.state.record_owners import owner
from sandbox.hubspot.state.refusals import Refused
from sandbox.hubspot.state.required_properties import Requirement
from sandbox.hubspot.state.stored_records import Record
from sandbox.hubspot.state.webhook_sender import Sender
from sandbox.shared.call_log import Log
from sandbox.shared.validation_rules import Rule

_FIRST_OWNER = 84_120_101


class HubSpot:
    """The portal, its API and its webhooks. Changes made here are a person's, unless `origin` says otherwise."""

    def __init__(self, portal: Portal, gate: HubSpotGate, sender: Sender) -> None:
        self.portal = portal
        self.gate = gate
        self.sender = sender

    @property
    def log(self) -> Log:
        """The calls that came in."""
        return self.gate.log

    @property
    def limits(self) -> Limits:
        """Set `ten_secondly`, `daily` or `searches` here; 0 means no limit."""
        return self.gate.limits

    def add(self, kind: str, values: Mapping[str, str], *, origin: Origin = PERSON, at: int | None = None) -> str:
        """A new record, of now or `at`; its id. Read-only properties may be set. Raises Refused for a wrong value."""
        kind = kind_named(kind)
        with self.portal.lock:
            settled = self._settled(kind, values)
            self.portal.claim(kind, settled, None)
            return self.portal.create(kind, settled, origin, at=at).id

    def set(self, kind: str, id_: str, values: Mapping[str, str], *, origin: Origin = PERSON) -> None:
        """Change a record; "" clears. Raises Refused."""
        kind = kind_named(kind)
        with self.portal.lock:
            record = self.record(kind, id_)
            settled = self._settled(kind, values)
            self.portal.claim(kind, settled, record)
            self.portal.update(record, settled, origin)

    def add_owner(self, first: str, last: str, email: str) -> str:
        """Somebody new who can own records; their id."""
        with self.portal.lock:
            made = owner(str(_FIRST_OWNER + len(self.portal.owners)), first, last, email)
            self.portal.owners.append(made)
        return str(made["id"])

    def archive_owner(self, owner_id: str) -> None:
        """Somebody leaves the company; what they own stays theirs."""
        with self.portal.lock:
            next(owner for owner in self.portal.owners if owner["id"] == owner_id)["archived"] = True

    def link(self, kind: str, id_: str, to: str, other: str) -> None:
        """Associate two records the default way."""
        with self.portal.lock:
            self.portal.link(self.record(kind, id_), self.record(to, other))

    def delete(self, kind: str, id_: str, *, origin: Origin = PERSON) -> None:
        """Into the recycle bin."""
        with self.portal.lock:
            self.portal.archive(self.record(kind, id_), origin)

    def restore(self, kind: str, id_: str, *, origin: Origin = PERSON) -> None:
        """Out of the recycle bin."""
        with self.portal.lock:
            shelf = self.portal.shelves[kind_named(kind)]
            record = shelf.archived[id_]
            shelf.restore(record)
            self.portal.events.restored(record, origin, self.portal.now())

    def merge(self, kind: str, survivor: str, ended: str, *, origin: Origin = PERSON) -> None:
        """Make one record of two."""
        with self.portal.lock:
            self.portal.merge(self.record(kind, survivor), self.record(kind, ended), origin)

    def erase(self, kind: str, id_: str, *, origin: Origin = PERSON) -> None:
        """Delete for good, with a webhook of the privacy deletion."""
        with self.portal.lock:
            self.portal.erase(self.record(kind, id_), origin)

    def record(self, kind: str, id_: str) -> Record:
        """The live record. Raises KeyError."""
        record = self.portal.shelves[kind_named(kind)].find(id_)
        if record is None:
            raise KeyError(id_)
        return record

    def records(self, kind: str) -> list[Record]:
        """All live records of a type, oldest first."""
        with self.portal.lock:
            return list(self.portal.shelves[kind_named(kind)].records.values())

    def values(self, kind: str, id_: str) -> Values:
        """A record's values."""
        return dict(self.record(kind, id_).values)

    def find(self, kind: str, **values: str) -> list[Record]:
        """The live records with these values."""
        wanted = values.items()
        return [one for one in self.records(kind) if wanted <= one.values.items()]

    def counts(self) -> dict[str, int]:
        """How many live records there are of each type."""
        return {kind: len(shelf.records) for kind, shelf in self.portal.shelves.items()}

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """Every live record, for JSON: id, values, links."""
        with self.portal.lock:
            return {
                kind: [
                    {
                        "id": one.id,
                        "values": dict(one.values),
                        "links": {to: sorted(linked) for to, linked in one.links.items() if linked},
                    }
                    for one in shelf.records.values()
                ]
                for kind, shelf in self.portal.shelves.items()
            }

    def rule(self, **rule: str) -> None:
        """An administrator's validation rule: `object`, `field`, `pattern`, `message`."""
        self.portal.rules.add(Rule(**rule))

    def require(self, **requirement: str) -> None:
        """Make a property required: `object`, `field`; `when` and `value` where another has that value."""
        self.portal.requirements.add(Requirement(**requirement))

    def rules(self) -> list[dict[str, str]]:
        """The rules that stand, and what is required."""
        required = [asdict(one) for one in self.portal.requirements.standing]
        return [*(asdict(rule) for rule in self.portal.rules.standing), *required]

    def _settled(self, kind: str, values: Mapping[str, str]) -> Values:
        properties = self.portal.properties(kind)
        locked = [name for name in values if name in properties and properties[name].read_only]
        settled = self.portal.settle(kind, {name: value for name, value in values.items() if name not in locked})
        for name in locked:
            free = properties[name].loose().settled(values[name])
            if not isinstance(free, str):
                raise Refused(status=400, category="VALIDATION_ERROR", message=free.message)
            settled[name] = free
        return settled
