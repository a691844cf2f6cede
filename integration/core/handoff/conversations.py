"""Conversations: the calls and e-mails that are open for a lead, one for each person in sales [rules: plays].

A further task for the same person joins the one that is open: the CRM's task is rewritten, with the new reason on top,
the earlier due date and the higher priority. A conversation is open until sales answers, its task is closed, or sales
has the lead no longer; not only until it is due, since a task that is overdue still stands in somebody's list.
"""

from collections.abc import Collection
from dataclasses import dataclass

from integration.core.compiled.context import Context
from integration.core.model.conversation import Conversation
from integration.core.model.effect_keys import cause, play_step
from integration.core.model.effects import Assignee, Channel, Priority
from integration.core.rules.automation_rules import TaskStep
from integration.core.rules.calendar import day_words
from mappings.values.instant import Instant

TALKING: Collection[Channel] = ("call", "email")
"""Tasks by which somebody in sales talks to a lead."""
_MOST = 20
"""So many conversations are known of one lead at most: an owner who changes begins another."""


ALONE: tuple[str, tuple[str, ...]] = ("", ())
"""What `place` answers of a task of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A task that is wanted: for which role, due when, how urgent, and by which channel; None for an escalation."""

    key: str
    wanted: Assignee
    due: Instant
    priority: Priority = "high"
    channel: Channel | None = None


def assignee(context: Context, wanted: Assignee) -> Assignee:
    """Whom a task goes to: the wanted person if known, else the lead's owner, the account's, or the pool's next."""
    has_owner, has_account_owner = bool(context.read("owner")), bool(context.read("account.owner"))
    if wanted == "owner":
        return "owner" if has_owner else "account_owner" if has_account_owner else "pool"
    if wanted == "account_owner":
        return "account_owner" if has_account_owner else "owner" if has_owner else "pool"
    return wanted


def place(context: Context, task: Wanted) -> tuple[str, tuple[str, ...]]:
    """Join the open conversation with the same person, or begin one: the key of its task ("" for none), and why.

    Of tasks by other channels than TALKING nothing is known, and nothing is joined. An escalation begins none.
    """
    if task.channel is not None and task.channel not in TALKING:
        return ALONE
    there = _open_with(context, task.key, task.wanted)
    if there is not None:
        return there.key, (_join(context, there, task),)
    if task.channel is not None:
        _append(context, _begun(context, task, assignee(context, task.wanted)))
    return ALONE


def open_again(context: Context, task: str, step: TaskStep) -> None:
    """The task of this cause is open again: somebody of the pool has it, in the place of whoever had it before."""
    if step.channel in TALKING and all(cause(each.key) != task for each in context.state.conversations):
        wanted = Wanted(key=f"{context.state.lead}/{task}", wanted=step.assignee, due=context.now, channel=step.channel)
        _append(context, _begun(context, wanted, "pool"))


def end_all(context: Context) -> None:
    """Sales has answered, or has the lead no longer."""
    context.state.conversations.clear()


def end(context: Context, task: str) -> list[str]:
    """The task of this cause was closed: its conversation is over. The causes of what had joined it."""
    over = [each for each in context.state.conversations if cause(each.key) == task]
    context.state.conversations = [each for each in context.state.conversations if each not in over]
    return [joined for each in over for joined in each.joined]


def move(context: Context, task: str, by: str, alone: Wanted) -> None:
    """A task that was to join another (both by their causes) is carried out by this one; `alone` is what it is itself.

    Nobody could foresee it when that was decided: the task that it was to join turned out to be closed, or another
    person's. One that stands by itself is what further ones for its person join from now on.
    """
    state = context.state
    for each in state.conversations:
        each.joined = [joined for joined in each.joined if joined != task]
    own = next((each for each in state.conversations if cause(each.key) == task), None)
    there = next((each for each in state.conversations if cause(each.key) == by), None)
    if by == task and own is None:
        first = _begun(context, alone, assignee(context, alone.wanted))
        state.conversations = [first, *state.conversations[1 - _MOST :]]
    if by == task or there is None:
        return
    if own is not None:
        state.conversations.remove(own)
    for joined in (task, *(own.joined if own is not None else ())):
        if play_step(joined) is not None:
            _note_joined(context, there, joined)


def forget(context: Context, play: str) -> None:
    """The tasks of a play, by the name that keys call it, are not waited for any more."""
    context.state.conversations = [
        each
        for each in context.state.conversations
        if (step := play_step(cause(each.key))) is None or step.play != play
    ]


def _append(context: Context, begun: Conversation) -> None:
    context.state.conversations = [*context.state.conversations, begun][-_MOST:]


def _begun(context: Context, task: Wanted, role: Assignee) -> Conversation:
    return Conversation(
        key=task.key,
        wanted=task.wanted,
        role=role,
        person=_person(context, role),
        channel="email" if task.channel == "email" else "call",
        began=context.now,
        due=task.due,
    )


def _open_with(context: Context, key: str, wanted: Assignee) -> Conversation | None:
    """The first conversation with the person whom a task is for; the steps of one play's opening are their own."""
    role, step = assignee(context, wanted), play_step(cause(key))
    person = _person(context, role)
    opening = (step.play, step.times) if step is not None else None
    for each in context.state.conversations:
        own = play_step(cause(each.key))
        if own is not None and (own.play, own.times) == opening:
            continue
        if _same_person(each, wanted, role, person):
            return each
    return None


def same_person(first: Conversation, other: Conversation) -> bool:
    """Whether two open conversations are one person's in sales, as far as roles say."""
    return _same_person(first, other.wanted, other.role, other.person)


def _same_person(open_: Conversation, wanted: Assignee, role: Assignee, person: str) -> bool:
    """Whether a task would go to whoever has the open one, as far as roles say.

    Who owns the lead is known by name; whoever a pool gave the lead to has it, and whoever worked it last has the task.
    """
    if wanted == "worked_by":
        return open_.wanted != "manager"
    if open_.person and person:
        return open_.person == person
    return role == open_.role or wanted == open_.wanted


def _person(context: Context, role: Assignee) -> str:
    field = {"owner": "owner", "account_owner": "account.owner"}.get(role)
    return str(context.read(field) or "") if field else ""


def _join(context: Context, there: Conversation, task: Wanted) -> str:
    """A task joins an open one; what that does, in a sentence."""
    earlier, of = task.due < there.due, cause(task.key)
    there.due = min(there.due, task.due)
    if play_step(of) is not None:
        _note_joined(context, there, of)
    called = {"call": "call", "email": "e-mail"}[there.channel]
    day = day_words(there.began, context.playbook.calendar.timezone)
    return f"joins the {called} of {day}: rewritten{', due earlier' if earlier else ''}"


def _note_joined(context: Context, there: Conversation, of: str) -> None:
    there.joined = [*(each for each in there.joined if _present(context, each)), of]


def _present(context: Context, joined: str) -> bool:
    """Whether a task that joined is of a play's present opening: only those can still be closed with it."""
    step = play_step(joined)
    name = context.table.play_of(step.play) if step is not None else None
    opening = context.state.plays.get(name) if name is not None else None
    return step is not None and opening is not None and opening.times == step.times
