"""The state of an account: what its people did lately, of bounded size for any length of history."""

from dataclasses import dataclass, field

from integration.core.model.state import Mark
from mappings.values.identifiers import AccountId

SHAPE = 1
"""The number of the shape and meaning of a stored state of an account. Raise it whenever one of these classes changes,
or whenever the same activities come to another state: every account is then derived from its whole history once."""


@dataclass(slots=True, kw_only=True)
class Topic:
    """What people of an account did lately about one thing (a document, or all that a signal looks at).

    Each of `values`, `known` and `notified` is in the order of its times, so that what a window no longer reaches
    stands at the beginning: an activity costs the same however many people an account has.
    """

    values: dict[str, int] = field(default_factory=dict)
    """What the signal counts (people, days, assets) -> the last time."""
    known: dict[str, int] = field(default_factory=dict)
    """Leads who took part -> the last time."""
    waiting: dict[str, int] = field(default_factory=dict)
    """Leads who took part and may be notified, should the signal be complete, and when they took part."""
    notified: dict[str, int] = field(default_factory=dict)
    """Leads ("" for the account) who were notified, and when: until the signal's cooldown is over."""


@dataclass(slots=True, kw_only=True)
class AccountState:
    """What the people of one account did lately, as far as its signals need it."""

    account: AccountId
    shape: int = SHAPE
    watermark: Mark | None = None
    topics: dict[str, Topic] = field(default_factory=dict)
    """`signal/thing` -> what was done about it."""
    most_topics: int = 0
    """With more topics than these, those that no window reaches are forgotten."""
    people: dict[str, int] = field(default_factory=dict)
    """Known people of the account, and when each was last seen, in the order of these times."""


def unseen(account: AccountId) -> AccountState:
    """An account where nothing has happened yet."""
    return AccountState(account=account)
