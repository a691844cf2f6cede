"""First moves: what happens when a lead is created, by its source [two-axis: first moves]."""

from integration.core.compiled.context import Context
from integration.core.handoff import plays, sla_clocks
from integration.core.model.effect_keys import key
from integration.core.model.state import Waiting
from integration.core.nurture import track_routing, tracks
from integration.core.rules.automation_rules import FirstMove


def welcome(context: Context) -> None:
    """Make the first move of the lead's source; once when it is born, and once when its source becomes known later.

    Whoever is past the inquiry by then (a customer who is imported, somebody who opted out) needs no first move.
    """
    state = context.state
    source = state.fields.get("source")
    new = state.born is None
    if new:
        state.born = context.now
    elif state.sourced or not source:
        return
    state.sourced = bool(source)
    if context.table.idle_least:
        context.wake(context.now + context.table.idle_least)
    if context.table.dates:
        context.wake(context.now)
    move = _move(context, source if isinstance(source, str) else None, new=new)
    if context.silent:
        return
    if move is not None and state.stage == "inquiry":
        _make(context, move, f"a new lead: {source}" if source else "a new lead")
    if on := track_routing.on_creation(context):
        track_routing.follow(context, on)


def _move(context: Context, source: str | None, *, new: bool) -> FirstMove | None:
    moves = context.playbook.first_moves
    named = next((move for move in moves if source in move.sources), None)
    if named is not None or not new:
        return named
    return next((move for move in moves if not move.sources), None)


def _make(context: Context, move: FirstMove, because: str) -> None:
    state = context.state
    if move.play:
        plays.begin(context, move.play, because)
    for number, step in enumerate(move.touches, 1):
        at = sla_clocks.falls(context, context.now, step.after)
        touch_key = key(state.lead, "first", step.content, number)
        state.waiting.append(
            Waiting(key=touch_key, at=at, step=number, content=step.content, because=because, first=True)
        )
        context.wake(at)
    if move.track:
        tracks.go(context, move.track, because)
    elif move.play and state.stay is not None:
        tracks.go(context, "", because)
    state.then, state.then_play = move.then, move.play


def afterwards(context: Context) -> bool:
    """Go on to the track that follows the first move, once its touches are out and its play is closed."""
    state = context.state
    if not state.then or context.silent:
        return False
    if state.stay is not None:
        return False
    if any(each.first for each in state.waiting) or (state.then_play and plays.is_open(context, state.then_play)):
        return False
    to, state.then, state.then_play = state.then, "", ""
    if state.stage not in context.table.tracks[to].track.stages:
        return False
    return tracks.go(context, to, "after the first move")
