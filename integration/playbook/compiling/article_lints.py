"""Article lints: what a playbook does that the articles behind it warn of, with its place and what to do instead."""

import re
from collections.abc import Iterator

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context
from integration.core.model.state import Stay, newborn
from integration.core.rules.automation_rules import Play, TaskStep, Trigger
from integration.core.rules.conditions import Compare, Condition, Every, Not, Some, subjects
from integration.core.rules.playbook_rules import Playbook
from integration.playbook.language import schema
from integration.playbook.language.report import Report
from integration.playbook.language.texts import OTHERWISE
from mappings.values.identifiers import LeadId
from mappings.values.instant import DAY, Span
from mappings.yaml_files.located_yaml import Path

_EARLY = re.compile(r"(?:^|[_-])(?:awareness|welcome|education|educational|newsletter)(?:$|[_-])")
_ASKS = re.compile(
    r"(?<!no )(?<!not )(?<!not a )(?<!without )(?<!without a )(?<!never )"
    r"\b(?:demos?|(?:book|schedule|request|arrange) (?:a |an |your )?(?:call|meeting|trial)|talk to sales|free trial"
    r"|quote|contract|prices?|pricing|buy now)\b",
    re.IGNORECASE,
)
"""What a seller asks for, unless the text says that it does not."""
_QUIET: Span = 60 * DAY
"""For so long after a lost deal nothing is asked for [five-tracks: lost deal]."""

_NOT_YET = {
    "newsletter": "they asked for something to read: put them on a track, and call when they do more",
    "trade_show": "a scanned badge is no qualified lead: thank them, then ask a light question",
    "webinar": "not every attendee wants a call: follow up by mail, and call who asked a question",
    "educational_download": "they learn about their problem: put them on a track that helps them learn",
    "pricing_download": "pushing for a meeting at once loses them: thank them and send case studies first",
}
"""What the first move of a source must not be: a call, and what to do instead [two-axis: first moves]."""
_RAW = {
    "newsletter_signup": _NOT_YET["newsletter"],
    "event_scan": _NOT_YET["trade_show"],
    "webinar_attend": _NOT_YET["webinar"],
    "webinar_signup": _NOT_YET["webinar"],
}
_FEW = 10
"""So many opened mails are no sign that somebody wants to buy [two-axis: opens]."""
_READY = frozenset({"engagement", "total", "band", "funnel"})
"""What a condition may ask besides, so that a sign-up is not all that is known of somebody's interest."""


def look_for(file: schema.PlaybookFile, playbook: Playbook, most_fit: float, report: Report) -> None:
    """Warn of what the articles warn of; `most_fit` is what fit can come to."""
    calling = {play.name for play in playbook.plays if _for_sales(play)}
    _early_asks(file, playbook, report)
    _first_calls(file, calling, report)
    for trigger in playbook.triggers:
        if trigger.play in calling:
            _trigger(trigger, playbook, report)
    _raw_gate(playbook, report)
    _dead_ends(file, playbook, report)
    _no_promise(playbook, report)
    _opens(playbook, most_fit, report)


def _for_sales(play: Play) -> bool:
    """Whether a play makes a person in sales turn to the lead; a review alone does not."""
    return any(isinstance(step, TaskStep) and step.channel != "review" for step in play.steps)


def _early_asks(file: schema.PlaybookFile, playbook: Playbook, report: Report) -> None:
    """A demo, a meeting or prices on a track of people who still learn about their problem."""
    first = {move.track for move in file.first_moves.values() if move.track}
    lost = {back.track for (reason, _), back in file.recycle.causes.items() if reason == "opportunity_lost"}
    told = set()
    for track in playbook.tracks:
        early = bool(_EARLY.search(track.name)) or any(_low(each.condition) for each in track.entries)
        for after, content in _contents(file.tracks[track.name]):
            asked = _ASKS.search(_words(file, content))
            if asked is None or content in told:
                continue
            if early or (track.name in first and not after):
                why = f"'{asked[0]}' is asked of people on track '{track.name}' who still learn about their problem"
                instead = "give them something to read here, and ask on a later track"
            elif track.name in lost and after < _QUIET:
                why = f"'{asked[0]}' is asked on track '{track.name}' within 60 days of a lost deal"
                instead = "send what helps them with what they chose, and ask from day 90"
            else:
                continue
            told.add(content)
            place: Path = ("contents", content) if content in file.contents else ("tracks", track.name)
            report.warn(place, f"{why}: {instead}", key=True)


def _contents(track: schema.Track) -> Iterator[tuple[Span, str]]:
    yield from ((when.span, content) for when, content in track.touches.items())
    yield from track.content.items()


def _words(file: schema.PlaybookFile, content: str) -> str:
    found = file.contents.get(content)
    return f"{content.replace('_', ' ')} {found.about if found else ''}"


def _low(condition: Condition | None) -> bool:
    """Whether a track takes people whose interest is low: of segment B or D, cold, or only aware of a problem."""
    match condition:
        case Compare(subject="segment", op="is", values=values):
            return set(values) <= {"B", "D"}
        case Compare(subject="funnel", op="is", values=values):
            return set(values) <= {"awareness", "interest"}
        case Compare(subject="band", op="is", values=values):
            return set(values) == {"cold"}
        case Every(conditions=parts):
            return any(_low(each) for each in parts)
        case Some(conditions=parts):
            return all(_low(each) for each in parts)
        case _:
            return False


