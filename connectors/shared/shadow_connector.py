"""The shadow connector: it reads, and writes only where it may. The port has one way to write, guarded here.

Whether it may is asked at every write, so that a process that runs follows when somebody goes live.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.base.port import Connector, FieldInfo, Finding, Limits, Page, Receipt, Record, Verdict, Write
from connectors.base.task_words import TaskWords
from connectors.base.users import CrmUser
from mappings.values.identifiers import System
from mappings.values.instant import MINUTE, Instant

CODE = "SHADOW"


class Shadowed:
    """A CRM that may be in shadow mode: every read goes through; in shadow, every write is answered with a pause."""

    def __init__(self, inner: Connector, may_write: Callable[[], bool] = lambda: False) -> None:
        self._inner = inner
        self._may_write = may_write

    @property
    def system(self) -> System:
        """As the connector's own."""
        return self._inner.system

    @property
    def limits(self) -> Limits:
        """As the connector's own."""
        return self._inner.limits

    def read(self, object_name: str, ids: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        """As the connector's own."""
        return self._inner.read(object_name, ids, fields)

    def find(self, emails: Sequence[str], fields: Mapping[str, Sequence[str]]) -> Sequence[Record]:
        """As the connector's own."""
        return self._inner.find(emails, fields)

    def changes(
        self, object_name: str, fields: Sequence[str], *, since: Instant, after: str = "", having: str = ""
    ) -> Page:
        """As the connector's own."""
        return self._inner.changes(object_name, fields, since=since, after=after, having=having)

    def everything(self, object_name: str, fields: Sequence[str], *, after: str = "") -> Page:
        """As the connector's own."""
        return self._inner.everything(object_name, fields, after=after)

    def count(self, object_name: str) -> int:
        """As the connector's own."""
        return self._inner.count(object_name)

    def apply(self, writes: Sequence[Write]) -> Sequence[Receipt]:
        """As the connector's own where it may write; otherwise nothing is sent, and every write is to wait."""
        if self._may_write():
            return self._inner.apply(writes)
        said = "the service is in shadow mode: nothing is written"
        return [
            Receipt(key=write.key, verdict=Verdict.PAUSE, code=CODE, message=said, retry_after=MINUTE)
            for write in writes
        ]

    def objects(self) -> Sequence[str]:
        """As the connector's own."""
        return self._inner.objects()

    def describe(self, object_name: str) -> Sequence[FieldInfo]:
        """As the connector's own."""
        return self._inner.describe(object_name)

    @property
    def reports_deleted(self) -> bool:
        """As the connector's own."""
        return self._inner.reports_deleted

    def link(self, object_name: str, record_id: str, *, account: str) -> str:
        """As the connector's own."""
        return self._inner.link(object_name, record_id, account=account)

    def users(self, ids: Sequence[str] = ()) -> Sequence[CrmUser]:
        """As the connector's own."""
        return self._inner.users(ids)

    def own_user(self) -> str:
        """As the connector's own."""
        return self._inner.own_user()

    def task_words(self) -> TaskWords:
        """As the connector's own."""
        return self._inner.task_words()

    def close(self) -> None:
        """As the connector's own."""
        self._inner.close()

    def examine(self, needed: Mapping[str, Sequence[str]]) -> Sequence[Finding]:
        """As the connector's own."""
        return self._inner.examine(needed)

    def __getattr__(self, name: str) -> Any:
        """What a connector can do beyond the port: it reads (limits, owners)."""
        return getattr(self._inner, name)
