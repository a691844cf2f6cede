"""Reading records by id and by e-mail."""

import pytest
from connector_ground import TOKEN, Ground, Plug

from connectors.base.port import Unavailable, Verdict
from mappings.translate.translation import inward, load_mapping
from sandbox.server import Sandbox


class Reading(Ground):
    def test_people_are_found_by_email_whatever_its_case(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "Ana.Silva@acme.example")
        self.add(box, "other@acme.example")
        mapping, _ = load_mapping(self.system)
        assert mapping is not None
        found = crm.find(
            [" ANA.silva@ACME.example", "nobody@acme.example", ""], {self.person: mapping.reads(self.person)}
        )
        assert [(record.object, record.id) for record in found] == [(self.person, ana)]
        assert inward(mapping, self.person, found[0].fields).lead["email"] == "ana.silva@acme.example"
        assert found[0].created_at is not None
        assert found[0].modified_at is not None

    def test_an_email_with_quotes_is_only_an_email(self, box: Sandbox, crm: Plug) -> None:
        self.add(box, "ana@acme.example")
        wicked = ["x') OR Email != ('", "o'brien@acme.example", "back\\slash'@acme.example"]
        assert list(crm.find(wicked, {self.person: ["Email", "email"]})) == []

    def test_records_are_read_by_id_and_unknown_ones_are_absent(self, box: Sandbox, crm: Plug) -> None:
        ids = [self.add(box, f"p{number}@acme.example") for number in range(5)]
        gone = ids.pop()
        self.delete(box, gone)
        found = crm.read(self.person, [*ids, gone, ids[0], "../x"], ["email", "Email"])
        assert sorted(record.id for record in found) == sorted(ids)
        assert all(record.fields.get("email") or record.fields.get("Email") for record in found)

    def test_more_than_a_batch_is_read_in_several_calls(self, box: Sandbox, crm: Plug) -> None:
        ids = [self.add(box, f"p{number}@acme.example") for number in range(crm.limits.read + 1)]
        assert len(crm.read(self.person, ids, ["email", "Email"])) == len(ids)

    def test_a_read_without_an_answer_raises_unavailable_and_says_why(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        crm.read(self.person, [ana], ["Email", "email"])
        for kind, verdict in (
            ("unavailable", Verdict.RETRY),
            ("drop", Verdict.RETRY),
            ("unauthorized", Verdict.RELOGIN),
        ):
            self.fault(box, kind, self.read_call)
            with pytest.raises(Unavailable) as caught:
                crm.read(self.person, [ana], ["Email", "email"])
            assert caught.value.receipt.verdict is verdict
            assert TOKEN not in str(caught.value)
