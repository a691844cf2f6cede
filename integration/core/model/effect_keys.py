"""Effect keys: names of effects that stay the same however often a lead's state is derived.

A key names the lead, the thing and its ordinal (the second time this play opened, its first step), not the
activity that happened to complete it: when a late activity completes it earlier, it is still the same task,
and no second one is written.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, get_args

from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant

_LONGEST_ORDINAL = 10


def key(lead: str, *parts: str | int) -> str:
    """`ana/play/handoff/1/task/1`; slashes within a part are escaped, so that no two keys run together."""
    text = "/".join([lead, *[str(part) for part in parts]])
    if text.count("/") == len(parts) and "%" not in text:
        return text
    return "/".join(str(part).replace("%", "%25").replace("/", "%2F") for part in (lead, *parts))


def cause(of: str) -> str:
    """A key without its lead: the same for two leads that the same thing happened to."""
    return of.partition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayStep:
    """Which step of which play's so-many-th opening a task is."""

    play: str
    times: int
    number: int


def play_step(of: str) -> PlayStep | None:
    """What the cause of a play's task names (`play/handoff/1/task/2`); None for the cause of anything else."""
    match of.split("/"):
        case ["play", name, times, "task", number] if _counts(times) and _counts(number):
            return PlayStep(play=_plain(name), times=int(times), number=int(number))
        case _:
            return None


def next_record(of: str) -> str:
    """The key of the CRM's record of the handover after this one's (`…/record/handoff/1`); "" for any other key."""
    match of.rsplit("/", 3):
        case [lead, "record", name, times] if _counts(times):
            return key(lead, "record", name, int(times) + 1)
        case _:
            return ""


class Thing(NamedTuple):
    """The track, play or clock that an effect is of, by the name that keys call it."""

    kind: Literal["track", "play", "clock"]
    root: str


def thing(of: str) -> Thing | None:
    """What the cause of an effect is of; None where it is of no track, play or clock, or of no track."""
    match of.split("/"):
        case ["track", root, _] if root != "none":
            return Thing("track", _plain(root))
        case ["touch", root, *_]:
            return Thing("track", _plain(root))
        case ["play", root, *_]:
            return Thing("play", _plain(root))
        case ["clock", root, *_]:
            return Thing("clock", _plain(root))
        case _:
            return None


def _counts(part: str) -> bool:
    """Whether it is an ordinal as in keys; a CRM's field may contain anything."""
    return part.isdecimal() and len(part) < _LONGEST_ORDINAL


def _plain(part: str) -> str:
    return part.replace("%2F", "/").replace("%25", "%")


def belongs(of: str, lead: LeadId) -> bool:
    """Whether a key is this lead's."""
    return of.startswith(f"{lead}/")


BREACH = "breach"
"""What the key of the alert ends in that says that a clock ran out."""
AGAIN = "/again"
"""What the key of a task ends in that was taken from somebody and given to somebody else."""


Alerted: TypeAlias = Literal["manager", "owner"]
"""To whom an alert may go as a task, by role."""
ALERTED: tuple[Alerted, ...] = get_args(Alerted)
_ALERT_TASKS = tuple(f"/to_{role}" for role in ALERTED)
"""What the key of a task ends in that an alert is, by the role that it goes to."""


def alert_task(of: str, role: Alerted) -> str:
    """The key of the task that an alert is for somebody."""
    return f"{of}/to_{role}"


def taken_over(of: str) -> str:
    """The key of the task that takes the place of another."""
    return f"{of}{AGAIN}"


def given_first(of: str) -> str:
    """The key, or the cause, of the task that was given first, where others have taken its place since."""
    while of.endswith(AGAIN):
        of = of.removesuffix(AGAIN)
    return of


_LEFT = "left"


def left(lead: str, connection: ConnectionName, user: str) -> str:
    """The key of what follows for a lead from its owner, a user of a connection, having left the company."""
    return key(lead, _LEFT, connection, user)


def of_leaver(of: str) -> bool:
    """Whether a key is of something that follows from somebody's leaving: no history of a lead leads to it."""
    return cause(of).startswith(f"{_LEFT}/")


def origin(of: str) -> str:
    """The cause of a task, also of one that took another's place or is an alert's: a history leads to both or none."""
    found = given_first(cause(of))
    for end in _ALERT_TASKS:
        found = found.removesuffix(end)
    return found


def led_from(of: str) -> str:
    """The key of the effect that a history leads to, where this is that one or follows from it."""
    return f"{of.partition('/')[0]}/{origin(of)}"


def moved(of: str, lead: LeadId) -> str:
    """The key of the same cause for another lead: what two leads that became one have in common."""
    return f"{lead}/{cause(of)}"


def mark(at: Instant) -> tuple[int, int, str]:
    """The place, in the order of events, of time having passed until `at`: before all events at that instant."""
    return (at, -1, "")
