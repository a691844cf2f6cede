"""Checks of touches, as the CRMs' records had them: never twice, far enough apart, within the cap and the window."""

from collections import defaultdict
from itertools import pairwise

from integration.core.rules.calendar import zone
from integration.rig.chaos.chaos_finding import Finding
from integration.rig.season.season_marketing import Touch
from integration.rig.season.season_people import Lead
from integration.rig.season_check.season_state import SeasonState
from mappings.values.instant import DAY, MINUTE, to_datetime

_MOST, _WITHIN = 2, 7 * DAY
_DAYS = frozenset({1, 2, 3})
_HOURS = frozenset({9, 10, 13})
"""What `standard` says: two in seven days, Tuesday to Thursday from nine to eleven and from one to two."""
_SHOWN = 5


def check(state: SeasonState, finding: Finding) -> None:
    """Every rule of the shipped playbook about touches, for every person."""
    season = state.season
    by_person: defaultdict[int, list[Touch]] = defaultdict(list)
    lost = []
    for each in season.marketing.touches:
        lead = season.whose.get(each.record)
        if lead is None:
            lost.append(each.record)
        else:
            by_person[lead.number].append(each)
    finding.figures["touches"] = len(season.marketing.touches)
    people = {lead.number: lead for lead in season.leads}
    twice, close, many, late = [], [], [], []
    for number, those in by_person.items():
        those.sort(key=lambda each: (each.at, each.system))
        email = people[number].email
        for before, after in pairwise(those):
            if before.at == after.at:
                twice.append(f"{email} {after.content} in {before.system} and {after.system}")
            elif after.at - before.at < MINUTE:
                close.append(f"{email} {after.content}")
        many += [
            f"{email} {those[place + _MOST].content}"
            for place in range(len(those) - _MOST)
            if those[place + _MOST].at - those[place].at < _WITHIN
        ]
        late += [
            f"{email} {each.content} at {to_datetime(each.at):%a %H:%M}Z"
            for each in those
            if not _open(people[number], each)
        ]
    for what, found in (
        ("touches are nobody's", lost),
        ("touches were named twice", twice),
        ("touches lie less than a minute apart", close),
        ("touches are more than two in seven days", many),
        ("touches lie outside the window", late),
    ):
        if found:
            finding.differences.append(f"{len(found)} {what}: {', '.join(found[:_SHOWN])}")


def _open(lead: Lead, touch: Touch) -> bool:
    """Whether the window is open by the clock of a zone that the service may know of."""
    person = lead.person
    zones = {person.company.timezone, "UTC"} if person.home != "hubspot" else {person.company.timezone}
    moments = [to_datetime(touch.at).astimezone(zone(each)) for each in zones]
    return any(each.weekday() in _DAYS and each.hour in _HOURS for each in moments)
