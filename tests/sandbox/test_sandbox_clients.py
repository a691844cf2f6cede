"""The vendors' own client libraries find in the sandbox what they expect."""

from datetime import datetime

import hubspot
import pytest
from hubspot.crm.contacts import (
    BatchInputSimplePublicObjectBatchInput,
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectBatchInput,
    SimplePublicObjectId,
    SimplePublicObjectInput,
)
from hubspot.crm.contacts.exceptions import ApiException
from hubspot.crm.objects import (
    AssociationSpec,
    BatchInputSimplePublicObjectBatchInputForCreate,
    PublicAssociationsForObject,
    PublicObjectId,
    SimplePublicObjectBatchInputForCreate,
)
from hubspot.crm.properties import PropertyCreate
from sandbox_calls import Api, dated_client
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

pytestmark = pytest.mark.usefixtures("api")


def test_hubspots_client_reads_updates_and_searches_contacts(box: Sandbox, client: hubspot.Client) -> None:
    ids = [box.hubspot.add("contacts", {"email": f"p{number}@acme.example"}) for number in range(3)]
    batches = client.crm.contacts.batch_api
    written = batches.update(
        BatchInputSimplePublicObjectBatchInput(
            inputs=[SimplePublicObjectBatchInput(id=id_, properties={"coldframe_score": "70"}) for id_ in ids]
        )
    )
    assert {one.id for one in written.results} == set(ids)
    read = batches.read(
        BatchReadInputSimplePublicObjectId(
            inputs=[SimplePublicObjectId(id=id_) for id_ in [*ids, "404404"]],
            properties=["email", "coldframe_score"],
            properties_with_history=[],
        )
    )
    assert (read.num_errors, read.errors[0].context["ids"]) == (1, ["404404"])
    assert {one.properties["coldframe_score"] for one in read.results} == {"70"}
    assert isinstance(read.results[0].created_at, datetime)
    wish = PublicObjectSearchRequest(
        limit=10,
        after="0",
        sorts=["hs_object_id"],
        properties=["email"],
        filter_groups=[{"filters": [{"propertyName": "coldframe_score", "operator": "GTE", "value": "70"}]}],
    )
    found = client.crm.contacts.search_api.do_search(wish)
    assert (found.total, [one.id for one in found.results]) == (3, ids)


def test_hubspots_client_makes_a_task_for_a_contact(box: Sandbox, client: hubspot.Client) -> None:
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example"})
    link = PublicAssociationsForObject(
        to=PublicObjectId(id=ana),
        types=[AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=204)],
    )
    task = SimplePublicObjectBatchInputForCreate(
        associations=[link],
        properties={"hs_timestamp": "1772442000000", "hs_task_subject": "Call", "coldframe_key": "k1"},
    )
    made = client.crm.objects.tasks.batch_api.create(BatchInputSimplePublicObjectBatchInputForCreate(inputs=[task]))
    assert made.results[0].properties["hs_timestamp"] == "2026-03-02T09:00:00Z"
    linked = client.crm.associations.v4.basic_api.get_page("contacts", ana, "tasks")
    assert [str(one.to_object_id) for one in linked.results] == [made.results[0].id]


def test_hubspots_client_raises_what_the_sandbox_refuses(box: Sandbox, client: hubspot.Client) -> None:
    basic = client.crm.contacts.basic_api
    with pytest.raises(ApiException) as missing:
        basic.get_by_id("404404")
    assert missing.value.status == 404
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example"})
    with pytest.raises(ApiException) as wrong:
        basic.update(ana, SimplePublicObjectInput(properties={"nothing": "1"}))
    assert "PROPERTY_DOESNT_EXIST" in wrong.value.body
    box.faults.add(Fault(kind="rate_limited", system="hubspot", retry_after=3))
    with pytest.raises(ApiException) as limited:
        basic.update(ana, SimplePublicObjectInput(properties={"city": "Lyon"}))
    assert (limited.value.status, limited.value.headers["Retry-After"]) == (429, "3")


