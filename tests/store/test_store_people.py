"""Leads, accounts and their records in CRMs."""

from integration.store.db.json_codec import encode
from integration.store.db.session import Store
from integration.store.people import accounts, leads, opportunities, record_references
from integration.store.people.accounts import AccountFields, NewAccount, SavedAccount
from integration.store.people.leads import LeadFields, NewLead, SavedLead
from integration.store.people.record_references import Reference
from mappings.model.canonical import Opportunity

T = 1_700_000_000_000_000


def new(key: str, email: str | None = None, at: int = T, account: str | None = None) -> NewLead:
    return NewLead(id=key, email=email, fields={"email": email}, created_at=at, account_id=account)


def test_people_are_found_by_email_the_oldest_first(store: Store) -> None:
    with store.write() as conn:
        leads.add(conn, [new("young", "ana@acme.example", T + 1), new("old", "ana@acme.example", T), new("nobody")])
        assert leads.by_email(conn, ["ana@acme.example", "ben@acme.example"]) == {"ana@acme.example": "old"}
        leads.merge(conn, "old", "young")
        assert leads.by_email(conn, ["ana@acme.example"]) == {"ana@acme.example": "young"}


def test_adding_a_known_lead_changes_nothing(store: Store) -> None:
    with store.write() as conn:
        leads.add(conn, [new("ana", "a@x.example")])
        leads.add(conn, [new("ana", "b@x.example"), new("ben")])
        assert sorted((row.id, row.email) for row in leads.get(conn, ["ana", "ben", "cleo"])) == [
            ("ana", "a@x.example"),
            ("ben", None),
        ]


def test_a_lead_comes_back_as_it_was_saved(store: Store) -> None:
    with store.write() as conn:
        leads.add(conn, [new("ana"), new("ben")])
        leads.save(
            conn,
            [
                SavedLead(
                    id="ana",
                    state='{"x":1}',
                    seen=7,
                    due=T + 5,
                    standing=encode({"total": 55, "track": None}),
                    stage="mql",
                    band="warm",
                    total=55,
                    updated_at=T + 1,
                )
            ],
        )
        leads.set_fields(
            conn,
            [
                LeadFields(
                    id="ana",
                    email="new@x.example",
                    fields={"title": "CEO", "opted_out": False},
                    updated_at=T + 2,
                    account_id="acme",
                    owner="u1",
                )
            ],
        )
        (ana,) = leads.get(conn, ["ana"])
        assert (ana.state, ana.seen, ana.due, ana.standing) == ('{"x":1}', 7, T + 5, {"total": 55, "track": None})
        assert (ana.stage, ana.band, ana.total, ana.owner, ana.account_id) == ("mql", "warm", 55, "u1", "acme")
        assert (ana.email, ana.fields, ana.updated_at) == ("new@x.example", {"title": "CEO", "opted_out": False}, T + 2)
        (ben,) = leads.get(conn, ["ben"])
        assert (ben.state, ben.seen, ben.standing) == (None, 0, None)


def test_leads_fall_due_in_order(store: Store) -> None:
    with store.write() as conn:
        for number, due in enumerate((T + 3, T + 1, None, T + 9)):
            lead = f"lead{number}"
            leads.add(conn, [new(lead)])
            saved = SavedLead(
                id=lead, state="{}", seen=0, due=due, standing="{}", stage=None, band=None, total=None, updated_at=T
            )
            leads.save(conn, [saved])
        assert leads.due(conn, T + 3, 10) == ["lead1", "lead0"]
        assert leads.due(conn, T + 3, 1) == ["lead1"]


def test_a_thousand_ids_are_one_question(store: Store) -> None:
    names = [f"lead{number}" for number in range(1_500)]
    with store.write() as conn:
        leads.add(conn, [new(name, f"{name}@x.example") for name in names])
        assert len(leads.get(conn, names)) == 1_500
        assert len(leads.by_email(conn, [f"{name}@x.example" for name in names])) == 1_500


