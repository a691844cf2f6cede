"""HubSpot's own leads in the sandbox: a name, a contact, a pipeline, and since when they are in its stage."""

from sandbox_calls import Api, Watch

from sandbox.server import Sandbox

LEADS = "/hubspot/crm/objects/2026-09/leads"
PRIMARY = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 578}]


def test_a_lead_needs_a_name_and_an_existing_contact(box: Sandbox, api: Api) -> None:
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example"})
    whose = [{"to": {"id": ana}, "types": PRIMARY}]
    for body in (
        {"properties": {"hs_lead_name": "Ana"}, "associations": []},
        {"properties": {"hs_lead_label": "HOT"}, "associations": whose},
        {"properties": {"hs_lead_name": "Ana", "hs_pipeline_stage": "nowhere"}, "associations": whose},
    ):
        assert api.post(LEADS, json=body).status_code == 400
    made = api.post(LEADS, json={"properties": {"hs_lead_name": "Ana"}, "associations": whose})
    assert made.status_code == 201
    told = made.json()["properties"]
    assert (told["hs_pipeline"], told["hs_pipeline_stage"]) == ("lead-pipeline-id", "new-stage-id")
    linked = api.post(
        "/hubspot/crm/associations/2026-09/leads/contacts/batch/read", json={"inputs": [{"id": made.json()["id"]}]}
    )
    assert linked.json()["results"][0]["to"][0]["toObjectId"] == ana


def test_a_lead_says_since_when_it_is_in_its_stage(box: Sandbox, watch: Watch) -> None:
    lead = box.hubspot.add("leads", {"hs_lead_name": "Ana"})
    began = box.hubspot.values("leads", lead)["hs_v2_date_entered_current_stage"]
    watch.at += 60_000
    box.hubspot.set("leads", lead, {"hs_lead_label": "HOT"})
    assert box.hubspot.values("leads", lead)["hs_v2_date_entered_current_stage"] == began
    box.hubspot.set("leads", lead, {"hs_pipeline_stage": "connected-stage-id"})
    assert box.hubspot.values("leads", lead)["hs_v2_date_entered_current_stage"] != began
