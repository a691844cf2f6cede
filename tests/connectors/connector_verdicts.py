"""Every refusal the vendors are known for, provoked over HTTP: its verdict, its words, its neighbours."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from connector_ground import Ground, Plug

from connectors.base.port import FieldWrite, Receipt, Verdict, Write
from mappings.values.instant import HOUR, MINUTE, SECOND, Span
from sandbox.server import Sandbox

BOTH = frozenset({"hubspot", "salesforce"})
LONG = "x" * 70_000
PASSING = {"hubspot": "INTERNAL_ERROR", "salesforce": "UNABLE_TO_LOCK_ROW"}


@dataclass(frozen=True, kw_only=True)
class OfARecord:
    """The third of five writes is refused, or its record is prepared so that it will be; `says` is in its words."""

    verdict: Verdict
    code: Mapping[str, str]
    says: str
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fault: Mapping[str, Any] | None = None
    prepare: Callable[["Verdicts", Sandbox, str], None] | None = None


def _rule(ground: "Verdicts", box: Sandbox, _record: str) -> None:
    handle: Any = box.hubspot if ground.system == "hubspot" else box.salesforce
    kind = "contacts" if ground.system == "hubspot" else ground.person
    handle.rule(object=kind, field=ground.text, pattern="scored 66", message="66 wants an approval by Ops")


def _deleted(ground: "Verdicts", box: Sandbox, record: str) -> None:
    ground.delete(box, record)


REFUSED: Mapping[str, OfARecord] = {
    "a validation rule of an admin": OfARecord(
        verdict=Verdict.PERMANENT,
        code={"hubspot": "VALIDATION_RULE", "salesforce": "FIELD_CUSTOM_VALIDATION_EXCEPTION"},
        says="66 wants an approval by Ops",
        prepare=_rule,
    ),
    "a text that is too long": OfARecord(
        verdict=Verdict.PERMANENT,
        code={"hubspot": "PROPERTY_VALUE_TOO_LONG", "salesforce": "STRING_TOO_LONG"},
        says="",
        fields={"hubspot": {"coldframe_reasons": LONG}, "salesforce": {"Coldframe_Reasons__c": LONG * 2}},
    ),
    "a value that is no number": OfARecord(
        verdict=Verdict.PERMANENT,
        code={"hubspot": "INVALID_NUMBER", "salesforce": "JSON_PARSER_ERROR"},
        says="",
        fields={"hubspot": {"coldframe_score": "many"}, "salesforce": {"Coldframe_Score__c": "many"}},
    ),
    "a value that is none of the options": OfARecord(
        verdict=Verdict.PERMANENT,
        code={"hubspot": "INVALID_OPTION", "salesforce": "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"},
        says="",
        fields={"hubspot": {"coldframe_stage": "nonsense"}, "salesforce": {"Coldframe_Stage__c": "nonsense"}},
    ),
    "a deleted record": OfARecord(
        verdict=Verdict.PERMANENT,
        code={"hubspot": "OBJECT_NOT_FOUND", "salesforce": "ENTITY_IS_DELETED"},
        says="deleted",
        prepare=_deleted,
    ),
    "a field that is not there": OfARecord(
        verdict=Verdict.PERMANENT,
        code={"hubspot": "PROPERTY_DOESNT_EXIST", "salesforce": "INVALID_FIELD"},
        says="nowhere_to_be_found",
        fields={"hubspot": {"nowhere_to_be_found": "1"}, "salesforce": {"nowhere_to_be_found": "1"}},
    ),
    "a record that is locked or in use for now": OfARecord(
        verdict=Verdict.RETRY,
        code=PASSING,
        says="busy with it just now",
        fault={"kind": "record_error", "message": "busy with it just now"},
    ),
}


@dataclass(frozen=True, kw_only=True)
class OfTheCall:
    """The whole call is refused; the writes after it are not sent, and all get the same answer."""

    fault: Mapping[str, Any]
    verdict: Verdict
    code: Mapping[str, str]
    wait: Mapping[str, Span | None]
    outage: bool = False
    says: str = ""
    systems: frozenset[str] = BOTH


NONE: Mapping[str, Span | None] = {"hubspot": None, "salesforce": None}
LIMIT = {"hubspot": "TEN_SECONDLY_ROLLING", "salesforce": "REQUEST_LIMIT_EXCEEDED"}
TURNED_AWAY: Mapping[str, OfTheCall] = {
    "a limit, with Retry-After": OfTheCall(
        fault={"kind": "rate_limited", "retry_after": 7},
        verdict=Verdict.PAUSE,
        code=LIMIT,
        wait={"hubspot": 7 * SECOND, "salesforce": 7 * SECOND},
        says="imit",
    ),
    "a limit, without Retry-After": OfTheCall(
        fault={"kind": "rate_limited"},
        verdict=Verdict.PAUSE,
        code=LIMIT,
        wait={"hubspot": 10 * SECOND, "salesforce": 15 * MINUTE},
    ),
    "the day's limit": OfTheCall(
        fault={"kind": "rate_limited", "policy": "DAILY"},
        verdict=Verdict.PAUSE,
        code={"hubspot": "DAILY", "salesforce": "REQUEST_LIMIT_EXCEEDED"},
        wait={"hubspot": HOUR, "salesforce": 15 * MINUTE},
    ),
    "a search too many in a second": OfTheCall(
        fault={"kind": "rate_limited", "policy": "SECONDLY"},
        verdict=Verdict.PAUSE,
        code={"hubspot": "SECONDLY"},
        wait={"hubspot": SECOND},
        systems=frozenset({"hubspot"}),
    ),
    "a refused token": OfTheCall(
        fault={"kind": "unauthorized"},
        verdict=Verdict.RELOGIN,
        code={"hubspot": "INVALID_AUTHENTICATION", "salesforce": "INVALID_SESSION_ID"},
        wait=NONE,
    ),
    "a missing scope": OfTheCall(
        fault={"kind": "status", "status": 403, "code": "MISSING_SCOPES", "message": "scopes are required"},
        verdict=Verdict.PAUSE,
        code={"hubspot": "MISSING_SCOPES"},
        wait={"hubspot": 15 * MINUTE},
        says="scopes are required",
        systems=frozenset({"hubspot"}),
    ),
    "an account that is locked": OfTheCall(
        fault={"kind": "status", "status": 423, "code": "LOCKED", "message": "the resource is locked"},
        verdict=Verdict.RETRY,
        code={"hubspot": "LOCKED"},
        wait={"hubspot": None},
        outage=True,
        says="the resource is locked",
        systems=frozenset({"hubspot"}),
    ),
    "an account on the move between data centres": OfTheCall(
        fault={"kind": "status", "status": 477, "code": "MIGRATION", "message": "the account is being moved"},
        verdict=Verdict.PAUSE,
        code={"hubspot": "MIGRATION"},
        wait={"hubspot": HOUR},
        says="the account is being moved",
        systems=frozenset({"hubspot"}),
    ),
    "an outage": OfTheCall(
        fault={"kind": "unavailable", "message": "back soon"},
        verdict=Verdict.RETRY,
        code={"hubspot": "SERVICE_UNAVAILABLE", "salesforce": "SERVER_UNAVAILABLE"},
        wait=NONE,
        outage=True,
        says="back soon",
    ),
    "too many long calls at once": OfTheCall(
        fault={
            "kind": "status",
            "status": 403,
            "code": "REQUEST_LIMIT_EXCEEDED",
            "message": "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
        },
        verdict=Verdict.PAUSE,
        code={"salesforce": "REQUEST_LIMIT_EXCEEDED"},
        wait={"salesforce": 10 * SECOND},
        says="Concurrent API Requests",
        systems=frozenset({"salesforce"}),
    ),
    "an org without storage left": OfTheCall(
        fault={"kind": "status", "status": 400, "code": "STORAGE_LIMIT_EXCEEDED", "message": "storage is full"},
        verdict=Verdict.PAUSE,
        code={"salesforce": "STORAGE_LIMIT_EXCEEDED"},
        wait={"salesforce": 15 * MINUTE},
        says="storage is full",
        systems=frozenset({"salesforce"}),
    ),
}


class Verdicts(Ground):
    @pytest.fixture
    def calm(self, box: Sandbox) -> Iterator[Plug]:
        """A connector with the usual timeouts: nothing hangs here, and this machine may be slow."""
        calm = self.connect(box)
        yield calm
        calm.close()

    @property
    def stage(self) -> str:
        return "coldframe_stage" if self.system == "hubspot" else "Coldframe_Stage__c"

    def people(self, box: Sandbox, count: int) -> list[str]:
        return [self.add(box, f"p{number}@acme.example") for number in range(count)]

    def scored(self, box: Sandbox, record: str) -> float | None:
        value = self.held(box, record, self.score) if record else None
        return None if value in {None, ""} else float(value)

    @pytest.mark.parametrize("name", REFUSED)
    def test_what_is_wrong_with_one_record_is_its_own_and_its_neighbours_are_written(
        self, box: Sandbox, calm: Plug, name: str
    ) -> None:
        case, ids = REFUSED[name], self.people(box, 5)
        writes: list[FieldWrite] = [self.field(record, place) for place, record in enumerate(ids)]
        writes[2] = self.field(ids[2], 66)
        if case.fields:
            writes[2] = FieldWrite(key="third", object=self.person, id=ids[2], fields=case.fields[self.system])
        if case.prepare:
            case.prepare(self, box, ids[2])
        if case.fault:
            self.fault(box, path=self.update_call, record=ids[2], code=case.code[self.system], **case.fault)
        receipts = calm.apply(writes)
        done, bad = [receipts[place] for place in (0, 1, 3, 4)], receipts[2]
        assert [receipt.verdict for receipt in done] == [Verdict.DONE] * 4
        assert [self.scored(box, ids[place]) for place in (0, 1, 3, 4)] == [0, 1, 3, 4]
        assert (bad.key, bad.verdict, bad.code, bad.outage) == (
            writes[2].key,
            case.verdict,
            self.code(case, bad),
            False,
        )
        assert bad.message
        assert case.says in bad.message
        assert self.log(box).statuses().keys() <= {200, 207, 400}
        calm.apply(writes[:1])
        assert self.scored(box, ids[0]) == 0

    def code(self, case: OfARecord, receipt: Receipt) -> str:
        """What the code must be; a row of HubSpot's 207 names a category alone, its detail stands in the message."""
        wanted = case.code[self.system]
        if self.system == "hubspot" and receipt.code in {"VALIDATION_ERROR", "OBJECT_NOT_FOUND"}:
            assert wanted in f"{receipt.message} {receipt.code}"
            return receipt.code
        return wanted

    @pytest.mark.parametrize("name", TURNED_AWAY)
    def test_a_call_that_is_turned_away_is_one_call_and_leaves_every_write_as_it_was(
        self, box: Sandbox, calm: Plug, name: str
    ) -> None:
        case = TURNED_AWAY[name]
        if self.system not in case.systems:
            return
        ids = self.people(box, calm.limits.fields + 1)  # two calls
        self.fault(box, path=self.update_call, **case.fault)
        receipts = calm.apply([self.field(record) for record in ids])
        assert {receipt.verdict for receipt in receipts} == {case.verdict}
        assert {receipt.code for receipt in receipts} == {case.code[self.system]}
        assert {receipt.retry_after for receipt in receipts} == {case.wait[self.system]}
        assert {receipt.outage for receipt in receipts} == {case.outage}
        assert all(case.says in receipt.message for receipt in receipts)
        assert len(self.log(box).entries(path=self.update_call)) == 1, "nothing is tried again here"
        again = calm.apply([self.field(record) for record in ids])
        assert {receipt.verdict for receipt in again} == {Verdict.DONE}

    def test_many_refused_in_one_batch_come_in_any_order_and_each_is_told_its_own(
        self, box: Sandbox, calm: Plug
    ) -> None:
        ids = self.people(box, 60)
        bad = set(range(0, 60, 3))
        writes: Sequence[Write] = [
            FieldWrite(key=f"k{place}", object=self.person, id=record, fields={self.stage: f"no-{place}"})
            if place in bad
            else self.field(record, place, key=f"k{place}")
            for place, record in enumerate(ids)
        ]
        calls = len(self.log(box).entries())
        receipts = calm.apply(writes)
        assert [receipt.key for receipt in receipts] == [f"k{place}" for place in range(60)]
        for place, receipt in enumerate(receipts):
            assert (receipt.verdict is Verdict.PERMANENT) == (place in bad), (place, receipt)
            assert (f"no-{place}" in receipt.message) == (place in bad)
        if self.system == "hubspot":
            assert self.log(box).statuses() == {207: 1}
        assert [self.scored(box, ids[place]) for place in (1, 2, 58)] == [1, 2, 58]
        assert calls == 0
