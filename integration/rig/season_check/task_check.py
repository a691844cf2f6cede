"""Checks of tasks: each once, to somebody who is there, and every breach escalated once and to somebody else."""

from collections import Counter, defaultdict
from collections.abc import Container

from integration.core.funnel.gate import FORGOTTEN
from integration.rig.chaos.chaos_finding import Finding
from integration.rig.season.season_run import Season
from integration.rig.season.season_sales import Given
from integration.rig.season_check.season_state import SeasonState
from mappings.values.instant import DAY, Instant

_SHOWN = 5
_UNTOUCHED = 6 * DAY
"""Whoever has not answered for so long has broken the promise of two working hours, whatever their calendar."""


def check(state: SeasonState, finding: Finding) -> None:
    """All of it, and the figures."""
    season = state.season
    once(season, finding)
    to_people_who_are_there(season, finding)
    _figures(state, finding)
    _as_the_store_says(state, finding)
    _absent(state, finding)
    _escalated(state, finding)
    _untouched(state, finding)
    _one_conversation(state, finding)


def once(season: Season, finding: Finding) -> None:
    """No task stands, or ever stood, in the CRMs twice."""
    times = Counter(each.key for each in season.sales.tasks.values())
    _note(finding, "tasks were written twice", [key for key, n in times.items() if n > 1])


def to_people_who_are_there(season: Season, finding: Finding) -> None:
    """Nobody who has left, no queue and not the user as whom the service signs in was given a task."""
    wrong = []
    for each in season.sales.tasks.values():
        if each.seller is None:
            wrong.append(f"{each.system} {each.key} to {each.user or 'nobody'}")
        elif each.seller.left(each.at):
            wrong.append(f"{each.system} {each.key} to {each.seller.email}, who has left")
    _note(finding, "tasks were given to nobody who may have one", wrong)


def _note(finding: Finding, what: str, found: list[str]) -> None:
    said = f"{len(found)} {what}: {', '.join(found[:_SHOWN])}"
    if found and said not in finding.differences:
        finding.differences.append(said)


def _figures(state: SeasonState, finding: Finding) -> None:
    tasks = state.season.sales.tasks.values()
    finding.figures["tasks made"] = len(tasks)
    finding.figures["tasks open"] = sum(map(len, state.open_tasks.values()))
    finding.figures["tasks deleted by people"] = sum(each.deleted for each in tasks)
    for each in tasks:
        kind = each.key.split("/")[1:3]
        finding.figures[f"tasks of {' '.join(kind)}"] += 1
        if each.said:
            finding.figures[f"answered: {each.said}"] += 1
        finding.figures["tasks taken over"] += each.key.endswith("/again")
        if not each.key.endswith("/again") and each.key.split("/")[1:3] == ["play", "handoff"]:
            finding.figures["handovers"] += 1
    finding.figures["refused by a CRM what people did"] = len(state.season.sales.refused)


def _one_conversation(state: SeasonState, finding: Finding) -> None:
    """Nobody has two calls or e-mails open with one lead, but for what somebody passed on or a merge brought.

    Nor where a demo request of an MQL made a handoff anew, since the one before was older than 14 days [rules: stages].
    """
    joined, wrong = set(state.survivor.values()), []
    handed = {
        (state.lead_of(each.key), each.at)
        for each in state.effects.values()
        if each.kind == "stage" and each.payload.get("after") == "mql"
    }
    for lead, those in state.open_tasks.items():
        talks = [each for each in those if each.talk and not each.passed_on and each.key.split("/")[1] != "clock"]
        talks = [each for each in talks if not any(_made_anew(state, each, other, handed) for other in talks)]
        times = Counter(each.seller.email for each in talks if each.seller is not None)
        wrong += [f"{email} has {n} with {lead}" for email, n in times.items() if n > 1 and lead not in joined]
    _note(finding, "people have several conversations open with one lead", wrong)


def _made_anew(state: SeasonState, each: Given, other: Given, handed: Container[tuple[str, Instant]]) -> bool:
    """Whether the other is the handoff that was made in the place of this one, which was forgotten by then."""
    effect = state.effects.get(other.key) or state.effects.get(state.moved(other.key))
    asked = effect is not None and (state.lead_of(other.key), effect.at) not in handed
    return asked and _owed(each) and _owed(other) and other.at - each.at > FORGOTTEN


