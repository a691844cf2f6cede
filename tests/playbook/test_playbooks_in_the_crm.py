"""docs/playbooks-in-the-crm.md: what each part of each shipped playbook writes in the CRMs, and for whom.

The page is made by this test (`pytest FILE --draw` writes it anew): the engine's own parts decide, the connectors write
into the sandbox, and what stands there is what the page says.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import playbook_rows
import pytest
from places import ROOT
from playbook_rows import MONDAY, Returned, Row

from connectors.base.credentials import Credential
from connectors.base.port import FieldWrite, TaskWrite, Verdict
from connectors.hubspot.connector import HubSpotConnector
from connectors.salesforce.connector import SalesforceConnector
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.effects import AlertRaised, Escalated, TaskWanted, TouchDue
from integration.flows.delivering.write_decisions import as_fields, as_touch
from integration.playbook.explaining.effect_words import tell
from integration.playbook.reading import library
from integration.wiring import build
from mappings.model.canonical import REJECTION_REASONS
from mappings.model.task_text import of_plain
from mappings.translate.translation import load_mapping, natives, outward
from mappings.values.identifiers import ExternalId
from mappings.values.instant import DAY, Instant, to_datetime
from sandbox.server import Sandbox

PAGE = ROOT / "docs" / "playbooks-in-the-crm.md"
TASKS = (TaskWanted, Escalated)
REMEDY = "what is written has changed: run pytest tests/playbook/test_playbooks_in_the_crm.py --draw, commit the page"
HEAD = """# The playbooks as the CRM sees them

What each play, clock, reason and track of the shipped playbooks writes where, and for whom. This page is made by a
[test](../tests/playbook/test_playbooks_in_the_crm.py): the engine decides about one lead (Ana Ruiz, Director of Sales
at Acme, a software company of 120) on Monday, 5 January 2026, at 10:00 UTC; both connectors write it into the
[sandbox](deploying.md), and the page says what stands there. `make pictures` writes it anew.

- **For whom**: the role that the playbook names; [routing](routing.md) says who that is. Ana has an owner here. A
  further call or e-mail for the same person joins the task that is open ([tasks](leads.md)).
- **Task** in HubSpot is a task of the contact (type, priority), in Salesforce a Task of the Lead or Contact (subtype,
  priority).
- **Touch** is named on the record, for the workflow or flow that sends it ([nurture e-mail](nurture-mail.md)). Cap and
  send window come on top. A touch of a track writes the same two fields; of each track the first nine are shown.