def test_hubspots_client_lists_owners_pipelines_and_properties(client: hubspot.Client) -> None:
    owners = client.crm.owners.owners_api.get_page()
    assert len(owners.results) == 4
    assert client.crm.owners.owners_api.get_by_id(int(owners.results[0].id)).email == owners.results[0].email
    stages = client.crm.pipelines.pipelines_api.get_all("deals").results[0].stages
    assert "closedwon" in {one.id for one in stages}
    made = client.crm.properties.core_api.create(
        "contacts",
        PropertyCreate(name="ours_x", label="X", type="string", field_type="text", group_name="coldframe"),
    )
    assert made.group_name == "coldframe"
    assert "ours_x" in {one.name for one in client.crm.properties.core_api.get_all("contacts").results}


def test_hubspots_client_pages_through_all_contacts(box: Sandbox, client: hubspot.Client) -> None:
    ids = [box.hubspot.add("contacts", {"email": f"p{number}@acme.example"}) for number in range(120)]
    assert [one.id for one in client.crm.contacts.get_all()] == ids


def test_hubspots_client_works_without_the_prefix_too(box: Sandbox) -> None:
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example"})
    client = dated_client(box.url)
    assert client.crm.contacts.basic_api.get_by_id(ana).properties["email"] == "ana@acme.example"
    answer = client.api_request({"path": f"/crm/objects/2026-09/contacts/{ana}"})
    assert answer.json()["id"] == ana


def test_simple_salesforce_writes_reads_and_queries(sales: Salesforce) -> None:
    made = sales.Lead.create({"LastName": "Silva", "Company": "Acme", "Email": "ana@acme.example"})
    assert made["success"] is True
    assert sales.Lead.update(made["id"], {"Coldframe_Score__c": 70}) == 204
    assert sales.Lead.get(made["id"])["Coldframe_Score__c"] == 70.0
    found = sales.query("SELECT Id FROM Lead WHERE Email = 'ana@acme.example'")
    assert [one["Id"] for one in found["records"]] == [made["id"]]
    assert sales.Task.upsert("Coldframe_Key__c/k:1%2F2", {"Subject": "Call", "WhoId": made["id"]}) == 201
    assert sales.Task.upsert("Coldframe_Key__c/k:1%2F2", {"Subject": "Call again"}) == 200
    assert sales.Task.get_by_custom_id("Coldframe_Key__c", "k:1/2")["Subject"] == "Call again"
    assert sales.Lead.delete(made["id"]) == 204
    assert "Title" in {field["name"] for field in sales.Lead.describe()["fields"]}
    assert sales.limits()["DailyApiRequests"] == {"Max": 100_000, "Remaining": 99_990}


def test_simple_salesforce_follows_the_pages_of_a_query(box: Sandbox, sales: Salesforce) -> None:
    for number in range(7):
        box.salesforce.add("Lead", {"LastName": f"L{number}", "Company": "Acme"})
    box.salesforce.gate.queries.page = 3
    assert len(sales.query_all("SELECT LastName FROM Lead")["records"]) == 7


def test_simple_salesforce_raises_what_the_sandbox_refuses(box: Sandbox, sales: Salesforce) -> None:
    with pytest.raises(SalesforceResourceNotFound) as missing:
        sales.Lead.get("00Q7Q0000000000AAA")
    assert missing.value.content[0]["errorCode"] == "NOT_FOUND"
    with pytest.raises(SalesforceMalformedRequest) as wrong:
        sales.query("SELECT Nothing FROM Lead")
    assert wrong.value.content[0]["errorCode"] == "INVALID_FIELD"
    box.faults.add(Fault(kind="unauthorized", system="salesforce"))
    with pytest.raises(SalesforceExpiredSession):
        sales.limits()


def test_simple_salesforce_sends_collections(box: Sandbox, sales: Salesforce, api: Api) -> None:
    lead = box.salesforce.add("Lead", {"LastName": "Silva", "Company": "Acme"})
    row = {"attributes": {"type": "Lead"}, "Id": lead, "Coldframe_Score__c": 7}
    body = {"allOrNone": False, "records": [row, {**row, "Id": "nonsense"}]}
    told = sales.restful("composite/sobjects", method="PATCH", json=body)
    assert [one["success"] for one in told] == [True, False]
    assert api.get("/salesforce/services/oauth2/userinfo").json()["organization_id"].startswith("00D")
