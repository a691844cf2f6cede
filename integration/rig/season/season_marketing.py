"""The marketing system of a season: it sends the touches that records name, and people open, click or leave.

It starts on a change of a record, as HubSpot's workflows and Salesforce's flows do, and keeps what it sent.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random  # noqa: TID251 - seeded: the same answers every time
from typing import Any

from integration.rig.season.season_behaviour import Deed
from integration.rig.season.season_people import Lead
from mappings.values.instant import HOUR, MINUTE, Instant, parse
from sandbox.hubspot.state.stored_records import Record
from sandbox.server import Sandbox

_OPENS, _CLICKS, _SCANNED, _LEAVES = 0.3, 0.07, 0.06, 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One touch that a record named: for whom, what, and when it was due."""

    system: str
    record: str
    content: str
    at: Instant
    seen: Instant


@dataclass(slots=True)
class Marketing:
    """Keeps every touch, and has people answer some."""

    now: Callable[[], Instant]
    chance: Random
    whose: Mapping[str, Lead]
    """Leads by the id of each of their records."""
    touches: list[Touch] = field(default_factory=list)
    _new: list[Touch] = field(default_factory=list)
    _last: dict[str, str] = field(default_factory=dict)

    def watch(self, box: Sandbox) -> None:
        """Start on every change in both CRMs from now on."""
        box.hubspot.portal.watchers.append(self._in_hubspot)
        box.salesforce.org.watchers.append(self._in_salesforce)

    def answers(self) -> Iterator[Deed]:
        """What people do about the touches that were sent since the last look."""
        new, self._new = self._new, []
        for touch in new:
            lead = self.whose.get(touch.record)
            if lead is not None and not lead.gone:
                yield from self._answer(lead, touch)

    def _answer(self, lead: Lead, touch: Touch) -> Iterator[Deed]:
        share, said = self.chance.random(), {"campaign": touch.content, "touch": touch.content}
        at = touch.seen + self.chance.randrange(5, 48 * 60) * MINUTE
        if self.chance.random() < _SCANNED:
            yield Deed(at=touch.seen + MINUTE, lead=lead, type="email_open", properties={**said, "machine": True})
        if share < _OPENS * (0.5 + lead.heat):
            yield Deed(at=at, lead=lead, type="email_open", properties=said)
        if share < _CLICKS * (0.5 + lead.heat):
            url = f"/{touch.content.replace('_', '-')}"
            yield Deed(at=at + 2 * MINUTE, lead=lead, type="email_click", properties={**said, "url": url})
        if share > 1 - _LEAVES:
            yield Deed(at=at + HOUR, lead=lead, type="unsubscribe")

    def _in_hubspot(self, record: Record, changed: Mapping[str, str]) -> None:
        if record.kind == "contacts" and changed.get("coldframe_touch_at"):
            self._sent("hubspot", record.id, record.values.get("coldframe_touch", ""), changed["coldframe_touch_at"])

    def _in_salesforce(self, name: str, record: Mapping[str, Any]) -> None:
        due = record.get("Coldframe_Touch_At__c")
        if name in {"Lead", "Contact"} and due and self._last.get(record["Id"]) != due:
            self._last[record["Id"]] = due
            if record["CreatedDate"] == record["LastModifiedDate"]:  # converting a lead copies what it had
                return
            self._sent("salesforce", record["Id"], str(record.get("Coldframe_Touch__c") or ""), due)

    def _sent(self, system: str, record: str, content: str, due: str) -> None:
        at = int(due) * 1_000 if due.isdigit() else parse(due)
        touch = Touch(system=system, record=record, content=content, at=at, seen=self.now())
        self.touches.append(touch)
        self._new.append(touch)
