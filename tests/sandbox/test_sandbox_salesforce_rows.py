from typing import Any

import pytest
from sandbox_calls import Api, Watch

from sandbox.salesforce.state import salesforce_ids
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

DATA = "/salesforce/services/data/v66.0"
MANY = f"{DATA}/composite/sobjects"
TASKS = f"{MANY}/Task/Coldframe_Key__c"


def leads(box: Sandbox, count: int) -> list[str]:
    return [
        box.salesforce.add("Lead", {"LastName": f"L{number}", "Company": "Acme", "Email": f"l{number}@acme.example"})
        for number in range(count)
    ]


def rows(ids_: list[str], **values: Any) -> dict[str, Any]:
    return {"allOrNone": False, "records": [{"attributes": {"type": "Lead"}, "Id": id_, **values} for id_ in ids_]}


def task(key: str, **values: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Task"}, "Coldframe_Key__c": key, "Subject": "Call", **values}


def test_200_rows_are_answered_in_their_order(box: Sandbox, api: Api) -> None:
    known = leads(box, 200)
    answer = api.patch(MANY, json=rows(known, Coldframe_Score__c=70))
    assert answer.status_code == 200
    assert answer.json() == [{"id": id_, "success": True, "errors": []} for id_ in known]
    assert box.salesforce.record("Lead", known[7])["Coldframe_Score__c"] == 70.0
    assert api.patch(MANY, json=rows([*known, known[0]], Coldframe_Score__c=70)).status_code == 400


@pytest.mark.parametrize(
    ("values", "code", "fields"),
    [
        ({"Coldframe_Scoer__c": 70}, "INVALID_FIELD", []),
        ({"Title": "x" * 129}, "STRING_TOO_LONG", ["Title"]),
        ({"Coldframe_Band__c": "tepid"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["Coldframe_Band__c"]),
        ({"Email": "nobody"}, "INVALID_EMAIL_ADDRESS", ["Email"]),
        ({"Name": "Ana Silva"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["Name"]),
        ({"OwnerId": "0057Q000000ZZZZQA1"}, "MALFORMED_ID", ["OwnerId"]),
        ({"LastName": None}, "REQUIRED_FIELD_MISSING", ["LastName"]),
    ],
)
def test_a_row_that_fails_is_told_by_its_status_code_and_the_others_are_written(
    box: Sandbox, api: Api, values: dict[str, Any], code: str, fields: list[str]
) -> None:
    good, bad = leads(box, 2)
    body = rows([good], City="Lyon")
    body["records"] += rows([bad], **values)["records"]
    answer = api.patch(MANY, json=body)
    first, second = answer.json()
    assert (answer.status_code, first["success"], second["success"]) == (200, True, False)
    assert (second["errors"][0]["statusCode"], second["errors"][0]["fields"]) == (code, fields)
    assert box.salesforce.record("Lead", good)["City"] == "Lyon"


def test_picklists_that_are_not_restricted_take_values_of_no_list(box: Sandbox, api: Api) -> None:
    (lead,) = leads(box, 1)
    assert api.patch(MANY, json=rows([lead], LeadSource="Carrier pigeon")).json()[0]["success"] is True


def test_all_or_none_writes_none(box: Sandbox, api: Api) -> None:
    good, bad = leads(box, 2)
    body = rows([good], City="Lyon")
    body["records"] += rows([bad], Email="nobody")["records"]
    told = api.patch(MANY, json={**body, "allOrNone": True}).json()
    assert [one["errors"][0]["statusCode"] for one in told] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "INVALID_EMAIL_ADDRESS",
    ]
    assert "City" not in box.salesforce.record("Lead", good)


def test_a_task_is_upserted_by_its_key_once(box: Sandbox, api: Api) -> None:
    (lead,) = leads(box, 1)
    first = api.patch(TASKS, json={"records": [task("k1", WhoId=lead), task("k2")]}).json()
    again = api.patch(TASKS, json={"records": [task("K1", Subject="Call again"), task("k3"), task("k3")]}).json()
    assert [one["created"] for one in first] == [True, True]
    assert [one.get("created") for one in again] == [False, True, None]
    assert again[0]["id"] == first[0]["id"]
    assert box.salesforce.record("Task", first[0]["id"])["Subject"] == "Call again"
    assert box.salesforce.counts()["Task"] == 3
    made = api.post(MANY, json={"records": [task("k1"), task("k9"), task("k9")]}).json()
    assert [one["success"] for one in made] == [False, True, False]
    assert made[0]["errors"][0]["statusCode"] == "DUPLICATE_VALUE"


def test_a_key_that_is_no_external_id_is_404(api: Api) -> None:
    answer = api.patch(f"{MANY}/Task/Subject", json={"records": [task("k1")]})
    assert answer.status_code == 404
    assert answer.json()[0]["message"].endswith("does not exist or is not accessible: Subject")


def test_deleted_records_refuse_writes_and_references(box: Sandbox, api: Api) -> None:
    lead, unknown = leads(box, 1)[0], salesforce_ids.minted("Lead", 999)
    box.salesforce.delete("Lead", lead)
    told = api.patch(MANY, json=rows([lead, unknown, "nonsense"], City="Lyon")).json()
    assert [one["errors"][0]["statusCode"] for one in told] == [
        "ENTITY_IS_DELETED",
        "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID",
    ]
    about = api.patch(TASKS, json={"records": [task("k1", WhoId=lead), task("k2", WhoId=unknown)]}).json()
    assert [one["errors"][0]["statusCode"] for one in about] == ["ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"]


def test_a_converted_lead_refuses_writes_and_its_contact_takes_them(box: Sandbox, api: Api) -> None:
    (lead,) = leads(box, 1)
    open_task = api.patch(TASKS, json={"records": [task("k1", WhoId=lead)]}).json()[0]["id"]
    converted = box.salesforce.convert(lead, opportunity="Acme: first year")
    contact = converted["ConvertedContactId"]
    assert (converted["IsConverted"], converted["Status"]) == (True, "Closed - Converted")
    refused = api.patch(MANY, json=rows([lead], Coldframe_Score__c=1)).json()[0]["errors"][0]
    assert (refused["statusCode"], refused["message"]) == (
        "CANNOT_UPDATE_CONVERTED_LEAD",
        "cannot reference converted lead",
    )
    about = api.patch(TASKS, json={"records": [task("k2", WhoId=lead), task("k3", WhoId=contact)]}).json()
    assert [one["success"] for one in about] == [False, True]
    assert box.salesforce.record("Task", open_task)["WhoId"] == contact
    assert box.salesforce.record("Contact", contact)["Email"] == "l0@acme.example"
    (deal,) = box.salesforce.records("Opportunity")
    assert (deal["Name"], deal["IsClosed"]) == ("Acme: first year", False)


def test_an_administrators_rule_and_a_duplicate_rule_refuse_rows(box: Sandbox, api: Api) -> None:
    (lead,) = leads(box, 1)
    box.salesforce.rule(object="Lead", field="City", pattern="Lyon", message="Not in Lyon.")
    told = api.patch(MANY, json=rows([lead], City="Lyon")).json()[0]["errors"][0]
    assert told == {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "Not in Lyon.", "fields": ["City"]}
    box.salesforce.org.duplicate_rule = True
    twin = {"LastName": "Twin", "Company": "Acme", "Email": "L0@acme.example"}
    answer = api.post(f"{DATA}/sobjects/Lead", json=twin)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "DUPLICATES_DETECTED")
    assert answer.json()[0]["duplicateResult"]["matchResults"][0]["matchRecords"][0]["record"]["Id"] == lead
    allowed = api.post(f"{DATA}/sobjects/Lead", json=twin, headers={"Sforce-Duplicate-Rule-Header": "allowSave=true"})
    assert allowed.status_code == 201


def test_a_duplicate_rule_looks_among_leads_and_contacts_and_a_collections_row_tells_nobody(
    box: Sandbox, api: Api
) -> None:
    box.salesforce.org.duplicate_rule = True
    firm = box.salesforce.add("Account", {"Name": "Acme"})
    contact = box.salesforce.add("Contact", {"FirstName": "Ana", "LastName": "Silva", "AccountId": firm})
    twin = {"FirstName": "ana", "LastName": "silva", "Company": "ACME", "Email": "ana@acme.example"}
    told = api.post(f"{DATA}/sobjects/Lead", json=twin).json()[0]["duplicateResult"]
    (match,) = told["matchResults"]
    assert (told["duplicateRuleEntityType"], match["entityType"], match["size"]) == ("Lead", "Contact", 1)
    assert match["matchRecords"][0]["record"] == {"attributes": {"type": "Contact"}, "Id": contact}
    row = {"attributes": {"type": "Lead"}, **twin}
    (answer,) = api.post(MANY, json={"allOrNone": False, "records": [row]}).json()
    words = "Use one of these records?"
    assert answer["errors"] == [{"statusCode": "DUPLICATES_DETECTED", "message": words, "fields": []}]
    needed = api.post(f"{DATA}/sobjects/Lead", json={"Email": "bo@acme.example"}).json()[0]
    assert needed["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert {"LastName", "Company"} <= set(needed["fields"])


def test_a_locked_row_fails_once_and_alone(box: Sandbox, api: Api) -> None:
    first, second = leads(box, 2)
    box.faults.add(Fault(kind="record_error", system="salesforce", record=second))
    told = api.patch(MANY, json=rows([first, second], City="Lyon")).json()
    assert [one["success"] for one in told] == [True, False]
    assert told[1]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert api.patch(MANY, json=rows([second], City="Lyon")).json()[0]["success"] is True


def test_values_of_the_wrong_json_type_refuse_the_request(box: Sandbox, api: Api) -> None:
    (lead,) = leads(box, 1)
    for values in (
        {"HasOptedOutOfEmail": "true"},
        {"City": 7},
        {"Coldframe_Scored_At__c": "soon"},
        {"AnnualRevenue": "x"},
    ):
        answer = api.patch(MANY, json=rows([lead], **values))
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
    for body in (b"{", b"[]", b'{"records": 3}', b'{"records": [3]}', b'{"records": []}'):
        assert api.patch(MANY, data=body).status_code == 400


def test_values_come_back_as_salesforce_keeps_them(box: Sandbox, api: Api) -> None:
    (lead,) = leads(box, 1)
    api.patch(
        f"{DATA}/sobjects/Lead/{lead}",
        json={
            "Coldframe_Score__c": 70,
            "Coldframe_Scored_At__c": "2026-01-05T10:00:00+01:00",
            "City": " Lyon ",
            "Phone": "",
        },
    )
    told = api.get(f"{DATA}/sobjects/Lead/{lead}").json()
    assert told["Coldframe_Score__c"] == 70.0
    assert told["Coldframe_Scored_At__c"] == "2026-01-05T09:00:00.000+0000"
    assert (told["City"], told["Phone"], told["Name"]) == ("Lyon", None, "L0")
    assert told["Address"] == {"street": None, "city": "Lyon", "state": None, "postalCode": None, "country": None}
    assert told["SystemModstamp"] == "2026-03-02T09:00:00.250+0000"


def test_ids_have_the_suffix_that_makes_them_safe_without_case(box: Sandbox, api: Api) -> None:
    assert salesforce_ids.suffix("00Dx0000000BV7z") == "EAG"
    (lead,) = leads(box, 1)
    assert (len(lead), lead[:3]) == (18, "00Q")
    assert salesforce_ids.long(lead[:15]) == lead
    assert salesforce_ids.long(lead[:15] + "AAA") in {"", lead}
    assert api.get(f"{DATA}/sobjects/Lead/{lead[:15]}").json()["Id"] == lead
    assert api.get(f"{DATA}/sobjects/Lead/{lead[:15].lower()}").json()[0]["errorCode"] == "MALFORMED_ID"


def test_records_are_retrieved_in_order_with_null_for_the_missing(box: Sandbox, api: Api) -> None:
    first, second = leads(box, 2)
    body = {"ids": [second, salesforce_ids.minted("Lead", 999), first], "fields": ["Email"]}
    told = api.post(f"{MANY}/Lead", json=body).json()
    assert [one and one["Email"] for one in told] == ["l1@acme.example", None, "l0@acme.example"]
    assert (
        api.post(f"{MANY}/Lead", json={"ids": [first], "fields": ["Nothing"]}).json()[0]["errorCode"] == "INVALID_FIELD"
    )


def test_a_removed_field_is_unknown_everywhere(box: Sandbox, api: Api) -> None:
    (lead,) = leads(box, 1)
    box.salesforce.org.remove_field("Lead", "Coldframe_Fit__c")
    assert (
        api.patch(MANY, json=rows([lead], Coldframe_Fit__c=3)).json()[0]["errors"][0]["statusCode"] == "INVALID_FIELD"
    )
    named = {one["name"] for one in api.get(f"{DATA}/sobjects/Lead/describe").json()["fields"]}
    assert "Coldframe_Fit__c" not in named
    assert "Coldframe_Engagement__c" in named


def test_what_changed_and_what_went_is_told_for_a_span(box: Sandbox, api: Api, watch: Watch) -> None:
    first, second = leads(box, 2)
    watch.forward(600)
    box.salesforce.set("Lead", first, {"City": "Lyon"})
    box.salesforce.delete("Lead", second)
    span = {"start": "2026-03-02T09:05:00+00:00", "end": "2026-03-02T10:00:00+00:00"}
    assert api.get(f"{DATA}/sobjects/Lead/updated", params=span).json()["ids"] == [first]
    deleted = api.get(f"{DATA}/sobjects/Lead/deleted", params=span).json()["deletedRecords"]
    assert [one["id"] for one in deleted] == [second]
    assert api.get(f"{DATA}/sobjects/Lead/updated").json()[0]["errorCode"] == "INVALID_REPLICATION_DATE"


def test_composite_calls_may_use_what_earlier_ones_answered(box: Sandbox, api: Api) -> None:
    base = "/services/data/v66.0/sobjects"
    calls = [
        {"method": "POST", "url": f"{base}/Account", "referenceId": "acme", "body": {"Name": "Acme"}},
        {
            "method": "POST",
            "url": f"{base}/Contact",
            "referenceId": "ana",
            "body": {"LastName": "Silva", "AccountId": "@{acme.id}"},
        },
        {"method": "GET", "url": f"{base}/Lead/nothing", "referenceId": "gone"},
    ]
    told = api.post(f"{DATA}/composite", json={"compositeRequest": calls}).json()["compositeResponse"]
    assert [one["httpStatusCode"] for one in told] == [201, 201, 404]
    assert box.salesforce.record("Contact", told[1]["body"]["id"])["AccountId"] == told[0]["body"]["id"]
    many = [{**calls[0], "referenceId": f"r{number}"} for number in range(26)]
    assert api.post(f"{DATA}/composite", json={"compositeRequest": many}).status_code == 400