- **Alert** goes to people as [alerts](alerts.md) says, not into the CRM.
- Every decision writes scores, band, stage and track too ([mapping](mapping.md)).
"""


@dataclass(frozen=True, kw_only=True)
class There:
    """What stands in the two CRMs."""

    hubspot: str
    salesforce: str


class Crms:
    """One person in both CRMs of a sandbox, and the connectors that write to them."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.contact = box.hubspot.add("contacts", {"email": "ana@acme.example", "lastname": "Ruiz"})
        self.lead = box.salesforce.add("Lead", {"LastName": "Ruiz", "Company": "Acme", "Email": "ana@acme.example"})
        found = {name: load_mapping(name)[0] for name in ("hubspot", "salesforce")}
        self.mappings: dict[str, Any] = found
        self.hubspot = HubSpotConnector(Credential(token="t", api_url=f"{box.url}/hubspot"))
        org = "https://acme.my.salesforce.com"
        self.salesforce = SalesforceConnector(Credential(token="s", api_url=f"{box.url}/salesforce", instance_url=org))
        self.words = self.hubspot.task_words(), self.salesforce.task_words()
        self.written = 0

    def task(self, effect: TaskWanted | Escalated) -> There:
        self.written += 1
        key = f"{effect.key}/{self.written}"
        channel = effect.channel if isinstance(effect, TaskWanted) else "task"
        priority = effect.priority if isinstance(effect, TaskWanted) else "high"
        common: dict[str, Any] = {
            "key": key, "subject": effect.subject, "body": of_plain(effect.body), "due_at": effect.due_at,
            "channel": channel, "priority": priority,
        }  # fmt: skip
        self._apply(
            TaskWrite(object="contact", id=ExternalId(self.contact), words=self.words[0], **common), self.hubspot
        )
        self._apply(TaskWrite(object="Lead", id=ExternalId(self.lead), words=self.words[1], **common), self.salesforce)
        (ours,) = self.box.hubspot.find("tasks", coldframe_key=key)
        (theirs,) = self.box.salesforce.find("Task", Coldframe_Key__c=key)
        kind, place = ours.values["hs_task_type"], ours.values.get("hs_task_priority", "")
        return There(
            hubspot=f"task {kind}, {place or 'without priority'}",
            salesforce=f"Task {theirs['TaskSubtype']}, {theirs.get('Priority') or 'without priority'}",
        )

    def touch(self, effect: TouchDue) -> There:
        said = as_touch(effect, channels=effect.channel != "email")
        return self._fields({name: said[name] for name in said}, tuple(said), native=False)

    def returned(self, each: Returned) -> There:
        standing = as_fields(each.where, MONDAY + DAY)
        return self._fields(standing, ("stage", "recycle_reason", "track"), native=True)

    def _fields(self, values: Any, parts: Sequence[str], *, native: bool) -> There:
        """The fields that take these parts, as they stand after they were written."""
        shown: dict[str, str] = {}
        for system, name, record, crm in (
            ("hubspot", "contact", self.contact, self.hubspot),
            ("salesforce", "Lead", self.lead, self.salesforce),
        ):
            mapping = self.mappings[system]
            fields = dict(outward(mapping, name, values))
            if native:
                fields |= natives(mapping, name, values, {})
            those = [target.field for target in mapping.objects[name].write if target.name in parts]
            fields = {field: value for field, value in fields.items() if field in those}
            self.written += 1
            self._apply(FieldWrite(key=str(self.written), object=name, id=ExternalId(record), fields=fields), crm)
            held = (
                self.box.hubspot.values("contacts", record)
                if system == "hubspot"
                else self.box.salesforce.record(name, record)
            )
            shown[system] = ", ".join(f"`{field}` = {_said(held.get(field))}" for field in fields)
        return There(**shown)

    @staticmethod
    def _apply(write: Any, crm: Any) -> None:
        (receipt,) = crm.apply([write])
        assert receipt.verdict is Verdict.DONE, receipt


def _said(value: Any) -> str:
    return f"`{value}`" if value not in {None, ""} else "empty"


def _when(at: Instant) -> str:
    found = to_datetime(at)
    days = (at - MONDAY + 10 * 3_600_000_000) // DAY
    return f"{found:%H:%M}" if days == 0 else f"{found:%a %H:%M}" if days < 7 else f"day {days}, {found:%H:%M}"


def _row(*cells: str) -> str:
    return "| " + " | ".join(each.replace("|", "\\|").replace("\n", " ") for each in cells) + " |"