def _as_the_store_says(state: SeasonState, finding: Finding) -> None:
    """Every task that the store counts as sent stood in a CRM, and none that it does not know.

    What joined an open task is sent with it, and has no task of its own there.
    """
    there = {each.key for each in state.season.sales.tasks.values()}
    sent = {
        key
        for key, row in state.outbox.items()
        if row["kind"] == "task" and row["state"] == "sent" and row["external_id"] is not None
    }
    _note(finding, "tasks were sent and never stood in a CRM", sorted(sent - there))
    _note(finding, "tasks stand in a CRM that the store does not know", sorted(there - state.outbox.keys()))
    wanted = {
        key
        for key, effect in state.effects.items()
        if effect.kind in {"task", "escalation"} and not effect.withheld and "joins" not in effect.payload
    }
    known = state.outbox.keys() | {state.moved(key) for key in state.outbox}
    gone = [key for key in wanted - known if state.moved(key) not in known]
    _note(finding, "tasks were decided and are in no outbox", sorted(gone))


def _absent(state: SeasonState, finding: Finding) -> None:
    """Pools give nothing to somebody who is away; whoever owns a lead gets its tasks all the same."""
    wrong = []
    for each in state.season.sales.tasks.values():
        if each.seller is None or not each.seller.absent(each.at):
            continue
        finding.figures["tasks to people who are away"] += 1
        effect = state.effects.get(each.key) or state.effects.get(state.moved(each.key))
        if effect and effect.assigned and effect.assigned.get("pool"):
            wrong.append(f"{each.key} to {each.seller.email}")
    _note(finding, "tasks of pools were given to somebody who is away", wrong)


def _escalated(state: SeasonState, finding: Finding) -> None:
    """Every clock that ran out has one task for somebody else than who was late."""
    by_lead: defaultdict[str, list[Given]] = defaultdict(list)
    for each in state.season.sales.tasks.values():
        by_lead[state.lead_of(each.key)].append(each)
    times = Counter(state.moved(each.key) for each in state.season.sales.tasks.values())
    missing, twice, same = [], [], []
    for effect in state.effects.values():
        if effect.kind != "alert" or not effect.key.endswith("/breach"):
            continue
        finding.figures["breaches"] += 1
        key = state.moved(f"{effect.key.removesuffix('breach')}escalation")
        row = state.effects.get(key)
        if row is None:
            missing.append(effect.key)
        elif row.withheld or state.is_waiting(key):
            finding.figures[
                "breaches answered before anybody was called" if row.withheld else "escalations waiting"
            ] += 1
        elif times[key] == 0:
            missing.append(effect.key)
        elif times[key] > 1:
            twice.append(key)
        else:
            finding.figures["escalations"] += 1
            (task,) = [each for each in by_lead[state.lead_of(key)] if state.moved(each.key) == key]
            late = [each for each in by_lead[state.lead_of(key)] if _owed(each) and each.at < task.at]
            last = max(late, key=lambda each: each.at, default=None)
            if last is not None and last.seller is task.seller:
                same.append(f"{key} to {task.seller.email if task.seller else 'nobody'}")
    _note(finding, "breaches have no escalation", missing)
    _note(finding, "breaches have several escalations", twice)
    _note(finding, "escalations went to whoever was late", same)


def _owed(given: Given) -> bool:
    return given.key.split("/")[1:3] == ["play", "handoff"]


def _untouched(state: SeasonState, finding: Finding) -> None:
    """A handoff that nobody has touched for days was escalated: seen from the CRM alone."""
    silent = []
    for lead, tasks in state.open_tasks.items():
        seen = state.leads.get(lead)
        for each in tasks:
            waited = state.now - each.at > _UNTOUCHED
            if _owed(each) and waited and seen is not None and seen.stage == "mql":
                finding.figures["handoffs untouched for days"] += 1
                clock = f"{state.moved(each.key).partition('/')[0]}/clock/first_response/"
                if not any(key.startswith(clock) and key.endswith("/escalation") for key in state.effects):
                    silent.append(each.key)
    _note(finding, "handoffs that nobody touched were never escalated", silent)
