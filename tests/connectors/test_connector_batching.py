"""The arithmetic of batches: chunks, isolation of bad records, one write per record."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.answers.replies import Refusal
from connectors.base.concerns import Concern
from connectors.base.limits import chunks
from connectors.base.port import FieldWrite, Receipt, TaskWrite, Verdict
from connectors.hubspot import batches as hubspot
from connectors.salesforce import batches as salesforce
from connectors.salesforce import queries
from connectors.shared.batching import CALLS, isolated, merged
from mappings.model.task_text import of_plain

BAD_RECORD = Refusal(verdict=Verdict.PERMANENT, code="BAD", concern=Concern.RECORD)


def write(number: int, **fields: object) -> FieldWrite:
    return FieldWrite(key=f"k{number}", object="contact", id=str(number), fields=fields or {"a": number})


def task(number: int) -> TaskWrite:
    return TaskWrite(key=f"k{number}", object="contact", id=str(number), subject="s", body=of_plain("b"), due_at=0)


class Crm:
    """Refuses any batch that holds one of the bad ids, as HubSpot does with a value that will not do."""

    def __init__(self, bad: set[str]) -> None:
        self.bad = bad
        self.calls = 0
        self.written: list[str] = []

    def send(self, writes: Sequence[FieldWrite]) -> list[Receipt] | Refusal:
        self.calls += 1
        if any(one.id in self.bad for one in writes):
            return BAD_RECORD
        self.written += [one.id for one in writes]
        return [Receipt(key=one.key, verdict=Verdict.DONE, id=one.id) for one in writes]


@given(st.integers(0, 60), st.sets(st.integers(0, 59), max_size=3), st.integers(1, 25))
@example(56, {0, 2, 54}, 2)
def test_the_bad_are_refused_the_good_are_written_once_and_the_order_is_kept(
    count: int, bad: set[int], size: int
) -> None:
    crm = Crm({str(number) for number in bad})
    receipts = isolated([write(number) for number in range(count)], crm.send, size=size)
    assert [receipt.key for receipt in receipts] == [f"k{number}" for number in range(count)]
    assert [receipt.verdict is Verdict.DONE for receipt in receipts] == [number not in bad for number in range(count)]
    assert sorted(crm.written, key=int) == [str(number) for number in range(count) if number not in bad]


def test_one_bad_record_among_two_hundred_costs_sixteen_more_calls_at_most() -> None:
    crm = Crm({"77"})
    isolated([write(number) for number in range(200)], crm.send, size=200)
    assert crm.calls <= 17


def test_a_batch_of_nothing_but_bad_records_is_not_sent_one_by_one_for_ever() -> None:
    crm = Crm({str(number) for number in range(200)})
    receipts = isolated([write(number) for number in range(200)], crm.send, size=200)
    assert crm.calls <= CALLS + 10
    assert {receipt.verdict for receipt in receipts} == {Verdict.PERMANENT, Verdict.RETRY}


@pytest.mark.parametrize("verdict", [Verdict.PAUSE, Verdict.RELOGIN, Verdict.RETRY])
def test_when_the_crm_is_away_nothing_further_is_sent(verdict: Verdict) -> None:
    calls = []

    def send(writes: Sequence[FieldWrite]) -> Refusal:
        calls.append(writes)
        return Refusal(verdict=verdict, outage=verdict is Verdict.RETRY)

    receipts = isolated([write(number) for number in range(30)], send, size=10)
    assert len(calls) == 1
    assert [receipt.verdict for receipt in receipts] == [verdict] * 30


def test_what_was_never_sent_is_not_unclear() -> None:
    def send(_: Sequence[TaskWrite]) -> Refusal:
        return Refusal(verdict=Verdict.UNCLEAR, outage=True)

    receipts = isolated([task(number) for number in range(4)], send, size=2)
    assert [receipt.verdict for receipt in receipts] == [Verdict.UNCLEAR] * 2 + [Verdict.RETRY] * 2


def test_writes_to_one_record_become_one_and_later_fields_win() -> None:
    singles, into = merged([write(1, a=1, b=1), write(2), write(1, b=2, c=3)])
    assert [(one.id, one.fields) for one in singles] == [("1", {"a": 1, "b": 2, "c": 3}), ("2", {"a": 2})]
    assert into == [0, 1, 0]


def test_chunks_keep_order_and_size() -> None:
    assert [list(some) for some in chunks([1, 2, 3, 4, 5], 2)] == [[1, 2], [3, 4], [5]]
    assert list(chunks([], 2)) == []
    with pytest.raises(ValueError, match="at least one"):
        list(chunks([1], 0))


def test_hubspot_results_are_matched_by_id_in_any_order() -> None:
    writes = [write(number) for number in (1, 2, 3)]
    body = {
        "results": [{"id": "3"}, {"id": "1"}],
        "errors": [{"category": "OBJECT_NOT_FOUND", "message": "gone", "context": {"ids": ["2"]}}],
    }
    receipts = hubspot.updated(writes, body)
    assert [(receipt.key, receipt.verdict) for receipt in receipts] == [
        ("k1", Verdict.DONE),
        ("k2", Verdict.PERMANENT),
        ("k3", Verdict.DONE),
    ]


def test_hubspot_tasks_are_matched_by_our_key_in_any_order() -> None:
    writes = [task(number) for number in (1, 2)]
    results = [{"id": "92", "properties": {"coldframe_key": "k2"}}, {"id": "91", "properties": {"coldframe_key": "k1"}}]
    assert [(receipt.key, receipt.id) for receipt in hubspot.created(writes, {"results": results})] == [
        ("k1", "91"),
        ("k2", "92"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"results": None},
        {"results": "x"},
        {"results": [7, {}]},
        {"errors": [7, {"context": 3}, {"context": {"id": 4}}]},
    ],
)
def test_a_record_that_a_reply_leaves_out_is_not_done(body: dict[str, object]) -> None:
    assert [receipt.verdict for receipt in hubspot.updated([write(1)], body)] == [Verdict.RETRY]
    assert [receipt.verdict for receipt in hubspot.created([task(1)], body)] == [Verdict.UNCLEAR]


@pytest.mark.parametrize("body", [None, {}, [], [{"success": True}] * 3, "x"])
def test_a_salesforce_reply_without_a_row_for_each_is_no_answer(body: object) -> None:
    refusal = salesforce.written([task(1), task(2)], body, unanswered=Verdict.UNCLEAR)
    assert isinstance(refusal, Refusal)
    assert refusal.verdict is Verdict.UNCLEAR


@pytest.mark.parametrize("row", [None, 7, {}, {"success": "yes"}, {"success": False, "errors": [3]}])
def test_a_salesforce_row_that_says_nothing_is_not_done(row: object) -> None:
    receipts = salesforce.written([write(1)], [row], unanswered=Verdict.RETRY)
    assert not isinstance(receipts, Refusal)
    assert (receipts[0].verdict, receipts[0].code) == (Verdict.RETRY, "NO_ANSWER")


@given(st.text())
def test_a_soql_text_never_ends_before_its_quote(text: str) -> None:
    literal = queries.quoted(text)
    inside = literal[1:-1].replace("\\\\", "").replace("\\'", "")
    assert literal.startswith("'")
    assert literal.endswith("'")
    assert "'" not in inside
    assert not inside.endswith("\\")
