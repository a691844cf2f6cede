"""Effect keys: names of effects that stay the same however often a lead's state is derived.

A key names the lead, the thing and its ordinal (the second time this play opened, its first step), not the
activity that happened to complete it: when a late activity completes it earlier, it is still the same task,
and no second one is written.
"""

from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant


def key(lead: str, *parts: str | int) -> str:
    """`ana/play/handoff/1/task/1`; slashes within a part are escaped, so that no two keys run together."""
    text = "/".join([lead, *[str(part) for part in parts]])
    if text.count("/") == len(parts) and "%" not in text:
        return text
    return "/".join(str(part).replace("%", "%25").replace("/", "%2F") for part in (lead, *parts))


def cause(of: str) -> str:
    """A key without its lead: the same for two leads that the same thing happened to."""
    return of.partition("/")[2]


def belongs(of: str, lead: LeadId) -> bool:
    """Whether a key is this lead's."""
    return of.startswith(f"{lead}/")


def moved(of: str, lead: LeadId) -> str:
    """The key of the same cause for another lead: what two leads that became one have in common."""
    return f"{lead}/{cause(of)}"


def mark(at: Instant) -> tuple[int, int, str]:
    """The place, in the order of events, of time having passed until `at`: before all events at that instant."""
    return (at, -1, "")
