"""Effects described in words: those just derived and those on record."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, assert_never

from integration.core.model import effect_keys
from integration.core.model.effects import (
    AlertRaised,
    Effect,
    Escalated,
    HandoffDelayed,
    StageChanged,
    TaskWanted,
    TouchDue,
    TrackChanged,
)
from integration.core.model.ledger import Line
from integration.core.rules.lineage import Kind, Roots
from integration.playbook.explaining.chronicle import lost
from integration.playbook.language.amounts import signed
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An effect as it was stored when it was decided; `fate` says what became of it, "" where nothing had to."""

    key: str
    kind: str
    at: Instant
    because: tuple[str, ...]
    payload: Mapping[str, Any]
    withheld: str | None = None
    """Why it was recorded and not carried out; None where it was."""
    assigned: Mapping[str, Any] | None = None
    """To whom a task goes, as it was decided when it was sent; None before that."""
    fate: str = ""
    """What became of one that was to be carried out; "" where nothing is known of that."""
    decided_at: Instant | None = None
    version: int | None = None
    """The version of the rules by which it was decided."""

    def by(self, at: Instant) -> bool:
        """Whether it was on record at that time: due, and decided by then."""
        return self.at <= at and (self.decided_at is None or self.decided_at <= at)


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectSentence:
    """An effect as a sentence, what it came from, and what became of it ("" where nothing is known of that)."""

    key: str
    kind: str
    at: Instant
    words: str
    because: tuple[str, ...]
    assigned: str = ""
    """To whom a task was given and why, or why it waits; "" where that was not decided yet."""
    fate: str = ""
    version: int | None = None
    """The version of the rules by which it was decided, where that is known."""


def tell(effect: Effect) -> EffectSentence:
    """An effect that was derived, in words."""
    kind, words = _words(effect)
    return EffectSentence(key=effect.key, kind=kind, at=effect.at, words=words, because=effect.because)


def given(assigned: Mapping[str, Any] | None) -> str:
    """`given to Nadia Rasmussen (owner of the lead), after …`, or why the task has nobody to go to."""
    if assigned is None:
        return ""
    others = "; ".join(f"{who} {why}" for who, why in assigned.get("passed_over", ()))
    if assigned.get("waits"):
        return f"waits for somebody to give it to: {others}. Remedy: {assigned['remedy']}"
    name = assigned.get("name") or assigned.get("email") or assigned.get("user")
    return f"given to {name} in {assigned['connection']} ({assigned['because']})" + (f"; {others}" if others else "")


def _words(effect: Effect) -> tuple[str, str]:
    match effect:
        case StageChanged():
            said = "stage", f"stage {effect.after}"
        case TaskWanted():
            said = "task", f"task for {_who(effect.assignee)}: {effect.subject}"
        case TrackChanged():
            said = "track", f"track {effect.after}" if effect.after else "off every track"
        case TouchDue():
            said = "touch", _touch(effect.content, effect.channel)
        case AlertRaised():
            said = "alert", f"alert: {effect.text}"
        case Escalated():
            said = "escalation", f"escalation to {_who(effect.assignee)}: {effect.subject}"
        case HandoffDelayed():
            said = "handoff_held", f"handoff waits, missing: {', '.join(effect.missing)}"
        case _:
            assert_never(effect)
    return said


def _touch(content: str, channel: str) -> str:
    """`touch thanks`; with its channel where that is not e-mail."""
    return f"touch {content}" + ("" if channel == "email" else f" ({channel.replace('_', ' ')})")


def _who(assignee: str) -> str:
    return {"pool": "the next of the pool", "worked_by": "whoever worked the deal"}.get(
        assignee, f"the {assignee.replace('_', ' ')}"
    )


_RECORDED: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "stage": lambda told: f"stage {told['after']}",
    "task": lambda told: f"task for {_who(told['assignee'])}: {told['subject']}",
    "track": lambda told: f"track {told['after']}" if told["after"] else "off every track",
    "touch": lambda told: _touch(told["content"], told.get("channel", "email")),
    "alert": lambda told: f"alert: {told['text']}",
    "escalation": lambda told: f"escalation to {_who(told['assignee'])}: {told['subject']}",
    "handoff_held": lambda told: f"handoff waits, missing: {', '.join(told['missing'])}",
}
"""As `_words`, of what was stored."""


def recorded(kept: Recorded) -> EffectSentence:
    """An effect on record, in the words of one that was derived; of a former version's shape, in fewer."""
    try:
        words = _RECORDED[kept.kind](kept.payload)
    except KeyError:
        words = kept.kind.replace("_", " ")
    words = f"{words} (not carried out: {kept.withheld})" if kept.withheld else words
    return EffectSentence(
        key=kept.key,
        kind=kept.kind,
        at=kept.at,
        words=words,
        because=kept.because,
        assigned=given(kept.assigned),
        fate=kept.fate,
        version=kept.version,
    )


def ended(kept: Recorded, roots: Roots) -> EffectSentence:
    """An effect on record that nothing leads to; rules that do not have its track, play or clock are the reason."""
    told = recorded(kept)
    thing = effect_keys.thing(effect_keys.cause(kept.key))
    if thing is None or thing.root in roots.get(thing.kind, {}).values():
        return told
    name = _NAMES[thing.kind](kept.payload) or thing.root
    why = f"ended: these rules have no {thing.kind} '{name}'"
    return replace(told, fate="; ".join(part for part in (told.fate, why) if part))


_NAMES: Mapping[Kind, Callable[[Mapping[str, Any]], str]] = {
    "track": lambda told: str(told.get("after") or told.get("track") or ""),
    "play": lambda told: str(told.get("play") or ""),
    "clock": lambda told: str(told.get("clock") or ""),
}
"""What an effect on record called the track, play or clock that it is of."""


def lines(coming: Iterable[Line]) -> list[str]:
    """Ledger lines that will be written by themselves: `-6 of engagement after 30 idle days`."""
    return [f"{signed(line.points)} of {line.axis} {lost(line)}" for line in coming]
