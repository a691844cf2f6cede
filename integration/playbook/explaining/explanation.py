"""Explanation: why a lead has its score, stage and track, as values for a page or a program. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context
from integration.core.model import effect_keys
from integration.core.model.effects import Effect
from integration.core.model.events import Event
from integration.core.model.state import copied
from integration.core.rules.calendar import wall_clock
from integration.core.rules.playbook_rules import Team
from integration.core.run.decide import settle
from integration.core.run.due_work import pass_time
from integration.core.run.standing import Standing, standing
from integration.core.scoring import decay, expiry
from integration.playbook.explaining.chronicle import Entry, chronicle
from integration.playbook.explaining.effect_words import EffectSentence, Recorded, ended, lines, recorded, tell
from integration.playbook.explaining.mail_activity import Mail
from integration.playbook.explaining.outlook import Outlook, outlook
from integration.playbook.explaining.standpoint import deferral, gate, segment, stage, track
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """What will happen by itself, if nothing comes between."""

    at: Instant
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All that can be said of one lead at one instant.

    `fit` and `engagement` are exact, in thousandths; the entries of each axis sum to it. `done` are the effects on
    record that the history justifies; `unjustified` those on record that it no longer does; `next_due` is when the next
    thing happens by itself, `coming` what, and the next loss of points where that is later. `mail` says what people
    opened and clicked, and what machines did.
    """

    lead: str
    at: Instant
    playbook: str
    timezone: str
    fit: int
    engagement: int
    standing: Standing
    ledger: tuple[Entry, ...]
    outlook: Outlook
    stage: tuple[str, ...]
    owner: Team | None
    """Whose leads of this stage are; None where the lead is suppressed."""
    segment: str
    track: str
    gate: tuple[str, ...]
    hold: str
    """Until when a person holds it, who, and why; "" where nobody does."""
    done: tuple[EffectSentence, ...]
    unjustified: tuple[EffectSentence, ...]
    clocks: tuple[str, ...]
    mail: Mail
    next_due: Instant | None
    coming: tuple[Coming, ...]


def explain(
    compiled: CompiledPlaybook,
    lead: LeadId,
    events: Sequence[Event],
    at: Instant,
    kept: Sequence[Recorded] | None = None,
) -> Explanation:
    """Derive a lead's standing at `at` from its history alone, and say why.

    `kept` are the effects on record: only those exist, each with what became of it. None where there is no record:
    then every effect is included that the history justifies.
    """
    playbook, past = compiled.playbook, chronicle(compiled, lead, events, at)
    context, effects = past.context, past.effects
    return Explanation(
        lead=lead,
        at=at,
        playbook=playbook.name,
        timezone=playbook.calendar.timezone,
        fit=context.state.fit,
        engagement=context.state.score.value,
        standing=standing(compiled, context.state, at),
        ledger=past.entries,
        outlook=outlook(context),
        stage=stage(playbook, effects),
        owner=playbook.owner(context.state.stage),
        segment=segment(context),
        track=track(context, effects),
        gate=gate(context),
        hold=deferral(context),
        done=_done(effects, kept, at),
        unjustified=_unjustified(compiled, effects, kept or (), at),
        clocks=tuple(_clocks(context)),
        mail=past.mail,
        next_due=context.state.due,
        coming=tuple(_coming(context)),
    )


def _done(effects: Sequence[Effect], kept: Sequence[Recorded] | None, at: Instant) -> tuple[EffectSentence, ...]:
    """What follows from the history; where there is a record, only what is on it."""
    if kept is None:
        return tuple(tell(each) for each in sorted(effects, key=lambda each: (each.at, each.key)))
    derived = {effect.key for effect in effects}
    return tuple(recorded(each) for each in kept if each.by(at) and _derived(each, derived))


def _unjustified(
    compiled: CompiledPlaybook, effects: Sequence[Effect], kept: Sequence[Recorded], at: Instant
) -> tuple[EffectSentence, ...]:
    """What was done and is not derived from today's history. What was done is not undone [rules: time and order].

    What was withheld, or taken back before it was sent, was not done.
    """
    derived, roots = {effect.key for effect in effects}, compiled.dispatch.roots
    done = (each for each in kept if each.by(at) and not each.withheld)
    return tuple(ended(each, roots) for each in done if not _derived(each, derived))


def _derived(each: Recorded, derived: Collection[str]) -> bool:
    """Whether today's history leads to an effect on record, or to the one that it follows from.

    An owner who has left is no part of a history.
    """
    return each.key in derived or effect_keys.led_from(each.key) in derived or effect_keys.of_leaver(each.key)


def _clocks(context: Context) -> list[str]:
    zone = context.playbook.calendar.timezone
    labels = {clock.name: clock.label or clock.name.replace("_", " ") for clock in context.playbook.clocks}
    return [
        f"{labels[name]}: {'was' if run.due <= context.now else 'is'} due {wall_clock(run.due, zone)}"
        + (" and is still running" if run.breached else "")
        for name, run in sorted(context.state.clocks.items(), key=lambda item: item[1].due)
        if run.stopped is None and name in labels
    ]


def _coming(context: Context) -> Iterator[Coming]:
    """The engine is asked: time passes on a copy, to the next due and to what engagement loses next."""
    due, engagement = context.state.due, context.playbook.engagement
    if due is None:
        return
    held = context.state.deferral if context.deferred else None
    if held is not None:
        yield Coming(at=held.until, words="the hold ends: the gate is looked at, and nurture e-mails go on")
    then = _at(context, due)
    told = [tell(effect) for effect in then.effects]
    found = [*lines(then.lines), *(f"{each.words} ({', '.join(each.because)})" for each in told)]
    otherwise = [] if held is not None and due == held.until else ["stage and track are looked at again"]
    for words in found or otherwise:
        yield Coming(at=due, words=words)
    score, how = context.state.score, engagement.decay if engagement else None
    falls = min((each for each in (decay.due(score, how), expiry.due(score)) if each is not None), default=due)
    if falls > due:
        lost = (line for line in _at(context, falls).lines if line.at == falls and line.line in ("decay", "expiry"))
        for words in lines(lost):
            yield Coming(at=falls, words=words)


def _at(context: Context, at: Instant) -> Context:
    then = Context(context.compiled, copied(context.state))
    pass_time(then, at, settle)
    return then
