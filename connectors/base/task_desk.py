"""The task desk: the part of the port that tasks need: who can get one, in which words, and where people see it."""

from collections.abc import Sequence
from typing import Protocol

from connectors.base.task_words import TaskWords
from connectors.base.users import CrmUser


class TaskDesk(Protocol):
    """What a CRM says about the people who work in it. `Unavailable` is that of connectors.base.port."""

    @property
    def reports_deleted(self) -> bool:
        """Whether `changes` brings deleted tasks along; where not, they are only missed when asked for by id."""

    def users(self, ids: Sequence[str] = ()) -> Sequence[CrmUser]:
        """Everybody who can own records, those who have left and queues too; of `ids` alone where some are given.

        Ids that the CRM does not show are absent. Raises Unavailable.
        """

    def own_user(self) -> str:
        """The id of the user as whom we sign in; "" where the CRM has none for us. Raises Unavailable."""

    def task_words(self) -> TaskWords:
        """The words of this CRM's tasks. Raises Unavailable."""

    def link(self, object_name: str, record_id: str, *, account: str) -> str:
        """The address at which people open a record in `account`; "" where it is not known. Asks nobody."""