def _effects(crms: Crms, rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        effect = row.effect
        if isinstance(effect, TASKS):
            words, there = tell(effect).words, crms.task(effect)
            what, _, who = words.partition(": ")[0].partition(" for ")
            whom = who or what.partition(" to ")[2]
            named = "escalation" if isinstance(effect, Escalated) else "task"
            yield _row(
                f"`{row.part}`",
                f"{named}: {effect.subject}",
                whom,
                f"due {_when(effect.due_at)}",
                there.hubspot,
                there.salesforce,
            )
        elif isinstance(effect, TouchDue):
            there = crms.touch(effect)
            yield _row(
                f"`{row.part}`", tell(effect).words, "the lead", _when(effect.at), there.hubspot, there.salesforce
            )
        elif isinstance(effect, AlertRaised):
            yield _row(
                f"`{row.part}`", f"alert `{effect.alert}`: {effect.text}", "as routed", _when(effect.at), "-", "-"
            )


def _tracks(rows: Sequence[Row]) -> Iterator[str]:
    by_track: dict[str, list[tuple[int, str]]] = {}
    for row in rows:
        found, effect = by_track.setdefault(row.part, []), row.effect
        day = (effect.at - MONDAY) // DAY
        if isinstance(effect, TouchDue):
            found.append((day, tell(effect).words.removeprefix("touch ")))
        elif isinstance(effect, TaskWanted):
            found.append((day, tell(effect).words))
    for name, found in by_track.items():
        fields = f"`coldframe_track` = `{name}`", f"`Coldframe_Track__c` = `{name}`"
        yield _row(f"`{name}`", _shortened(found) or "nothing", *fields)


def _shortened(found: Sequence[tuple[int, str]]) -> str:
    """Each touch with its day; the same one again and again is said once, with its rhythm."""
    end = len(found) - 1
    while (
        end > 1
        and found[end - 1][1] == found[-1][1]
        and found[end][0] - found[end - 1][0] == found[-1][0] - found[-2][0]
    ):
        end -= 1
    shown, tail = (found[: end + 1], found[end:]) if len(found) - end > 2 else (found, [])
    words = [f"day {day} {what}" for day, what in shown]
    return "; ".join(words) + (f", then every {tail[1][0] - tail[0][0]} days" if tail else "")


def section(crms: Crms, compiled: CompiledPlaybook) -> str:
    """One playbook's tables."""
    six = ("part", "what", "for whom", "when", "HubSpot contact", "Salesforce Lead")
    line = "|" + "---|" * 6
    lines = [f"\n## {compiled.playbook.name}\n", "Plays:\n", _row(*six), line]
    lines += _effects(crms, list(playbook_rows.of_plays(compiled)))
    clocks = list(_effects(crms, list(playbook_rows.of_clocks(compiled))))
    lines += ["\nClocks, where nobody answers:\n", _row(*six), line, *clocks] if clocks else ["\nIt has no clocks."]
    lines += [
        "\nReasons for which sales gives a lead back:\n",
        _row("reason", "track", "not handed over again for", *six[4:]),
    ]
    lines.append("|" + "---|" * 5)
    for each in playbook_rows.of_reasons(compiled):
        there = crms.returned(each)
        held = f"{each.hold} days" if each.hold else "-"
        track = f"`{each.where.track}`" if each.where.track else "none"
        lines.append(_row(each.reason, track, held, there.hubspot, there.salesforce))
    lines += ["\nTracks, by day after entry:\n", _row("track", "touches", *six[4:]), "|" + "---|" * 4]
    lines += _tracks(list(playbook_rows.of_tracks(compiled)))
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def sections() -> Iterator[dict[str, str]]:
    with Sandbox() as box:
        box.hubspot.limits.ten_secondly = 0
        crms = Crms(box)
        with closing(crms.hubspot), closing(crms.salesforce):
            yield {name: section(crms, CompiledPlaybook.of(build.playbook(name))) for name in library.names()}


def test_the_page_is_what_the_playbooks_write(sections: dict[str, str], *, draw: bool) -> None:
    made = HEAD + "".join(sections.values())
    if draw:
        PAGE.write_text(made, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == made, REMEDY


def test_no_play_clock_reason_or_track_is_missing(sections: dict[str, str]) -> None:
    assert len(sections) == 6
    for name, text in sections.items():
        compiled = CompiledPlaybook.of(build.playbook(name))
        named = {*compiled.dispatch.plays, *compiled.dispatch.tracks, *(each.name for each in compiled.playbook.clocks)}
        assert sorted(each for each in named if f"| `{each}` |" not in text) == []
        assert [each for each in REJECTION_REASONS if f"| {each} |" not in text] == []
