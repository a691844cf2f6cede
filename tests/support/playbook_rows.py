"""What each play, clock, reason and track of a playbook does: by the engine's own parts, for one lead."""

from collections.abc import Iterator
from dataclasses import dataclass

from core_builders import fold

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context
from integration.core.handoff import plays, sla_clocks
from integration.core.model.effects import AlertRaised, Effect, Escalated, TaskWanted, TouchDue
from integration.core.model.events import AccountChanged, LeadChanged
from integration.core.model.state import LeadState, Running, copied
from integration.core.nurture import touches, tracks
from integration.core.run.standing import Standing, standing
from mappings.model.canonical import REJECTION_REASONS, Activity, Value
from mappings.values.instant import DAY, HOUR, Instant, parse

MONDAY = parse("2026-01-05T10:00:00Z")
_MOST = 9
"""So many touches of a track are shown; a rhythm goes on."""
_LEAD: dict[str, Value] = {
    "email": "ana@acme.example",
    "first_name": "Ana",
    "last_name": "Ruiz",
    "title": "Director of Sales",
    "seniority": "director",
    "function": "sales",
    "phone": "+34 600 000 000",
    "owner": "84120011",
    "source": "educational_download",
    "account": "acme",
    "country": "ES",
}
_FIRM: dict[str, Value] = {"name": "Acme", "employees": 120, "industry": "software", "country": "ES"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """What happened because of one part of a playbook, so long after it began."""

    part: str
    effect: Effect


@dataclass(frozen=True, kw_only=True)
class Returned:
    """A lead that came back for a reason: where it stands then, and how long nobody hands it over again."""

    reason: str
    where: Standing
    hold: int


def _events() -> list[AccountChanged | LeadChanged | Activity]:
    begin = MONDAY - HOUR
    return [
        AccountChanged(id="firm", at=begin, account="acme", fields=_FIRM),
        LeadChanged(id="lead", at=begin, fields=_LEAD),
        _did("content_download", begin, asset="Guide", asset_type="educational"),
        _did("document_view", begin, document="Proposal", doc_type="case_study", seconds=90, viewer="ana"),
    ]


def _did(kind: str, at: Instant, **properties: Value) -> Activity:
    return Activity(id=kind, lead="ana", at=at, type=kind, properties=properties)


def _context(compiled: CompiledPlaybook, state: LeadState) -> Context:
    context = Context(compiled, copied(state))
    context.now = MONDAY
    return context


def born(compiled: CompiledPlaybook) -> LeadState:
    """The lead, as nothing has happened yet."""
    return fold(compiled, *_events(), until=MONDAY - HOUR).state


def of_plays(compiled: CompiledPlaybook) -> Iterator[Row]:
    """Every play from its first step to its last touch."""
    state = born(compiled)
    for name in compiled.dispatch.plays:
        context = _context(compiled, state)
        context.state.plays.clear()
        context.state.waiting.clear()
        assert plays.begin(context, name, "shown"), name
        for waiting in sorted(context.state.waiting, key=lambda each: each.at):
            context.now = max(context.now, waiting.at)
            touches.send_waiting(context, waiting)
        yield from (Row(part=name, effect=each) for each in context.effects)


def of_clocks(compiled: CompiledPlaybook) -> Iterator[Row]:
    """Every clock from its reminder to its end."""
    state = born(compiled)
    for clock in compiled.playbook.clocks:
        context = _context(compiled, state)
        run = Running(times=1, started=MONDAY, due=sla_clocks.falls(context, MONDAY, clock.within))
        context.state.clocks[clock.name] = run
        for at in ([run.due - clock.remind_before] if clock.remind_before else []) + [run.due]:
            context.now = max(at, MONDAY)
            sla_clocks.ring(context, clock)
        yield from (Row(part=clock.name, effect=each) for each in context.effects)


def of_reasons(compiled: CompiledPlaybook) -> Iterator[Returned]:
    """An MQL whom sales gives back, for each of its reasons; and a deal that was lost."""
    for reason in REJECTION_REASONS:
        asked, back = _did("demo_request", MONDAY), _did("sales_rejected", MONDAY + DAY, reason=reason)
        state = fold(compiled, *_events(), asked, back).state
        yield _returned(compiled, reason, state)
    deal = _did("opportunity_created", MONDAY, opportunity="1"), _did("opportunity_lost", MONDAY + DAY, opportunity="1")
    yield _returned(compiled, "a deal that was lost", fold(compiled, *_events(), *deal).state)


def _returned(compiled: CompiledPlaybook, reason: str, state: LeadState) -> Returned:
    at = MONDAY + DAY
    assert state.stage == "recycled", reason
    hold = 0 if state.hold is None else (state.hold - at) // DAY
    return Returned(reason=reason, where=standing(compiled, state, at), hold=hold)


def of_tracks(compiled: CompiledPlaybook) -> Iterator[Row]:
    """Every track, touch after touch as it is planned, until it ends or has shown its rhythm."""
    state = born(compiled)
    for name in compiled.dispatch.tracks:
        context = _context(compiled, state)
        context.state.stay = None
        context.effects.clear()
        assert tracks.go(context, name, "shown"), name
        for _ in range(_MOST):
            stay = context.state.stay
            if stay is None or stay.planned is None:
                break
            context.now = max(context.now, stay.planned)
            tracks.send(context)
        yield from (Row(part=name, effect=each) for each in context.effects)


SHOWN = (TaskWanted, Escalated, TouchDue, AlertRaised)
"""The effects that somebody sees, besides where the lead stands."""
