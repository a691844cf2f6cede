"""Checks of where leads are: records say what the store says, and one stage and one track at a time is on record."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from integration.rig.chaos.chaos_finding import Finding
from integration.rig.season_check.season_state import LeadSeen, SeasonState
from integration.store.events.superseded_entries import ENTRIES, SUPERSEDED
from mappings.values.instant import Instant

_SAID = ("track", "stage", "segment", "band")
"""What every record of a person says as the store does."""
_BEGINS = {"track": "", "stage": "inquiry"}
_SHOWN = 5
_Step = tuple[Instant, str, str, str]
"""(when, key of the effect, from where, to where); "" for nowhere."""


def check(state: SeasonState, finding: Finding) -> None:
    """Both of it."""
    for name in _SAID:
        _note(finding, f"records name another {name}", _differing(state, name))
    for kind in ENTRIES:
        _note(finding, f"leads came to a {kind} without leaving another", _unlinked_of(state, kind))


def _note(finding: Finding, what: str, found: Iterable[str]) -> None:
    those = list(found)
    if those:
        finding.differences.append(f"{len(those)} {what}: {', '.join(those[:_SHOWN])}")


def _differing(state: SeasonState, name: str) -> Iterator[str]:
    for lead in state.leads.values():
        wanted = lead.says.get(name) or ""
        for system, record, held in _stored(state, lead, name):
            if held != wanted:
                yield f"{lead.id} is on {wanted or 'none'}, its {system} {record} says {held or 'none'}"


def _stored(state: SeasonState, lead: LeadSeen, name: str) -> Iterator[tuple[str, str, str]]:
    """What each record of a lead has in our field; nobody can write to a Lead that was converted."""
    box = state.season.ground.box
    for system, record, id_ in lead.records:
        if system == "hubspot":
            contact = box.hubspot.portal.shelves["contacts"].find(id_) if record == "contact" else None
            if contact is not None:
                yield system, record, contact.values.get(f"coldframe_{name}", "")
        elif (row := box.salesforce.org.records.get(record, {}).get(id_)) and not row.get("IsConverted"):
            yield system, record, str(row.get(f"Coldframe_{name.capitalize()}__c") or "")


def _unlinked_of(state: SeasonState, kind: str) -> Iterator[str]:
    """Breaks in what is on record of each lead's way, which ends where the store has it."""
    ways: defaultdict[str, list[_Step]] = defaultdict(list)
    for effect in state.effects.values():
        if effect.kind == kind and effect.withheld != SUPERSEDED:
            before, after = (str(effect.payload.get(name) or "") for name in ("before", "after"))
            ways[state.lead_of(effect.lead)].append((effect.at, effect.key, before, after))
    for lead in state.leads.values():
        yield from unlinked(ways.get(lead.id, ()), _BEGINS[kind], lead.says.get(kind) or "", lead.id)


def unlinked(steps: Iterable[_Step], begins: str, ends: str, lead: str) -> Iterator[str]:
    """The keys of changes that do not begin where the one before ended, and where the last does not lead to the end.

    Several of one instant may be read in any order: each goes where it fits.
    """
    left, held = sorted(steps), begins
    while left:
        those = [step for step in left if step[0] == left[0][0]]
        fits = next((step for step in those if step[2] == held), None)
        step = fits or those[0]
        if fits is None:
            yield step[1]
        left.remove(step)
        held = step[3]
    if held != ends:
        yield f"{lead} on record is on {held or 'none'} and not on {ends or 'none'}"
