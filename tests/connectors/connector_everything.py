"""Every record of an object, page by page, whatever comes between."""

import pytest
from connector_ground import Ground, Plug

from connectors.base.port import Record, Unavailable
from mappings.translate.record_answers import happened, whose
from mappings.translate.translation import inward, load_mapping
from sandbox.both.fill_systems import fill
from sandbox.server import Sandbox

_MANY = 200


class Everything(Ground):
    def whole(self, crm: Plug, object_name: str, fields: list[str], after: str = "") -> list[Record]:
        """All pages; AssertionError where they never end."""
        found: list[Record] = []
        for _ in range(_MANY):
            page = crm.everything(object_name, fields, after=after)
            found += page.records
            after = page.after
            if not after:
                return found
        msg = f"{object_name} has no end"
        raise AssertionError(msg)

    def test_everything_is_every_record_once(self, box: Sandbox, crm: Plug) -> None:
        ids = [self.add(box, f"p{number}@acme.example") for number in range(1_001)]
        self.delete(box, ids.pop())
        found = self.whole(crm, self.person, ["email", "Email"])
        assert [record.id for record in found] == sorted(ids)
        assert crm.count(self.person) == len(ids)

    def test_everything_goes_on_where_another_process_stopped(self, box: Sandbox, crm: Plug) -> None:
        ids = [self.add(box, f"p{number}@acme.example") for number in range(1_001)]
        first: list[str] = []
        after = ""
        while not first:
            page = crm.everything(self.person, ["email", "Email"], after=after)
            first, after = [record.id for record in page.records], page.after
        other = self.connect(box)
        rest = self.whole(other, self.person, ["email", "Email"], after)
        other.close()
        assert first + [record.id for record in rest] == sorted(ids)

    def test_everything_reads_what_reading_by_id_reads(self, box: Sandbox, crm: Plug) -> None:
        """Through the mapping: Bulk's texts and REST's numbers are the same canonical values."""
        fill(box.hubspot, box.salesforce, leads=25, seed=3)
        mapping, _ = load_mapping(self.system)
        assert mapping is not None
        for name in (*mapping.people, *mapping.accounts):
            listed = self.whole(crm, name, list(mapping.reads(name)))
            read = {one.id: one for one in crm.read(name, [one.id for one in listed], mapping.reads(name))}
            assert len(read) == len(listed)
            for one in listed:
                assert inward(mapping, name, one.fields) == inward(mapping, name, read[one.id].fields)
                assert (one.created_at, one.modified_at) == (read[one.id].created_at, read[one.id].modified_at)

    def test_activities_come_with_their_people_however_they_are_read(self, box: Sandbox, crm: Plug) -> None:
        filled = fill(box.hubspot, box.salesforce, leads=25, seed=3, activities=300)
        mapping, _ = load_mapping(self.system)
        assert mapping is not None
        said = 0
        for name, each in mapping.objects.items():
            if each.activity is None:
                continue
            listed = self.whole(crm, name, list(mapping.reads(name)))
            assert listed
            changed = crm.changes(name, mapping.reads(name), since=0).records
            read = crm.read(name, [one.id for one in listed], mapping.reads(name))
            views = [
                {
                    one.id: (
                        happened(each.activity, one.fields),
                        set(one.people or whose(each.activity, self.system, one.fields)),
                    )
                    for one in records
                }
                for records in (listed, changed, read)
            ]
            assert views[0] == views[1] == views[2]
            assert all(people for _, people in views[0].values())
            said += sum(answer is not None for answer, _ in views[0].values())
        assert 0 < said < filled.activities

    def test_everything_that_cannot_be_read_raises_unavailable(self, box: Sandbox, crm: Plug) -> None:
        self.add(box, "ana@acme.example")
        self.whole(crm, self.person, ["email", "Email"])
        self.fault(box, "unavailable", "*")
        with pytest.raises(Unavailable):
            crm.everything(self.person, ["email", "Email"])
