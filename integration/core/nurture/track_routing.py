"""Track routing: which track takes a lead now, and when one lets it go."""

from integration.core.compiled.context import NEVER, Fold
from integration.core.compiled.plans import EntryPlan, ExitPlan, TrackPlan
from integration.core.model.state import Stay
from integration.core.nurture import tracks
from integration.core.nurture.tracks import Move
from integration.core.rules.automation_rules import BELONGS, SUPPRESSED
from mappings.values.instant import DAY, Instant


def way_off(fold: Fold) -> Move | None:
    """The first exit of the present track all of whose parts have come together now."""
    stay = fold.state.stay
    if stay is None:
        return None
    for plan in fold.table.tracks[stay.track].judged:
        if plan.eventful and not _happened(fold, plan):
            continue
        if plan.exit.completed and stay.planned is not None:
            continue
        if (not plan.timed or _exit_at(fold, stay, plan) <= fold.now) and plan.check(fold):
            fold.exited = fold.exited or plan.eventful
            return Move(to=plan.exit.to, because=_why_off(plan), own=True)
    return None


def _happened(fold: Fold, plan: ExitPlan) -> bool:
    """Whether the current activity is what an exit waits for; it takes a lead off one track only."""
    if fold.exited:
        return False
    if plan.exit.engaged and not fold.engaging:
        return False
    return plan.arm is None or plan.arm in fold.arms


def _exit_at(fold: Fold, stay: Stay, plan: ExitPlan) -> Instant:
    """When the times that an exit asks for have passed; NEVER while its track is not completed."""
    exit_ = plan.exit
    at = stay.since
    if exit_.idle:
        at = max(fold.state.engaged or stay.since, stay.since) + exit_.idle
    if exit_.completed:
        if stay.planned is not None:
            return NEVER
        return max(at, (stay.sent or stay.since) + exit_.after)
    return max(at, stay.since + exit_.after)


def _why_off(plan: ExitPlan) -> str:
    exit_ = plan.exit
    if exit_.completed:
        return "the track is completed"
    if exit_.engaged or exit_.signal:
        return "an activity that ends the track"
    if exit_.idle:
        return f"{exit_.idle // DAY} days without engagement"
    return f"{exit_.after // DAY} days on the track" if exit_.after else "its condition for leaving holds"


def timed_exits(fold: Fold) -> Instant:
    """When the next exit by time comes up, after what has been judged already; NEVER without one."""
    stay = fold.state.stay
    if stay is None:
        return NEVER
    soonest = NEVER
    for plan in fold.table.tracks[stay.track].timed:
        at = _exit_at(fold, stay, plan)
        if fold.now < at < soonest:
            soonest = at
    return soonest


def way_on(fold: Fold) -> Move | None:
    """The track that takes the lead by signal, or else the one where it belongs by plain condition."""
    if fold.leads_on:
        fold.leads_on = False
        for plan in fold.table.in_order:
            for entry in plan.entries:
                if entry.arm is not None and entry.arm in fold.arms and open_to(fold, plan, entry):
                    return Move(to=plan.track.name, because="an activity that leads onto the track")
    return _belongs(fold) if fold.table.plain_tracks else None


def _belongs(fold: Fold) -> Move | None:
    """The first track with a plain entry that holds; a firm track keeps, an earlier one that still claims too."""
    stay = fold.state.stay
    present = fold.table.tracks[stay.track] if stay else None
    if present is not None and (present.track.firm or _resting(fold)):
        return None
    for plan in fold.table.in_order:
        if plan is present:
            if not plan.plain or any(entry.check(fold) for entry in plan.plain):
                return None
            continue
        if plan.plain and plan.track.name not in fold.state.barred:
            for entry in plan.plain:
                if open_to(fold, plan, entry):
                    return Move(to=plan.track.name, because="its condition holds")
    return None


def _resting(fold: Fold) -> bool:
    """Whether sales returned the lead and it has done nothing since: it stays where its return put it."""
    state = fold.state
    return state.stage == "recycled" and (state.scored is None or state.scored <= (state.returned or state.scored))


def belonging(fold: Fold) -> str:
    """Where a lead belongs that an exit sends to BELONGS: the first track whose plain condition holds, else none."""
    for plan in fold.table.in_order:
        if plan.plain and plan.track.name not in fold.state.barred:
            for entry in plan.plain:
                if open_to(fold, plan, entry):
                    return plan.track.name
    return ""


def open_to(fold: Fold, plan: TrackPlan, entry: EntryPlan) -> bool:
    """Whether a way onto a track is open to this lead now."""
    state, given = fold.state, entry.entry
    present = state.stay.track if state.stay else ""
    return (
        plan.track.name != present
        and state.stage in plan.track.stages
        and (given.origin is None or present in given.origin)
        and (not given.engaged or fold.scoring)
        and not (plan.track.once and state.stays.get(plan.track.name))
        and entry.check(fold)
    )


def on_stage(fold: Fold, stage: str, left: str) -> Move | None:
    """The track that a lead comes onto by coming to a stage."""
    for plan in fold.table.in_order:
        for entry in plan.entries:
            given = entry.entry
            if (
                given.stage == stage
                and (not given.left or left in given.left)
                and (not given.reasons or fold.state.recycle_reason in given.reasons)
                and open_to(fold, plan, entry)
            ):
                return Move(to=plan.track.name, because=f"stage {stage}")
    return None


def on_creation(fold: Fold) -> Move | None:
    """The track that takes a lead as it comes into being."""
    for plan in fold.table.in_order:
        for entry in plan.entries:
            if entry.entry.created and open_to(fold, plan, entry):
                return Move(to=plan.track.name, because="a new lead")
    return None


def on_idleness(fold: Fold) -> Move | None:
    """The track that takes a lead because it has been idle for exactly so long."""
    since = fold.state.scored or fold.state.born
    for plan, entry in fold.table.idle_entries:
        if since is not None and since + entry.entry.idle == fold.now and open_to(fold, plan, entry):
            return Move(to=plan.track.name, because=f"{entry.entry.idle // DAY} days idle")
    return None


def follow(fold: Fold, move: Move) -> bool:
    """Carry out a move to a track, to none or to where the lead belongs. SUPPRESSED is for the caller."""
    if move.to == SUPPRESSED:
        return False
    if move.to != BELONGS:
        return tracks.go(fold, move.to, move.because, own=move.own)
    stay = fold.state.stay
    if stay is not None and move.own and stay.track not in fold.state.barred:
        fold.state.barred.append(stay.track)
    return tracks.go(fold, belonging(fold), move.because, own=move.own)
