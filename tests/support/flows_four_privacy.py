"""What is known of one person in four connections: erased, exported and explained, and nobody else's."""

import json
from dataclasses import replace
from typing import Any

import pytest
from flows_four import (
    EMAIL,
    OBJECT,
    SYSTEM,
    TWIN,
    Four,
    accounts_of,
    bodies,
    here,
    secret,
)
from flows_run import receive

from integration.flows.history.find_explanation import explained
from integration.flows.looking.plain_values import plain_explanation
from integration.flows.privacy import erase_person, export_person
from integration.store.overall import erased_people
from integration.store.people import field_changes, leads
from mappings.values import person_names

NAMES = pytest.mark.parametrize("name", list(SYSTEM))
HUBSPOTS = pytest.mark.parametrize("name", ["hubspot", "hubspot-emea"])
EMEA = pytest.mark.parametrize("name", ["sales-emea", "hubspot-emea"])


def others(world: Four, name: str) -> dict[str, Any]:
    """Everything that the store knows of whom the other connections know."""
    return {each: replace(world.row(each), updated_at=0) for each in SYSTEM if each != name}


class PrivacyOfFour:
    """Part of TestFourConnections, whose module has room for no more."""

    @NAMES
    def test_somebody_who_is_erased_takes_nobody_elses_records_along(self, world: Four, name: str) -> None:
        twin = TWIN[name]
        bodies(world)
        world.look(1)
        before = others(world, name)
        erase_person.erase(world.service, person_names.of_email(EMAIL[name]), actor="test")
        assert others(world, name) == before
        assert here(world, secret(name)) == 0
        assert here(world, secret(twin)) > 0
        with world.service.store.read() as conn:
            keys = [row.key for each in SYSTEM for row in field_changes.history(conn, (), accounts_of(world, each))]
        assert not [key for key in keys if f"{name}:" in key and f":{world.records[name]}@" in key]

    @NAMES
    def test_what_comes_later_about_somebody_erased_is_kept_nowhere_and_the_twin_goes_on(
        self, world: Four, name: str
    ) -> None:
        erase_person.erase(world.service, person_names.of_email(EMAIL[name]), actor="test")
        bodies(world)
        world.look()
        assert here(world, secret(name)) == 0
        assert here(world, secret(TWIN[name])) > 0
        with world.service.store.read() as conn:
            assert leads.by_email(conn, [EMAIL[name]]) == {}

    @HUBSPOTS
    def test_a_privacy_deletion_erases_the_contact_of_its_own_portal(self, world: Four, name: str) -> None:
        before = others(world, name)
        gone = world.event(name, 1, subscriptionType="contact.privacyDeletion")
        receive(world.service, gone, source="hubspot")
        world.boxes[name].hubspot.erase("contacts", world.records[name])
        world.look()
        with world.service.store.read() as conn:
            assert erased_people.known(conn, world.service.keys.keyring, [person_names.of_email(EMAIL[name])])
        assert others(world, name) == before

    def test_a_privacy_deletion_of_a_portal_that_is_not_connected_erases_nobody(self, world: Four) -> None:
        everybody = others(world, "")
        gone = world.event("hubspot", 1, subscriptionType="contact.privacyDeletion", portalId=999)
        receive(world.service, gone, source="hubspot")
        world.look()
        assert others(world, "") == everybody

    def test_an_export_is_of_one_person(self, world: Four) -> None:
        bodies(world)
        world.look(1)
        for name, system in SYSTEM.items():
            asked = erase_person.asked_for(f"{name}:{OBJECT[system]}:{world.records[name]}", world.service.connections)
            document = export_person.exported(world.service, asked, actor="test", tell=plain_explanation)
            text = json.dumps(document)
            assert secret(name) in text
            assert not [each for each in SYSTEM if each != name and (EMAIL[each] in text or secret(each) in text)]

    def test_explain_knows_a_record_by_its_connection(self, world: Four) -> None:
        service = world.service
        for name, system in SYSTEM.items():
            short = world.records[name][:15] if system == "salesforce" else world.records[name]
            asked = f"{name}:{OBJECT[system]}:{short}"
            known = service.connections
            found = explained(
                service.store, service.rules.compiled, asked, world.at(), service.ownership, connections=known
            )
            assert found is not None
            assert found[0].email == EMAIL[name]

    def test_a_system_that_is_connected_twice_names_nobody_by_itself(self, world: Four) -> None:
        named = {
            "sales-emea": world.service.connections["sales-emea"],
            "sales-us": replace(world.service.connections["salesforce"], name="sales-us"),
        }
        with pytest.raises(ValueError, match="say sales-emea or sales-us instead"):
            erase_person.asked_for("salesforce:Lead:00Q5g00000AbCdE", named)
        alone = {"sales-emea": named["sales-emea"]}
        assert (
            erase_person.asked_for("salesforce:Lead:00Q5g00000AbCdE", alone)
            == "record:sales-emea:Lead:00Q5g00000AbCdEEAV"
        )
