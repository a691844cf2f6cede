"""The state of an account: what its people did lately, of bounded size for any length of history."""

from dataclasses import dataclass, field

from integration.core.model.state import Mark
from mappings.values.identifiers import AccountId


@dataclass(slots=True, kw_only=True)
class AccountState:
    """What the people of one account did lately, as far as its signals need it.

    `views`: signal and value -> the last distinct (participant, when), bounded by the signal's window.
    `told`: who was told of what, and when.
    """

    account: AccountId
    watermark: Mark | None = None
    views: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    """Known people of the account, and when each was last seen."""


def unseen(account: AccountId) -> AccountState:
    """An account where nothing has happened yet."""
    return AccountState(account=account)
