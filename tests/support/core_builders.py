"""Small playbooks and histories for the tests of the core, built from its values."""

from dataclasses import replace
from typing import Any

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.effects import Effect, TouchDue, TrackChanged
from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.core.model.state import newborn
from integration.core.rules.automation_rules import Clock, Due, FirstMove, Offset, Play, Rhythm, TaskStep, Touch, Track
from integration.core.rules.conditions import Compare
from integration.core.rules.patterns import Match, Signal
from integration.core.rules.playbook_rules import Gate, Handoff, Playbook, Recycle
from integration.core.rules.scoring_rules import (
    Band,
    Engagement,
    EngagementRule,
    Fit,
    FitGroup,
    FitRule,
    IdleSteps,
    Segments,
    Step,
)
from integration.core.run.apply_events import advance
from integration.core.run.decide import Decision, order
from mappings.model.canonical import Activity, Value
from mappings.values.instant import DAY, HOUR, Instant, parse

START = parse("2026-01-05T09:00:00Z")
"""A Monday."""


def on(*types: str, **properties: Value) -> Signal:
    """Activities of these types with these property values."""
    where = tuple(Compare(subject=name, op="is", values=(value,)) for name, value in properties.items())
    return (Match(types=types, where=where),)


def at_least(subject: str, number: int) -> Compare:
    return Compare(subject=subject, op="at_least", values=(number,))


def being(subject: str, *values: Value) -> Compare:
    return Compare(subject=subject, op="is", values=values)


def rule(name: str, points: int, signal: Signal = (), **more: Any) -> EngagementRule:
    return EngagementRule(name=name, points=points * 1_000, signal=signal, **more)


STEPS = IdleSteps(steps=(Step(after=14 * DAY, keep=800), Step(after=30 * DAY, keep=500), Step(after=90 * DAY, keep=0)))
RULES = (
    rule("email_open", 1, on("email_open"), resets_idle=False),
    rule("email_click", 3, on("email_click")),
    rule("case_study", 10, on("page_view", page="case_study")),
    rule("pricing", 15, on("page_view", page="pricing")),
    rule("demo", 10, on("demo_request")),
    rule("internal_sharing", 15, on("internal_sharing")),
)
SIZE = FitGroup(
    name="size",
    rules=tuple(
        FitRule(name="size", points=points * 1_000, condition=condition)
        for points, condition in (
            (15, Compare(subject="account.employees", op="at_least", values=(50,))),
            (5, Compare(subject="account.employees", op="known")),
        )
    ),
)
ROLE = FitGroup(
    name="role",
    rules=(FitRule(name="director", points=25_000, condition=being("seniority", "director")),),
)
HANDOFF = Play(name="handoff", steps=(TaskStep(channel="call", subject="Call {name}", due=Due(span=24 * HOUR)),))
FIRST_CALL = Play(name="first_call", steps=(TaskStep(channel="call", subject="First call", due=Due(span=24 * HOUR)),))
NEWSLETTER = Track(name="newsletter", rhythms=(Rhythm(every=14 * DAY, touches=(Touch(content="newsletter"),)),))
RENURTURE = Track(name="renurture", rhythms=(Rhythm(every=14 * DAY, touches=(Touch(content="renurture"),)),))
CLOCK = Clock(
    name="first_contact",
    within=Due(span=24 * HOUR),
    stage="mql",
    stops=on("call_attempt", "meeting_booked", "sales_accepted", "sales_rejected"),
)
HOT = at_least("total", 70_000)


def playbook(**changed: Any) -> CompiledPlaybook:
    """The playbook of the tests, with what a test names changed."""
    return CompiledPlaybook.of(replace(_PLAYBOOK, **changed))


def drip(*days: int, name: str = "drip", **more: Any) -> Track:
    """A track with a touch on each of these days, called `drip 1` and so on."""
    offsets = tuple(
        Offset(after=day * DAY, touch=Touch(content=f"{name} {number}")) for number, day in enumerate(days, 1)
    )
    return Track(name=name, offsets=offsets, **more)


_PLAYBOOK = Playbook(
    name="test",
    fit=Fit(groups=(SIZE, ROLE), cap=40_000),
    engagement=Engagement(rules=RULES, cap=60_000, decay=STEPS),
    bands=(Band(name="hot", condition=HOT), Band(name="warm", condition=at_least("total", 40_000)), Band(name="cold")),
    segments=Segments(fit_high=20_000, intent_high=30_000),
    exclusions=(Compare(subject="is_student", op="is", values=(True,)),),
    gate=Gate(condition=being("band", "hot")),
    handoff=Handoff(play="handoff"),
    recycle=(Recycle(track="renurture"),),
    plays=(HANDOFF, FIRST_CALL),
    tracks=(NEWSLETTER, RENURTURE),
    first_moves=(
        FirstMove(sources=("inquiry",), play="first_call", then="newsletter"),
        FirstMove(sources=("quiet",)),
        FirstMove(track="newsletter"),
    ),
)

QUIET: dict[str, Value] = {"source": "quiet"}
GOOD: dict[str, Value] = {"source": "quiet", "seniority": "director", "account": "acme"}


def told(at: Instant = START, **fields: Value) -> LeadChanged:
    return LeadChanged(id=f"lead@{at}", at=at, fields=fields)


def firm(at: Instant = START, **fields: Value) -> AccountChanged:
    return AccountChanged(id=f"firm@{at}", at=at, account="acme", fields=fields)


def fitting(at: Instant = START, **fields: Value) -> list[Event]:
    """A director of a company of 100: all of the fit there is."""
    return [firm(at, employees=100, name="Acme"), told(at, **{**GOOD, **fields})]


def did(kind: str, at: Instant, name: str = "", **properties: Value) -> Activity:
    return Activity(id=name or f"{kind}@{at}", lead="ana", at=at, type=kind, properties=properties)


def saw(page: str, at: Instant, name: str = "") -> Activity:
    return did("page_view", at, name or f"{page}@{at}", page=page)


def hot(at: Instant = START + HOUR) -> list[Event]:
    """All that makes a fitting lead hot: 30 points."""
    return [saw("pricing", at, "hot1"), saw("pricing", at + 1, "hot2")]


def fold(book: CompiledPlaybook, *events: Event, until: Instant | None = None) -> Decision:
    """The decision on a whole history, in the core's order."""
    ordered = sorted(events, key=order)
    return advance(book, newborn("ana"), ordered, ordered[-1].at if until is None else until)


def of(kind: type[Effect], decision: Decision) -> list[Any]:
    return [effect for effect in decision.effects if isinstance(effect, kind)]


BORN = told(source="other")


def book(*tracks: Track, first: str | None = None, **more: Any) -> CompiledPlaybook:
    moves = (FirstMove(track=first),) if first else ()
    return playbook(tracks=(*tracks, NEWSLETTER, RENURTURE), first_moves=moves, **more)


def touches(decision: Decision) -> list[tuple[float, str]]:
    return [((touch.at - START) / DAY, touch.content) for touch in of(TouchDue, decision)]


def route(decision: Decision) -> list[tuple[str | None, str | None]]:
    return [(change.before, change.after) for change in of(TrackChanged, decision)]
