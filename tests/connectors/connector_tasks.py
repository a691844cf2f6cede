"""One task for one key, whatever is retried."""

import html
from fnmatch import fnmatch

import pytest
from connector_ground import DUE, Ground, Plug
from crm_texts import words_of

from connectors.base.port import Receipt, TaskWrite, Verdict, Write
from connectors.base.task_words import UNTOLD
from mappings.model.task_text import of_plain
from mappings.values.instant import DAY
from sandbox.desk import sales_desk
from sandbox.server import Sandbox


class Tasks(Ground):
    def test_a_task_stands_in_the_crm_with_its_person_and_the_packet(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        receipt = crm.apply([self.task(ana, priority="high")])[0]
        assert receipt.verdict is Verdict.DONE
        (task,) = sales_desk.tasks(box)
        assert (task.id, task.key, task.subject, task.lead_id) == (receipt.id, "t:1", "Call Ana", ana)
        assert task.open
        assert task.priority == "HIGH"
        assert task.due.startswith("2026-03-02")
        assert task.type.casefold() == "call"
        assert "<b>" not in html.unescape(task.body).replace("<b>pricing</b> & ROI", "")
        assert "Fit 40" in task.body

    def test_the_same_task_is_never_made_twice(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        first = crm.apply([self.task(ana)])[0]
        again = crm.apply([self.task(ana)])[0]
        looked = crm.apply([self.task(ana, attempted=True)])[0]
        assert [(receipt.verdict, receipt.id) for receipt in (first, again, looked)] == [(Verdict.DONE, first.id)] * 3
        assert len(sales_desk.tasks(box)) == 1

    def test_twice_in_one_batch_is_one_task(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        receipts = crm.apply([self.task(ana), self.task(ana), self.task(ana, "t:2")])
        assert [receipt.verdict for receipt in receipts] == [Verdict.DONE] * 3
        assert len(sales_desk.tasks(box)) == 2

    def test_a_task_made_before_the_connection_dropped_is_one_task_after_the_retry(
        self, box: Sandbox, crm: Plug
    ) -> None:
        people = [self.add(box, f"p{number}@acme.example") for number in range(3)]
        self.fault(box, "apply_then_drop", self.task_call)
        writes = [self.task(person, f"t:{place}") for place, person in enumerate(people)]
        first = crm.apply(writes)
        assert [(receipt.verdict, receipt.outage) for receipt in first] == [(Verdict.UNCLEAR, True)] * 3
        assert len(sales_desk.tasks(box)) == 3, "the CRM had made them"
        late = self.add(box, "late@acme.example")
        again = [self.task(person, f"t:{place}", attempted=True) for place, person in enumerate(people)]
        receipts = crm.apply([*again, self.task(late, "t:new")])
        assert [receipt.verdict for receipt in receipts] == [Verdict.DONE] * 4
        found = {task.key: task.id for task in sales_desk.tasks(box)}
        assert len(sales_desk.tasks(box)) == 4
        assert [receipt.id for receipt in receipts] == [found["t:0"], found["t:1"], found["t:2"], found["t:new"]]

    def test_a_task_that_was_never_made_is_made_by_the_retry(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        self.fault(box, "drop", self.task_call)
        assert crm.apply([self.task(ana)])[0].verdict is Verdict.UNCLEAR
        assert crm.apply([self.task(ana, attempted=True)])[0].verdict is Verdict.DONE
        assert len(sales_desk.tasks(box)) == 1

    def test_a_retry_does_not_open_a_task_that_sales_has_closed(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        self.fault(box, "apply_then_drop", self.task_call)
        crm.apply([self.task(ana)])
        (task,) = sales_desk.tasks(box)
        sales_desk.close(box, self.system, task.id, outcome="connected")
        assert crm.apply([self.task(ana, attempted=True)])[0].verdict is Verdict.DONE
        (task,) = sales_desk.tasks(box)
        assert not task.open
        creations = [entry for entry in self.log(box).entries() if fnmatch(entry.path, self.task_call)]
        assert len(creations) == 1, "the second try only looked"

    def test_without_having_looked_no_second_try_is_made(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        self.fault(box, "apply_then_drop", self.task_call)
        crm.apply([self.task(ana)])
        self.fault(box, "unavailable", "*")
        receipt = crm.apply([self.task(ana, attempted=True)])[0]
        assert (receipt.verdict, receipt.outage) == (Verdict.RETRY, True)
        assert len(sales_desk.tasks(box)) == 1

    def test_a_task_for_a_record_that_is_gone_is_permanent_and_its_neighbours_are_made(
        self, box: Sandbox, crm: Plug
    ) -> None:
        people = [self.add(box, f"p{number}@acme.example") for number in range(6)]
        self.delete(box, people[2])
        receipts = crm.apply([self.task(person, f"t:{place}") for place, person in enumerate(people)])
        verdicts = [receipt.verdict for receipt in receipts]
        assert verdicts == [Verdict.DONE] * 2 + [Verdict.PERMANENT] + [Verdict.DONE] * 3
        assert {task.key for task in sales_desk.tasks(box)} == {"t:0", "t:1", "t:3", "t:4", "t:5"}

    def test_too_long_a_subject_and_body_are_cut_to_what_the_crm_takes(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        long = of_plain('line with "quotes" & <tags>\n' * 3_000)
        receipt = crm.apply([self.task(ana, subject="s" * 1_000, body=long)])[0]
        assert receipt.verdict is Verdict.DONE, receipt
        (task,) = sales_desk.tasks(box)
        assert len(task.subject) == 255
        assert "Shortened:" in task.body.splitlines()[-1]

    def test_a_task_about_something_else_than_a_person_or_deal_is_refused_here(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        write = TaskWrite(key="k", object="ticket", id=ana, subject="s", body=of_plain("b"), due_at=DUE)
        assert crm.apply([write])[0].code == "INVALID_OBJECT"
        assert self.log(box).entries() == []

    def test_fields_and_tasks_in_one_batch_are_each_answered_in_order(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        writes: list[Write] = [
            self.task(ana, "a"),
            self.field(ana, key="b"),
            self.task(ana, "c"),
            self.field("", key="d"),
        ]
        receipts: list[Receipt] = list(crm.apply(writes))
        assert [receipt.key for receipt in receipts] == ["a", "b", "c", "d"]
        assert [receipt.verdict for receipt in receipts] == [Verdict.DONE] * 3 + [Verdict.PERMANENT]

    @pytest.mark.parametrize("who", ["nobody", "left"])
    def test_a_task_that_its_owner_cannot_get_is_not_made_for_anybody_else(
        self, box: Sandbox, crm: Plug, who: str
    ) -> None:
        ana, bo = self.add(box, "ana@acme.example"), self.add(box, "bo@acme.example")
        nobody = "999999" if self.system == "hubspot" else "0057Q000000ZZZZQA4"
        gone = self.leave(box) if who == "left" else nobody
        receipts = crm.apply([self.task(ana, "t:1", owner=gone), self.task(bo, "t:2")])
        assert [receipt.verdict for receipt in receipts] == [Verdict.PERMANENT, Verdict.DONE], receipts
        assert [receipt.of_owner for receipt in receipts] == [True, False]
        assert [task.key for task in sales_desk.tasks(box)] == ["t:2"]

    def test_a_task_has_the_words_of_the_crm_and_its_default_where_none_are_given(
        self, box: Sandbox, crm: Plug
    ) -> None:
        said = crm.task_words()
        assert said == self.words
        ana = self.add(box, "ana@acme.example")
        crm.apply([self.task(ana, "t:1", priority="high", words=said), self.task(ana, "t:2", words=UNTOLD)])
        assert [(task.key, task.open, task.priority == "HIGH") for task in sales_desk.tasks(box)] == [
            ("t:1", True, True),
            ("t:2", True, False),
        ]

    def test_a_taken_key_that_nobody_could_look_up_waits_for_the_next_round(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        crm.apply([self.task(ana)])
        self.fault(box, "unavailable", self.look_call, times=0)
        receipt = crm.apply([self.task(ana)])[0]
        assert receipt.verdict is Verdict.RETRY
        box.faults.clear()
        assert crm.apply([self.task(ana)])[0].verdict is Verdict.DONE
        assert len(sales_desk.tasks(box)) == 1

    def test_an_open_task_is_rewritten_and_stays_whose_it_is(self, box: Sandbox, crm: Plug) -> None:
        made = crm.apply([self.task(self.add(box, "ana@acme.example"))])[0]
        (before,) = sales_desk.tasks(box)
        for _ in range(2):
            (receipt,) = crm.apply([self.rewrite(made.id, due_at=DUE - 3 * DAY, priority="high")])
            assert (receipt.verdict, receipt.id) == (Verdict.DONE, made.id)
        (after,) = sales_desk.tasks(box)
        assert (after.subject, after.priority, after.due[:10]) == ("Asked again", "HIGH", "2026-02-27")
        assert (after.open, after.owner, after.key) == (True, before.owner, before.key)
        assert words_of(after.body).startswith("Offer a <peer>")

    def test_a_rewritten_task_is_due_no_later_and_keeps_what_a_person_wrote(self, box: Sandbox, crm: Plug) -> None:
        made = crm.apply([self.task(self.add(box, "ana@acme.example"), priority="high")])[0]
        (before,) = sales_desk.tasks(box)
        for _ in range(2):
            crm.apply([self.rewrite(made.id, before="not what the task says", due_at=DUE + 3 * DAY)])
        (after,) = sales_desk.tasks(box)
        assert (after.priority, after.due) == (before.priority, before.due)
        assert after.body.endswith(before.body)
        assert words_of(after.body).startswith("Asked again")
        assert html.unescape(after.body).count("Asked again") == 1, "also where it is sent twice"

    def test_a_task_that_is_gone_is_refused_for_good_and_the_others_are_rewritten(
        self, box: Sandbox, crm: Plug
    ) -> None:
        made = crm.apply([self.task(self.add(box, "ana@acme.example"))])[0]
        gone = made.id[:-1] + ("1" if made.id[-1] != "1" else "2")
        receipts = crm.apply([self.rewrite(gone), self.rewrite(made.id)])
        assert [receipt.verdict for receipt in receipts] == [Verdict.PERMANENT, Verdict.DONE]
        assert [task.subject for task in sales_desk.tasks(box)] == ["Asked again"]
