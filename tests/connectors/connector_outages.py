"""What a call without a usable answer means."""

import pytest
from connector_ground import Ground, Plug

from connectors.base.port import Verdict
from mappings.values.instant import MINUTE, SECOND
from sandbox.server import Sandbox


class Outages(Ground):
    @pytest.mark.parametrize("kind", ["drop", "apply_then_drop", "unavailable"])
    def test_a_field_write_without_an_answer_is_tried_again(self, box: Sandbox, crm: Plug, kind: str) -> None:
        ana = self.add(box, "ana@acme.example")
        self.fault(box, kind, self.update_call)
        first = crm.apply([self.field(ana)])[0]
        assert (first.verdict, first.outage) == (Verdict.RETRY, True)
        assert crm.apply([self.field(ana)])[0].verdict is Verdict.DONE

    def test_a_crm_that_hangs_is_given_up(self, box: Sandbox, hasty: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        self.fault(box, "hang", self.update_call, seconds=3.0)
        field = hasty.apply([self.field(ana)])[0]
        assert (field.verdict, field.code, field.outage) == (Verdict.RETRY, "NO_REPLY", True)
        self.fault(box, "hang", self.task_call, seconds=3.0)
        task = hasty.apply([self.task(ana)])[0]
        assert (task.verdict, task.outage) == (Verdict.UNCLEAR, True)

    def test_every_call_of_the_shipped_connector_has_a_timeout_below_thirty_seconds(self, box: Sandbox) -> None:
        crm = self.connect(box)
        timeout = crm._session._timeout  # type: ignore[attr-defined]  # noqa: SLF001 -- the default is the subject
        crm.close()
        assert 0 < sum(timeout) < 30

    def test_a_limit_with_retry_after_pauses_for_that_long(self, box: Sandbox, crm: Plug) -> None:
        ids = [self.add(box, f"p{number}@acme.example") for number in range(crm.limits.fields + 1)]
        self.fault(box, "rate_limited", self.update_call, retry_after=17)
        receipts = crm.apply([self.field(record) for record in ids])
        assert {receipt.verdict for receipt in receipts} == {Verdict.PAUSE}
        assert {receipt.retry_after for receipt in receipts} == {17 * SECOND}
        assert {receipt.outage for receipt in receipts} == {False}
        assert len(self.log(box).entries(path=self.update_call)) == 1, "nothing more is sent into a limit"

    def test_a_limit_without_retry_after_pauses_for_a_default(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        self.fault(box, "rate_limited", self.update_call)
        receipt = crm.apply([self.field(ana)])[0]
        assert receipt.verdict is Verdict.PAUSE
        assert receipt.retry_after is not None
        assert SECOND <= receipt.retry_after <= 60 * MINUTE
        assert receipt.code in {"TEN_SECONDLY_ROLLING", "REQUEST_LIMIT_EXCEEDED"}

    def test_a_refused_token_asks_for_a_new_login_and_repeats_nothing(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        self.fault(box, "unauthorized", "*", times=0)
        receipts = crm.apply([self.field(ana), self.task(ana)])
        assert [receipt.verdict for receipt in receipts] == [Verdict.RELOGIN, Verdict.RELOGIN]
        assert len(self.log(box).entries()) == 2, "one call each: the client library does not try again by itself"

    def test_a_crm_that_is_not_there_is_an_outage_and_nothing_was_sent(self, box: Sandbox) -> None:
        ana = self.add(box, "ana@acme.example")
        with Sandbox() as other:
            crm = self.connect(other, haste=True)
        receipts = crm.apply([self.field(ana), self.task(ana)])
        crm.close()
        assert [(receipt.verdict, receipt.outage) for receipt in receipts] == [(Verdict.RETRY, True)] * 2

    def test_the_limits_that_the_crm_tells_are_kept(self, box: Sandbox, crm: Plug) -> None:
        crm.apply([self.field(self.add(box, "ana@acme.example"))])
        assert crm.usage.daily_limit
        assert crm.usage.daily_remaining is not None
        assert crm.usage.daily_remaining <= crm.usage.daily_limit
