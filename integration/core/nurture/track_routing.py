"""Track routing: which track takes a lead now, and when one lets it go."""

from integration.core.compiled import dates
from integration.core.compiled.context import NEVER, Context
from integration.core.compiled.plans import EntryPlan, ExitPlan, TrackPlan
from integration.core.model.state import Stay
from integration.core.nurture import tracks
from integration.core.nurture.tracks import Move
from integration.core.rules.automation_rules import BELONGS, SUPPRESSED
from mappings.values.instant import DAY, Instant


def way_off(context: Context) -> Move | None:
    """The first exit of the present track all of whose parts have come together now."""
    stay = context.state.stay
    if stay is None:
        return None
    for plan in context.table.tracks[stay.track].judged:
        if plan.eventful and not _happened(context, plan):
            continue
        if plan.exit.completed and stay.planned is not None:
            continue
        if (not plan.timed or _exit_at(context, stay, plan) <= context.now) and plan.check(context):
            context.exited = context.exited or plan.eventful
            return Move(to=plan.exit.to, because=_why_off(plan), own=True)
    return None


def _happened(context: Context, plan: ExitPlan) -> bool:
    """Whether the current activity is what an exit waits for; it takes a lead off one track only."""
    if context.exited:
        return False
    if plan.exit.engaged and not context.engaging:
        return False
    return plan.arm is None or plan.arm in context.arms


def _exit_at(context: Context, stay: Stay, plan: ExitPlan) -> Instant:
    """When the times that an exit asks for have passed; NEVER while its track is not completed."""
    exit_ = plan.exit
    at = stay.since
    if exit_.idle:
        at = max(context.state.engaged or stay.since, stay.since) + exit_.idle
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


def timed_exits(context: Context) -> Instant:
    """When the next exit by time comes up, after what has been judged already; NEVER without one."""
    stay = context.state.stay
    if stay is None:
        return NEVER
    soonest = NEVER
    for plan in context.table.tracks[stay.track].timed:
        at = _exit_at(context, stay, plan)
        if context.now < at < soonest:
            soonest = at
    return soonest


def way_on(context: Context) -> Move | None:
    """The track that takes the lead by signal, or else the one where it belongs by plain condition."""
    if context.leads_on:
        context.leads_on = False
        for plan in context.table.in_order:
            for entry in plan.entries:
                if entry.arm is not None and entry.arm in context.arms and open_to(context, plan, entry):
                    return Move(to=plan.track.name, because="an activity that leads onto the track")
    return _belongs(context) if context.table.plain_tracks else None


def _belongs(context: Context) -> Move | None:
    """The first track with a plain entry that holds; a firm track keeps, an earlier one that still claims too."""
    stay = context.state.stay
    present = context.table.tracks[stay.track] if stay else None
    if present is not None and (present.track.firm or _returned_and_idle(context)):
        return None
    for plan in context.table.in_order:
        if plan is present:
            if not plan.plain or any(entry.check(context) for entry in plan.plain):
                return None
            continue
        if plan.plain and plan.track.name not in context.state.barred:
            for entry in plan.plain:
                if open_to(context, plan, entry):
                    return Move(to=plan.track.name, because="its condition holds")
    return None


def _returned_and_idle(context: Context) -> bool:
    """Whether sales returned the lead and it has done nothing since: it stays where its return put it."""
    state = context.state
    return state.stage == "recycled" and (state.scored is None or state.scored <= (state.returned or state.scored))


def belonging(context: Context) -> str:
    """Where a lead belongs that an exit sends to BELONGS: the first track whose plain condition holds, else none."""
    for plan in context.table.in_order:
        if plan.plain and plan.track.name not in context.state.barred:
            for entry in plan.plain:
                if open_to(context, plan, entry):
                    return plan.track.name
    return ""


def open_to(context: Context, plan: TrackPlan, entry: EntryPlan) -> bool:
    """Whether a way onto a track is open to this lead now."""
    state, given = context.state, entry.entry
    present = state.stay.track if state.stay else ""
    return (
        plan.track.name != present
        and state.stage in plan.track.stages
        and (given.origin is None or present in given.origin)
        and (not given.engaged or context.scoring)
        and not (plan.track.once and state.stays.get(plan.track.name))
        and entry.check(context)
    )


def on_stage(context: Context, stage: str, left: str) -> Move | None:
    """The track that a lead comes onto by coming to a stage."""
    for plan in context.table.in_order:
        for entry in plan.entries:
            given = entry.entry
            if (
                given.stage == stage
                and (not given.left or left in given.left)
                and (not given.reasons or context.state.recycle_reason in given.reasons)
                and open_to(context, plan, entry)
            ):
                return Move(to=plan.track.name, because=f"stage {stage}")
    return None


def on_creation(context: Context) -> Move | None:
    """The track that takes a lead as it comes into being."""
    for plan in context.table.in_order:
        for entry in plan.entries:
            if entry.entry.created and open_to(context, plan, entry):
                return Move(to=plan.track.name, because="a new lead")
    return None


def on_idleness(context: Context) -> Move | None:
    """The track that takes a lead because it has been idle for exactly so long."""
    since = context.state.scored or context.state.born
    for plan, entry in context.table.idle_entries:
        if since is not None and since + entry.entry.idle == context.now and open_to(context, plan, entry):
            return Move(to=plan.track.name, because=f"{entry.entry.idle // DAY} days idle")
    return None


def on_date(context: Context) -> Move | None:
    """The track that takes a lead since an instant before or after a date has come."""
    for when, plan, entry in context.table.dated_entries:
        if dates.falls(context, when) == context.now and open_to(context, plan, entry):
            return Move(to=plan.track.name, because=dates.words(context, when))
    return None


def follow(context: Context, move: Move) -> bool:
    """Carry out a move to a track, to none or to where the lead belongs. SUPPRESSED is for the caller."""
    if move.to == SUPPRESSED:
        return False
    if move.to != BELONGS:
        return tracks.go(context, move.to, move.because, own=move.own)
    stay = context.state.stay
    if stay is not None and move.own and stay.track not in context.state.barred:
        context.state.barred.append(stay.track)
    return tracks.go(context, belonging(context), move.because, own=move.own)
