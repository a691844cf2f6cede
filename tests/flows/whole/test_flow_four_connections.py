"""Every flow over two HubSpots and two Salesforces at once: none is taken for its system, nor for its twin.

Both sandboxes of a system give the same ids, so whoever mixes them up writes to somebody else.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flows_crms import engagement, person, tasks
from flows_four import (
    ACCOUNT,
    EMAIL,
    OBJECT,
    SYSTEM,
    TWIN,
    Four,
    credential,
    four,
    lead_account,
    message,
    people,
)
from flows_four_privacy import PrivacyOfFour, others
from flows_run import Watch, activity, dead, drain_all, history, receive, receive_raw, with_parts

from integration.flows.looking import compare_with_crm
from integration.flows.reading import first_sync
from integration.flows.upkeep import drift
from integration.store.crm import connection_pauses
from integration.store.db.session import Store
from integration.store.people import field_changes, leads, opportunities
from integration.wiring import build, write_guard
from integration.wiring.whole_service import Service
from mappings.conflicts.field_conflicts import speaker
from mappings.language import mapping_files
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.desk import sales_desk
from sandbox.server import Sandbox

NAMES = pytest.mark.parametrize("name", list(SYSTEM))
HUBSPOTS = pytest.mark.parametrize("name", ["hubspot", "hubspot-emea"])
EMEA = pytest.mark.parametrize("name", ["sales-emea", "hubspot-emea"])
"""Those that are not called after their system; their twins are looked at beside them."""


@pytest.fixture
def world(service: Service, store: Store, sandbox: Sandbox, at: Watch) -> Iterator[Four]:
    """Four connections and somebody in each."""
    with four(service, store, sandbox, at) as found:
        people(found)
        yield found


class TestFourConnections(PrivacyOfFour):
    def test_everybody_is_met_and_scored_in_their_own_connection(self, world: Four) -> None:
        rows = {name: world.row(name) for name in SYSTEM}
        assert {name: row.email for name, row in rows.items()} == EMAIL
        assert len({row.id for row in rows.values()}) == 4
        assert all(world.value(name, "Coldframe_Score__c", "coldframe_score") for name in SYSTEM)
        assert dead(world.service) == []

    def test_a_change_found_by_polling_is_that_persons_alone(self, world: Four) -> None:
        for name in SYSTEM:
            before = others(world, name)
            world.change(name, {"Title": "Chief Executive Officer"}, {"jobtitle": "Chief Executive Officer"})
            world.look()
            assert world.row(name).fields["seniority"] == "c_level"
            assert others(world, name) == before

    def test_hubspots_webhooks_go_to_the_portal_they_name(self, world: Four) -> None:
        for name in ("hubspot", "hubspot-emea"):
            before = others(world, name)
            said = world.event(name, 1, propertyName="firstname", propertyValue="Zoe")
            receive(world.service, said, source="hubspot")
            drain_all(world.service)
            assert world.row(name).fields["first_name"] == "Zoe"
            assert others(world, name) == before
            with world.service.store.read() as conn:
                told_by = [
                    row.key for row in field_changes.history(conn, [world.row(name).id]) if "Zoe" in row.fields.values()
                ]
            assert [speaker(key) for key in told_by] == [("hubspot", name)], "it is that connection's word"

    def test_outbound_messages_go_to_the_organization_they_name(self, world: Four) -> None:
        for name, characters in (("salesforce", 15), ("sales-emea", 18), ("sales-emea", 15)):
            world.at.forward(MINUTE)
            before = others(world, name)
            world.change(name, {"FirstName": f"Zoe {characters}"}, {})
            body = message(ACCOUNT[name][:characters], world.records[name][:characters])
            receive_raw(world.service, body, source="salesforce_outbound")
            drain_all(world.service)
            assert world.row(name).fields["first_name"] == f"Zoe {characters}"
            assert others(world, name) == before

    def test_an_activity_names_a_record_by_its_connection(self, world: Four) -> None:
        for number, (name, system) in enumerate(SYSTEM.items()):
            short = world.records[name][:15] if system == "salesforce" else world.records[name]
            named = {**activity(number, "", "page_view", world.at(), page="pricing"), "email": None}
            receive(world.service, named | {"lead": f"{name}:{OBJECT[system]}:{short}"})
        world.look()
        assert {name: len(history(world.service, EMAIL[name])) for name in SYSTEM} == dict.fromkeys(SYSTEM, 1)

    def test_task_and_stage_stand_in_the_connection_that_knows_the_person(self, world: Four) -> None:
        for number, name in enumerate(SYSTEM, 1):
            receive(world.service, activity(number, EMAIL[name], "demo_request", world.at()))
            world.look()
            stages = {world.value(each, "Status", "lifecyclestage") for each in list(SYSTEM)[:number]}
            assert stages <= {"Open - Not Contacted", "marketingqualifiedlead"}
            box = {"salesforce": 0, "sales-emea": 0, "hubspot": 0, "hubspot-emea": 0}
            box |= dict.fromkeys(list(SYSTEM)[:number], 1)
            assert {each: sum(tasks(world.boxes[each], SYSTEM[each]).values()) for each in SYSTEM} == box
        assert dead(world.service) == []

    @EMEA
    def test_a_touch_is_named_on_the_persons_own_record(self, world: Four, name: str) -> None:
        world.change(name, {"LeadSource": "Trade Show"}, {"lead_source": "trade_show"})
        world.at.forward(HOUR)
        receive(world.service, activity(1, EMAIL[name], "event_scan", world.at(), event="Expo"))
        world.look()
        world.at.forward(4 * DAY)
        world.look()
        assert world.value(name, "Coldframe_Touch__c", "coldframe_touch") in {"thanks", "light_question"}
        assert world.value(TWIN[name], "Coldframe_Touch__c", "coldframe_touch") == "newsletter"

    @EMEA
    def test_a_task_closed_in_a_connection_answers_for_its_person(self, world: Four, name: str) -> None:
        for number, each in enumerate(SYSTEM):
            receive(world.service, activity(number, EMAIL[each], "demo_request", world.at()))
        world.look()
        (task,) = [one for one in sales_desk.tasks(world.boxes[name]) if one.email == EMAIL[name]]
        world.at.forward(HOUR)
        sales_desk.close(world.boxes[name], SYSTEM[name], task.id, outcome="rejected", reason="timing")
        world.look()
        stages = {each: world.row(each).stage for each in SYSTEM}
        assert stages == {each: "recycled" if each == name else "mql" for each in SYSTEM}
        assert (world.row(name).standing or {})["recycle_reason"] == "timing"

    @EMEA
    def test_a_person_nobody_is_to_contact_has_their_own_tasks_closed_and_no_others(
        self, world: Four, name: str
    ) -> None:
        for number, each in enumerate(SYSTEM):
            receive(world.service, activity(number, EMAIL[each], "demo_request", world.at()))
        world.look()
        world.at.forward(HOUR)
        receive(world.service, activity(9, EMAIL[name], "unsubscribe", world.at()))
        world.look()
        still = {
            each: any(t.open for t in sales_desk.tasks(world.boxes[each]) if t.email == EMAIL[each]) for each in SYSTEM
        }
        assert still == {each: each != name for each in SYSTEM}
        assert world.value(name, "HasOptedOutOfEmail", "hs_email_optout") in {True, "true"}
        assert world.value(TWIN[name], "HasOptedOutOfEmail", "hs_email_optout") not in {True, "true"}

    @EMEA
    def test_what_one_portal_says_the_other_cannot_take_back(self, world: Four, name: str) -> None:
        """Somebody in both connections of a system has opted out in one of them."""
        twin = TWIN[name]
        second = person(world.boxes[twin], SYSTEM[name], EMAIL[name])
        world.look()
        world.change(name, {"HasOptedOutOfEmail": True}, {"hs_email_optout": "true"})
        world.look()
        assert world.row(name).stage == "suppressed"
        if SYSTEM[name] == "salesforce":
            world.boxes[twin].salesforce.set("Lead", second, {"HasOptedOutOfEmail": False, "Title": "CEO"})
        else:
            world.boxes[twin].hubspot.set("contacts", second, {"hs_email_optout": "false", "jobtitle": "CEO"})
        world.look()
        assert world.row(name).fields["opted_out"] is True
        assert world.row(name).stage == "suppressed"

    @EMEA
    def test_deals_tell_of_their_own_contacts(self, world: Four, name: str) -> None:
        before = others(world, name)
        box, record = world.boxes[name], world.records[name]
        world.at.forward(HOUR)
        if SYSTEM[name] == "salesforce":
            made = box.salesforce.convert(record, opportunity="Big")
            deal = made["ConvertedOpportunityId"]
            world.look()
            box.salesforce.set("Opportunity", deal, {"StageName": "Closed Won"})
        else:
            deal = box.hubspot.add("deals", {"dealname": "Big", "dealstage": "qualifiedtobuy"})
            box.hubspot.link("deals", deal, "contacts", record)
            world.look()
            box.hubspot.set(
                "deals", deal, {"dealstage": "closedwon", "hs_is_closed": "true", "hs_is_closed_won": "true"}
            )
        world.at.forward(HOUR)
        world.look()
        types = [row.type for row in history(world.service, EMAIL[name]) if row.type.startswith("opportunity")]
        assert types == ["opportunity_created", "opportunity_won"]
        kind = "Opportunity" if SYSTEM[name] == "salesforce" else "deal"
        with world.service.store.read() as conn:
            rows = opportunities.of_accounts(conn, [lead_account(world, name)])
        assert [row.id for row in rows] == [f"{name}:{kind}:{deal}"]
        assert others(world, name) == before

    @pytest.mark.parametrize("name", ["sales-emea"])
    def test_a_converted_lead_lives_on_as_its_organizations_contact(self, world: Four, name: str) -> None:
        lead_id = world.row(name).id
        before = others(world, name)
        contact = world.boxes[name].salesforce.convert(world.records[name])["ConvertedContactId"]
        receive(world.service, activity(1, EMAIL[name], "page_view", world.at(), page="pricing"))
        world.look()
        with world.service.store.read() as conn:
            assert leads.by_reference(conn, [(name, "Contact", contact)]) == {(name, "Contact", contact): lead_id}
        assert world.boxes[name].salesforce.record("Contact", contact)["Coldframe_Engagement__c"]
        assert others(world, name) == before

    @pytest.mark.parametrize("name", ["hubspot-emea"])
    def test_a_merge_in_one_portal_joins_nobody_of_the_other(self, world: Four, name: str) -> None:
        box = world.boxes[name]
        second = person(box, "hubspot", "second@cyan.example")
        person(world.boxes[TWIN[name]], "hubspot", "third@dune.example")
        world.look()
        before = others(world, name)
        box.hubspot.merge("contacts", world.records[name], second)
        merged = world.event(
            name, 5, subscriptionType="contact.merge", primaryObjectId=int(world.records[name]),
            mergedObjectIds=[int(second)], newObjectId=int(world.records[name]), numberOfPropertiesMoved=1,
        )  # fmt: skip
        receive(world.service, merged, source="hubspot")
        world.look()
        assert world.row(name).email == EMAIL[name]
        assert others(world, name) == before

    def test_what_people_did_before_is_read_from_every_organization(self, world: Four) -> None:
        for name in ("salesforce", "sales-emea"):
            before = others(world, name)
            call = {"WhoId": world.records[name], "Subject": "Call", "TaskSubtype": "Call", "Status": "Completed"}
            world.boxes[name].salesforce.add("Task", call | {"CallDisposition": "Connected"})
            world.look()
            assert [row.type for row in history(world.service, EMAIL[name])] == ["call_attempt"]
            assert others(world, name) == before

    def test_a_first_sync_reads_all_four(self, service: Service, store: Store, sandbox: Sandbox, at: Watch) -> None:
        with four(service, store, sandbox, at) as world:
            for name, system in SYSTEM.items():
                world.records[name] = person(world.boxes[name], system, EMAIL[name])
            for name in SYSTEM:
                first_sync.sync(world.service, name, lambda _step: None, others=list(SYSTEM))
            first_sync.release(world.service)
            first_sync.decide(world.service, lambda _left: None)
            world.look()
            assert {name: world.row(name).email for name in SYSTEM} == EMAIL
            assert all(world.value(name, "Coldframe_Score__c", "coldframe_score") for name in SYSTEM)

    @EMEA
    def test_drift_is_found_where_it_is(self, world: Four, name: str) -> None:
        if SYSTEM[name] == "salesforce":
            world.boxes[name].salesforce.org.remove_field("Lead", "Coldframe_Score__c")
        else:
            world.boxes[name].hubspot.portal.remove_property("contacts", "coldframe_score")
        drift.watch(world.service)
        found = {each: drift.last(world.service.store, each) for each in SYSTEM}
        amiss = {each: any("core" in t.subject for t in look.troubles) for each, look in found.items() if look}
        assert amiss == {each: each == name for each in SYSTEM}

    def test_the_shadow_report_shows_each_connections_own_records(self, world: Four) -> None:
        shaded = {each: write_guard.shadowed(one) for each, one in world.service.connections.items()}
        shady = with_parts(world.service, shadow=True, connections=shaded)
        for number, name in enumerate(SYSTEM):
            receive(shady, activity(number, EMAIL[name], "demo_request", world.at()))
        drain_all(shady)
        items = [item for part in compare_with_crm.pending(shady) for item in part]
        assert {item.connection for item in items} == set(SYSTEM)
        assert all(EMAIL[item.connection] in item.who for item in items)

    @EMEA
    def test_a_pause_is_one_connections(self, world: Four, name: str) -> None:
        with world.service.store.write() as conn:
            connection_pauses.stop(conn, name, "test")
        for number, each in enumerate(SYSTEM):
            receive(world.service, activity(number, EMAIL[each], "page_view", world.at(), page="pricing"))
        before = {each: engagement(world.boxes[each], SYSTEM[each], world.records[each]) for each in SYSTEM}
        world.look()
        after = {each: engagement(world.boxes[each], SYSTEM[each], world.records[each]) for each in SYSTEM}
        assert {each: after[each] != before[each] for each in SYSTEM} == {each: each != name for each in SYSTEM}
        with world.service.store.write() as conn:
            connection_pauses.go(conn, name)
        world.look()
        assert engagement(world.boxes[name], SYSTEM[name], world.records[name]) != before[name]

    @EMEA
    def test_a_connection_may_have_a_mapping_file_of_its_own(self, world: Four, name: str, tmp_path: Path) -> None:
        system = SYSTEM[name]
        text = mapping_files.shipped(system).text
        own = text.replace("title: jobtitle", "title: city").replace("title: Title", "title: City")
        assert own != text
        path = tmp_path / "own.yaml"
        path.write_text(own)
        found = build.connect(system, credential(world.boxes[name], system), str(path), name=name)
        found = replace(found, alone=True)  # as `build.connections` says of a file of one connection
        mine = replace(world, service=replace(world.service, connections={**world.service.connections, name: found}))
        for each in SYSTEM:
            world.change(each, {"City": "Porto"}, {"city": "Porto"})
        mine.look()
        titles = {each: mine.row(each).fields["title"] for each in SYSTEM}
        assert {each for each, title in titles.items() if title == "Porto"} == {name}
        found.connector.close()
