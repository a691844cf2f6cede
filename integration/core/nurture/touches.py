"""Touches: when they may go, sending them by their channel, and whether anybody opened them."""

from collections.abc import Sequence

from integration.core.compiled.context import NEVER, Context
from integration.core.model.effects import TouchChannel, TouchDue
from integration.core.model.state import Sent, Waiting
from integration.core.nurture import touch_tasks, unseen_first
from integration.core.rules.automation_rules import Content
from integration.core.rules.calendar import next_in_window, zone
from integration.core.rules.playbook_rules import SendWindow
from mappings.model.canonical import Activity, Value
from mappings.values.instant import MINUTE, Instant, Span

APART: Span = MINUTE
"""So far apart are two touches of one lead at the least: a workflow that starts on a touch's time starts for each."""
_RESTING = frozenset({"sal", "sql", "suppressed"})
"""Stages in which sales is engaged: marketing touches wait [rules: tracks]."""


def channel(context: Context, content: str) -> TouchChannel:
    """By which way a content reaches people; e-mail where the playbook names no other."""
    known = context.table.contents.get(unseen_first.chosen(context, content))
    return "email" if known is None else known.channel


def allowed(context: Context, planned: Instant, content: str) -> Instant:
    """The first instant from `planned` on at which a touch may go; NEVER while sales works or mail comes back."""
    state, known = context.state, context.table.contents.get(unseen_first.chosen(context, content))
    return permitted(
        context,
        planned,
        known,
        touched=state.touched,
        sendings=state.sendings,
        windows=context.playbook.send_windows,
    )


def permitted(  # noqa: PLR0913 - a touch, and what went before
    context: Context,
    planned: Instant,
    known: Content | None,
    *,
    touched: Instant | None,
    sendings: Sequence[Instant],
    windows: Sequence[SendWindow],
) -> Instant:
    """As `allowed`, after the last touch went at `touched` and the last e-mails at `sendings`.

    Each touch that the marketing system delivers has an instant of its own. Cap and send window are about e-mail alone:
    an advertisement fills no inbox and knows no hour. What a person does is due in working time instead, and goes on
    where mail comes back. [five-tracks: channels] [two-axis: failures]
    """
    state, by_hand = context.state, known is not None and known.task is not None
    if state.stage in _RESTING or (state.bounced is not None and not by_hand):
        return NEVER
    at = max(planned, context.now)
    if not by_hand and touched is not None and (free := touched + APART) > at:
        at = free
    if state.paused is not None and state.paused > at:
        at = state.paused
    at = context.not_deferred(at)
    if known is not None and known.channel != "email":
        return at
    cap = context.playbook.frequency_cap
    if cap is not None and len(sendings) >= cap.touches:
        at = max(at, sendings[-cap.touches] + cap.within)
    own = state.fields.get("timezone")
    return next_open(windows, own if isinstance(own, str) else "", at)  # which can put it off, and forbids nothing else


def next_open(windows: Sequence[SendWindow], timezone: str, at: Instant) -> Instant:
    """The first instant from `at` on that is in any of the windows, by the clock of a zone (each window's, if unknown).

    `at` itself where there is no window.
    """
    known = zone(timezone) is not None
    return min(
        (
            next_in_window(
                at,
                weekdays=window.weekdays,
                opens=window.opens,
                closes=window.closes,
                timezone=timezone if known else window.timezone,
            )
            for window in windows
        ),
        default=at,
    )


def send(context: Context, *, key: str, track: str, step: int, content: str, because: str, stay: str = "") -> None:  # noqa: PLR0913 - a touch has that many sides
    """Let a touch go now: to the marketing system, or to the person who delivers it."""
    found = unseen_first.chosen(context, content)
    if found != content:
        because, content = f"{because}: {found}, of {content} by what was seen", found
    unseen_first.sent(context, content)
    state, known = context.state, context.table.contents.get(content)
    if known is not None and known.task is not None:
        called = content.replace("_", " ")
        touch_tasks.want(context, known.task, key=key, track=track, number=step, called=called, because=because)
        return
    way: TouchChannel = "email" if known is None else known.channel
    context.effects.append(
        TouchDue(
            key=key,
            lead=state.lead,
            at=context.now,
            because=(because,) if because else (),
            track=track,
            step=step,
            content=content,
            channel=way,
        )
    )
    state.touched = context.now
    if way != "email":
        return
    if stay and state.stay is not None:
        state.stay.unopened += 1
    state.touches.append(Sent(key=key, content=content, at=context.now, stay=stay))
    del state.touches[: -context.table.kept_touches]
    cap = context.playbook.frequency_cap
    if cap is not None:
        state.sendings.append(context.now)
        del state.sendings[: -cap.touches]


def next_waiting(context: Context) -> tuple[Instant, Waiting]:
    """Of the touches of no track that wait, the one that goes next, and when."""
    soonest = [(allowed(context, each.at, each.content), each) for each in context.state.waiting]
    return min(soonest, key=lambda pair: (pair[0], pair[1].at, pair[1].key))


def send_waiting(context: Context, waiting: Waiting) -> None:
    """Let a touch go that had to wait."""
    context.state.waiting.remove(waiting)
    send(context, key=waiting.key, track="", step=waiting.step, content=waiting.content, because=waiting.because)


def opened(context: Context, activity: Activity) -> None:
    """An open or click: of the e-mail that it names, and of the last one that went."""
    touches, stay = context.state.touches, context.state.stay
    if stay is not None and stay.unopened:
        stay.unopened = 0
        if context.table.slows:
            context.wake(context.now)
    if not touches:
        return
    touches[-1].opened = True
    name = activity.properties.get("touch")
    if name:
        for sent in touches:
            if name in (sent.key, sent.content):
                sent.opened = True


def came_back(context: Context, activity: Activity) -> None:
    """A bounce: a hard one ends touches until the address changes, and nothing else [rules: stages]."""
    if activity.properties.get("hard") is True:
        context.state.bounced = _address(context.state.fields.get("email"))


def readdress(context: Context, email: Value) -> None:
    """Take in the address that is to count now, after mail came back: another one than that lets touches go again."""
    state, address = context.state, _address(email)
    if state.bounced == "":
        state.bounced = address
    elif address and address != state.bounced:
        state.bounced = None
        context.wake(context.now)


def _address(email: Value) -> str:
    return email.strip().casefold() if isinstance(email, str) else ""


def unopened(context: Context, stay: str) -> int:
    """How many of the last e-mails of this stay were opened by nobody, in a row."""
    count = 0
    for sent in reversed(context.state.touches):
        if sent.stay != stay or sent.opened:
            if sent.stay == stay:
                break
            continue
        count += 1
    return count
