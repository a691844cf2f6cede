"""Events: what can happen to a lead, in the order in which the engine applies them: time, then kind, then id."""

from dataclasses import dataclass
from typing import TypeAlias

from mappings.model.canonical import Activity, Fields
from mappings.values.identifiers import AccountId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadChanged:
    """Fields of the lead took these values at this time; fields not named keep theirs.

    `initial`: it tells what a record was when it was first read, and not that something changed. `answer`: sales gave
    it with what it said of a task.
    """

    id: str
    at: Instant
    fields: Fields
    initial: bool = False
    answer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged:
    """Fields of the lead's account took these values at this time; `account` is the account's id.

    `initial` as in LeadChanged; also of what an account is when a lead joins it.
    """

    id: str
    at: Instant
    account: AccountId
    fields: Fields
    initial: bool = False


Event: TypeAlias = AccountChanged | LeadChanged | Activity
