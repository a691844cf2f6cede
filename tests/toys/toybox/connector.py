"""The toy CRM behind the port."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.base.credentials import Credential
from connectors.base.limits import Usage
from connectors.base.port import (
    FieldInfo,
    FieldWrite,
    Finding,
    Limits,
    Page,
    Receipt,
    Record,
    TaskWrite,
    Unavailable,
    Verdict,
    Write,
)
from connectors.base.spending import Allowance
from connectors.base.task_words import TaskWords
from connectors.base.users import CrmUser
from mappings.model.task_text import plain
from mappings.values.instant import Instant
from toybox.house import FIELDS, HOUSES, House

BATCH = 10


class ToyConnector:
    """Reads and writes a house, with a token that the house knows."""

    def __init__(self, credential: Credential, *, allowance: Allowance | None = None) -> None:
        self._credential = credential
        self._allowance = allowance

    @property
    def system(self) -> str:
        return "toybox"

    @property
    def limits(self) -> Limits:
        return Limits(fields=BATCH, tasks=BATCH, read=BATCH, find=BATCH)

    @property
    def usage(self) -> Usage:
        return Usage()

    def read(self, object_name: str, ids: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        held = self._house().records[object_name]
        return [_record(object_name, one, held[one], fields) for one in ids if one in held]

    def find(self, emails: Sequence[str], fields: Mapping[str, Sequence[str]]) -> Sequence[Record]:
        held = self._house().records["member"].items()
        return [_record("member", key, one, fields["member"]) for key, one in held if one.get("mail") in emails]

    def changes(
        self, object_name: str, fields: Sequence[str], *, since: Instant, after: str = "", having: str = ""
    ) -> Page:
        del since, after
        held = self._house().records[object_name].items()
        found = [_record(object_name, key, one, fields) for key, one in held if not having or one.get(having)]
        return Page(records=tuple(found))

    def everything(self, object_name: str, fields: Sequence[str], *, after: str = "") -> Page:
        return self.changes(object_name, fields, since=0, after=after)

    def count(self, object_name: str) -> int:
        return len(self._house().records[object_name])

    def apply(self, writes: Sequence[Write]) -> Sequence[Receipt]:
        try:
            house = self._house()
        except Unavailable as away:
            return [Receipt(key=each.key, verdict=away.receipt.verdict, code=away.receipt.code) for each in writes]
        return [_applied(house, each) for each in writes]

    def objects(self) -> Sequence[str]:
        return tuple(FIELDS)

    def describe(self, object_name: str) -> Sequence[FieldInfo]:
        self._house()
        return [
            FieldInfo(name=name, label=name, type="number" if name.endswith(_NUMBERS) else "words")
            for name in FIELDS[object_name]
        ]

    def examine(self, needed: Mapping[str, Sequence[str]]) -> Sequence[Finding]:
        del needed
        return [Finding(subject="Toybox", ok=True, detail="answers")]

    @property
    def reports_deleted(self) -> bool:
        return True

    def users(self, ids: Sequence[str] = ()) -> Sequence[CrmUser]:
        del ids
        return [CrmUser(id="U-1", name="Sam Sales", email="sam@toybox.example")]

    def own_user(self) -> str:
        return ""

    def task_words(self) -> TaskWords:
        return TaskWords(opened={"state": "open"}, closed={"state": "done"})

    def link(self, object_name: str, record_id: str, *, account: str) -> str:
        return f"https://toybox.example/{account}/{object_name}/{record_id}" if account else ""

    def close(self) -> None:
        return

    def _house(self) -> House:
        """The house, once the token is good. Raises Unavailable."""
        house = HOUSES[self._credential.api_url]
        token: str | None = self._credential.source.current()
        if token != house.token:
            token = self._credential.source.renewed(token or "")
        if token != house.token:
            raise Unavailable(Receipt(key="", verdict=Verdict.RELOGIN, code="NO_SUCH_TOKEN"))
        return house


_NUMBERS = ("_fit", "_engagement", "_score")


def _record(kind: str, key: str, held: Mapping[str, Any], fields: Sequence[str]) -> Record:
    return Record(object=kind, id=key, fields={name: held.get(name) for name in fields})


def _applied(house: House, write: Write) -> Receipt:
    if isinstance(write, TaskWrite):
        held = house.records["chore"].items()
        there = next((key for key, one in held if one.get("coldframe_key") == write.key), "")
        values = {"member": write.id, "title": write.subject, "text": plain(write.body), "coldframe_key": write.key}
        found = there or house.put("chore", values | {"owner": write.owner} | dict(write.words.opened))
        return Receipt(key=write.key, verdict=Verdict.DONE, id=found)
    if isinstance(write, FieldWrite) and write.id in house.records[write.object]:
        house.put(write.object, dict(write.fields), write.id)
        return Receipt(key=write.key, verdict=Verdict.DONE, id=write.id)
    return Receipt(key=write.key, verdict=Verdict.PERMANENT, code="NOT_FOUND")