def _first_calls(file: schema.PlaybookFile, calling: set[str], report: Report) -> None:
    """A call list from newsletter sign-ups, scanned badges and the like."""
    for source, move in file.first_moves.items():
        if move.play in calling and source in _NOT_YET:
            report.warn(("first_moves", source, "play"), f"sales calls every lead from '{source}': {_NOT_YET[source]}")


def _trigger(trigger: Trigger, playbook: Playbook, report: Report) -> None:
    """Calls that follow from opens alone, from a sign-up alone, or for people whom sales does not want."""
    path: Path = ("triggers", trigger.name)
    parts = trigger.pattern.parts if trigger.pattern is not None else ()
    types = {each for part in parts for match in part.signal for each in match.types}
    asked = subjects(trigger.condition) if trigger.condition is not None else frozenset[str]()
    if types == {"email_open"}:
        text = "opens alone make work for sales, and mail programs open by themselves: wait for a click or a page"
        report.warn(path, text, key=True)
    raw = next((name for name in _RAW if name in types), None)
    if raw and types <= _RAW.keys() and _plain(trigger) and not asked & _READY and not _only_a(trigger.condition):
        report.warn(path, f"sales calls for every {raw.replace('_', ' ')}: {_RAW[raw]}", key=True)
    segments = playbook.segments
    if segments.fit_high is None or segments.intent_high is None:
        return
    if not asked & {"segment", "fit"} or _lets_c_in(trigger.condition):
        text = "sales is sent to segment C, who show intent without fit: say 'if: segment = A|B'; C gets a review"
        report.warn(path, text, key=True)


def _plain(trigger: Trigger) -> bool:
    """Whether nothing is asked of the activities themselves."""
    parts = trigger.pattern.parts if trigger.pattern is not None else ()
    return not any(match.where for part in parts for match in part.signal)


def _only_a(condition: Condition | None) -> bool:
    if isinstance(condition, Every):
        return any(_only_a(each) for each in condition.conditions)
    return isinstance(condition, Compare) and condition.subject == "segment" and set(condition.values) == {"A"}


def _lets_c_in(condition: Condition | None) -> bool:
    match condition:
        case Compare(subject="segment", op="is", values=values):
            return "C" in values
        case Every(conditions=parts) | Some(conditions=parts):
            return any(_lets_c_in(each) for each in parts)
        case Not():
            return False
        case _:
            return False


def _raw_gate(playbook: Playbook, report: Report) -> None:
    """A gate that looks at nothing but where somebody comes from."""
    gate = playbook.gate.condition
    for each in gate.conditions if isinstance(gate, Some) else (gate,) if gate is not None else ():
        found = each.values if isinstance(each, Compare) and (each.subject, each.op) == ("source", "is") else ()
        raw = next((str(value) for value in found if value in _NOT_YET), None)
        if raw is not None:
            report.warn(("handoff", "gate"), f"every lead from '{raw}' is handed to sales: {_NOT_YET[raw]}")


def _dead_ends(file: schema.PlaybookFile, playbook: Playbook, report: Report) -> None:
    """Reasons of sales that lead nowhere."""
    covered = {reason for reason, stage in file.recycle.causes if not stage}
    if not file.recycle.causes or OTHERWISE in covered:
        return
    left = [reason for reason in playbook.vocabulary.reasons if reason not in covered]
    if left:
        text = f"who comes back from sales as {', '.join(left)} goes onto no track, a dead end: add 'otherwise: TRACK'"
        report.warn(("recycle",), text, key=True)


def _no_promise(playbook: Playbook, report: Report) -> None:
    """MQLs that nobody has promised to answer."""
    if not any(clock.stage == "mql" for clock in playbook.clocks):
        text = "nobody promises by when sales answers an MQL: add a clock that starts with 'stage mql'"
        report.warn(("handoff",), text, key=True)


def _opens(playbook: Playbook, most_fit: float, report: Report) -> None:
    """Warn of opens that end idleness, and of opens that open the gate."""
    opens = [
        rule
        for rule in (playbook.engagement.rules if playbook.engagement else ())
        if rule.points > 0 and rule.signal and all(match.types == ("email_open",) for match in rule.signal)
    ]
    for rule in opens:
        if rule.resets_idle:
            text = "an open ends idleness here, and makes whom sales gave back new: say resets_idle: false"
            report.warn(("engagement", "points", rule.name), text, key=True)
    given = sum(rule.points for rule in opens if not rule.nth) * _FEW
    if opens and _passes(playbook, int(most_fit), given):
        text = f"{_FEW} opened mails of a lead that fits open the gate, though opens say little: give 1 point, or none"
        report.warn(("engagement", "points", opens[-1].name), text, key=True)


def _passes(playbook: Playbook, fit: int, engagement: int) -> bool:
    """Whether a lead with these scores, of whom nothing else is known, passes the gate."""
    cap = playbook.engagement.cap if playbook.engagement else None
    compiled, state = CompiledPlaybook.of(playbook), newborn(LeadId("somebody"))
    state.fit, state.score.value = fit, engagement if cap is None else min(cap, engagement)
    context = Context(compiled, state)
    for plan in compiled.dispatch.in_order:
        if any(entry.check(context) for entry in plan.plain):
            state.stay = Stay(track=plan.track.name, since=0, times=1)
            break
    return compiled.dispatch.gate(context)
