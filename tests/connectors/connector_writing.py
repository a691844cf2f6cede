"""Writing fields in batches."""

from typing import Any

from connector_ground import DUE, Ground, Plug

from connectors.base.port import FieldWrite, Verdict
from mappings.translate.translation import load_mapping, outward
from sandbox.server import Sandbox


class Writing(Ground):
    def test_fields_are_written_and_each_write_is_answered_in_order(self, box: Sandbox, crm: Plug) -> None:
        ids = [self.add(box, f"p{number}@acme.example") for number in range(40)]
        receipts = crm.apply([self.field(record, place) for place, record in enumerate(ids)])
        assert [(receipt.key, receipt.verdict, receipt.id) for receipt in receipts] == [
            (f"f:{record}:{place}", Verdict.DONE, record) for place, record in enumerate(ids)
        ]
        assert [float(self.held(box, record, self.score)) for record in ids] == list(range(40))

    def test_a_full_batch_is_one_call(self, box: Sandbox, crm: Plug) -> None:
        ids = [self.add(box, f"p{number}@acme.example") for number in range(crm.limits.fields)]
        crm.apply([self.field(record) for record in ids])
        assert len(self.log(box).entries(path=self.update_call)) == 1

    def test_a_whole_standing_goes_out_as_the_mapping_speaks_it(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        mapping, _ = load_mapping(self.system)
        assert mapping is not None
        standing = {
            "fit": 40, "engagement": 15, "total": 55, "band": "warm", "segment": "B", "stage": "mql", "track": None,
            "recycle_reason": None, "reasons": "pricing +15\ndirector +15", "scored_at": DUE,
        }  # fmt: skip
        fields = outward(mapping, self.person, standing)
        receipts = crm.apply([FieldWrite(key="k", object=self.person, id=ana, fields=fields)])
        assert receipts[0].verdict is Verdict.DONE, receipts
        assert float(self.held(box, ana, self.score)) == 55
        read = crm.read(self.person, [ana], list(fields))[0].fields
        assert str(read[self.text]).startswith("pricing +15")

    def test_one_record_twice_in_a_batch_is_sent_once_with_the_later_value(self, box: Sandbox, crm: Plug) -> None:
        ana, bo = self.add(box, "ana@acme.example"), self.add(box, "bo@acme.example")
        receipts = crm.apply([self.field(ana, 1), self.field(bo, 2), self.field(ana, 3)])
        assert [(receipt.key, receipt.verdict) for receipt in receipts] == [
            (f"f:{ana}:1", Verdict.DONE),
            (f"f:{bo}:2", Verdict.DONE),
            (f"f:{ana}:3", Verdict.DONE),
        ]
        assert float(self.held(box, ana, self.score)) == 3

    def test_one_refused_record_does_not_fail_its_batch(self, box: Sandbox, crm: Plug) -> None:
        ids = [self.add(box, f"p{number}@acme.example") for number in range(9)]
        writes = [self.field(record) for record in ids]
        bad = {self.score: "not a number"}
        writes[4] = FieldWrite(key="bad", object=self.person, id=ids[4], fields=bad)
        receipts = crm.apply(writes)
        assert [receipt.verdict for receipt in receipts] == [Verdict.DONE] * 4 + [Verdict.PERMANENT] + [
            Verdict.DONE
        ] * 4
        assert "number" in receipts[4].message or "double" in receipts[4].message, "the CRM's own words are kept"
        assert receipts[4].code
        assert float(self.held(box, ids[8], self.score)) == 55

    def test_a_validation_rule_of_the_admins_is_permanent_with_its_words(self, box: Sandbox, crm: Plug) -> None:
        ids = [self.add(box, f"p{number}@acme.example") for number in range(3)]
        handle: Any = box.hubspot if self.system == "hubspot" else box.salesforce
        kind = "contacts" if self.system == "hubspot" else self.person
        handle.rule(object=kind, field=self.text, pattern="scored 66", message="66 is not for this team")
        receipts = crm.apply([self.field(ids[0], 1), self.field(ids[1], 66), self.field(ids[2], 3)])
        assert [receipt.verdict for receipt in receipts] == [Verdict.DONE, Verdict.PERMANENT, Verdict.DONE]
        assert "66 is not for this team" in receipts[1].message

    def test_a_deleted_record_is_permanent_and_its_neighbours_are_written(self, box: Sandbox, crm: Plug) -> None:
        ana, gone = self.add(box, "ana@acme.example"), self.add(box, "gone@acme.example")
        self.delete(box, gone)
        receipts = crm.apply([self.field(gone), self.field(ana)])
        assert [receipt.verdict for receipt in receipts] == [Verdict.PERMANENT, Verdict.DONE]
        assert receipts[0].code

    def test_an_id_that_is_none_never_reaches_the_crm(self, box: Sandbox, crm: Plug) -> None:
        for wicked in ("", "../../x", "1 OR 1=1", "003'--"):
            receipts = crm.apply([self.field(wicked, key="k")])
            assert (receipts[0].verdict, receipts[0].code) == (Verdict.PERMANENT, "INVALID_ID")
        assert self.log(box).entries() == []

    def test_nothing_to_write_is_no_call(self, box: Sandbox, crm: Plug) -> None:
        assert list(crm.apply([])) == []
        assert self.log(box).entries() == []