def test_references_lead_to_people_and_companies(store: Store) -> None:
    person, company = ("hubspot", "contact", "1"), ("hubspot", "company", "1")
    with store.write() as conn:
        leads.link(conn, [Reference(connection="hubspot", object="contact", external_id="1", lead_id="ana")])
        accounts.link(conn, [Reference(connection="hubspot", object="company", external_id="1", account_id="acme")])
        assert leads.by_reference(conn, [person, company, ("salesforce", "Lead", "1")]) == {person: "ana"}
        assert accounts.by_reference(conn, [person, company]) == {company: "acme"}


def test_a_reference_may_move_to_another_lead_and_keeps_what_was_written(store: Store) -> None:
    with store.write() as conn:
        leads.link(conn, [Reference(connection="hubspot", object="contact", external_id="1", lead_id="ana")])
        record_references.wrote(conn, [("hubspot", "contact", "1", encode({"score": "5"}))])
        leads.link(conn, [Reference(connection="hubspot", object="contact", external_id="1", lead_id="ben")])
        (moved,) = record_references.of_leads(conn, ["ana", "ben"])["ben"]
        assert moved.written == {"score": "5"}
        record_references.unlink(conn, [("hubspot", "contact", "1")])
        assert record_references.of_leads(conn, ["ana", "ben"]) == {}


def test_a_contact_comes_before_a_lead(store: Store) -> None:
    with store.write() as conn:
        for name in ("Lead", "Contact"):
            leads.link(conn, [Reference(connection="salesforce", object=name, external_id="1", lead_id="ana")])
        assert [known.object for known in record_references.of_leads(conn, ["ana"])["ana"]] == ["Contact", "Lead"]


def test_accounts_are_kept_like_leads(store: Store) -> None:
    with store.write() as conn:
        accounts.add(conn, [NewAccount(id="acme", domain="acme.example", fields={"employees": 3}, created_at=T)])
        accounts.add(conn, [NewAccount(id="acme", domain="x.example", fields={}, created_at=T)])
        assert accounts.by_domain(conn, ["acme.example"]) == {"acme.example": "acme"}
        accounts.save(conn, [SavedAccount(id="acme", state="[]", seen=4, read=0)])
        accounts.set_fields(
            conn, [AccountFields(id="acme", domain="acme.test", fields={"employees": 9}, updated_at=T + 1)]
        )
        (acme,) = accounts.get(conn, ["acme", "other"])
        assert (acme.domain, acme.fields, acme.state, acme.seen) == ("acme.test", {"employees": 9}, "[]", 4)


def test_what_was_derived_from_what_has_changed_meanwhile_is_not_kept(store: Store) -> None:
    with store.write() as conn:
        accounts.add(conn, [NewAccount(id="acme", domain=None, fields={}, created_at=T)])
        for seen in (0, 7):
            (read,) = accounts.get(conn, ["acme"])
            accounts.forget(conn, ["acme", "nobody"])
            accounts.save(conn, [SavedAccount(id="acme", state="[1]", seen=9, read=read.seen)])
            (acme,) = accounts.get(conn, ["acme"])
            assert acme.state is None, seen
            accounts.save(conn, [SavedAccount(id="acme", state="[1]", seen=7, read=acme.seen)])
            assert accounts.get(conn, ["acme"])[0].state == "[1]"


def test_members_are_the_leads_that_still_stand(store: Store) -> None:
    with store.write() as conn:
        leads.add(conn, [new("ben", account="acme"), new("ana", account="acme"), new("cleo"), new("dan", account="z")])
        leads.add(conn, [new("gone", account="acme")])
        leads.merge(conn, "gone", "ana")
        assert accounts.members(conn, ["acme", "nobody"]) == ["ana", "ben"]


def test_a_deal_is_kept_as_last_read(store: Store) -> None:
    with store.write() as conn:
        opportunities.put(conn, [Opportunity(id="o1", account="acme", fields={"amount": 5})], T)
        opportunities.put(conn, [Opportunity(id="o1", account="acme", fields={"amount": 7})], T + 1)
        assert opportunities.of_accounts(conn, ["acme"]) == [Opportunity(id="o1", account="acme", fields={"amount": 7})]
