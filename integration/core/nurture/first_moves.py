"""First moves: what happens when a lead is created, by its source [two-axis: first moves]."""

from integration.core.compiled.context import Fold
from integration.core.handoff import plays, sla_clocks
from integration.core.model.effect_keys import key
from integration.core.model.state import Waiting
from integration.core.nurture import track_routing, tracks
from integration.core.rules.automation_rules import FirstMove


def welcome(fold: Fold) -> None:
    """Make the first move of the lead's source; once when it is born, and once when its source becomes known later.

    Whoever is past the inquiry by then (a customer who is imported, somebody who opted out) needs no first move.
    """
    state = fold.state
    source = state.fields.get("source")
    new = state.born is None
    if new:
        state.born = fold.now
    elif state.sourced or not source:
        return
    state.sourced = bool(source)
    if fold.table.idle_least:
        fold.wake(fold.now + fold.table.idle_least)
    move = _move(fold, source if isinstance(source, str) else None, new=new)
    if fold.silent:
        return
    if move is not None and state.stage == "inquiry":
        _make(fold, move, f"a new lead: {source}" if source else "a new lead")
    if on := track_routing.on_creation(fold):
        track_routing.follow(fold, on)


def _move(fold: Fold, source: str | None, *, new: bool) -> FirstMove | None:
    moves = fold.playbook.first_moves
    named = next((move for move in moves if source in move.sources), None)
    if named is not None or not new:
        return named
    return next((move for move in moves if not move.sources), None)


def _make(fold: Fold, move: FirstMove, because: str) -> None:
    state = fold.state
    if move.play:
        plays.begin(fold, move.play, because)
    for number, step in enumerate(move.touches, 1):
        at = sla_clocks.falls(fold, fold.now, step.after)
        touch_key = key(state.lead, "first", step.content, number)
        state.waiting.append(
            Waiting(key=touch_key, at=at, step=number, content=step.content, because=because, first=True)
        )
        fold.wake(at)
    if move.track:
        tracks.go(fold, move.track, because)
    elif move.play and state.stay is not None:
        tracks.go(fold, "", because)
    state.then, state.then_play = move.then, move.play


def afterwards(fold: Fold) -> bool:
    """Go on to the track that follows the first move, once its touches are out and its play is closed."""
    state = fold.state
    if not state.then or fold.silent:
        return False
    if state.stay is not None:
        return False
    if any(each.first for each in state.waiting) or (state.then_play and plays.is_open(fold, state.then_play)):
        return False
    to, state.then, state.then_play = state.then, "", ""
    if state.stage not in fold.table.tracks[to].track.stages:
        return False
    return tracks.go(fold, to, "after the first move")
