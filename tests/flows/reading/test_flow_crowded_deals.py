"""A deal with more contacts than HubSpot lists at a time: every one of them gets its outcome."""

from flows_run import Watch, drain_all, history

from integration.flows.reading import reconcile
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, MINUTE
from sandbox.server import Sandbox

MANY = 150


def test_all_contacts_of_a_deal_hear_that_it_was_won(service: Service, sandbox: Sandbox, at: Watch) -> None:
    reconcile.poll(service, "hubspot")
    at.forward(MINUTE)
    deal = sandbox.hubspot.add("deals", {"dealname": "Acme", "amount": "9000"})
    emails = [f"p{number}@acme.example" for number in range(MANY)]
    for each in emails:
        sandbox.hubspot.link("deals", deal, "contacts", sandbox.hubspot.add("contacts", {"email": each}))
    reconcile.poll(service, "hubspot")
    drain_all(service)
    at.forward(DAY)
    won = {"dealstage": "closedwon", "hs_is_closed": "true", "hs_is_closed_won": "true"}
    sandbox.hubspot.set("deals", deal, won)
    reconcile.poll(service, "hubspot")
    drain_all(service)
    heard = {each: [row.type for row in history(service, each)] for each in emails}
    assert {each for each, types in heard.items() if "opportunity_won" in types} == set(emails)
    assert all(types.count("opportunity_won") == 1 for types in heard.values())
