from sandbox_calls import Api

from sandbox.server import Sandbox

CONTACTS = "/hubspot/crm/objects/2026-09/contacts"


def patched(api: Api, id_: str, **properties: str) -> dict[str, str | None]:
    answer = api.patch(f"{CONTACTS}/{id_}", json={"properties": properties})
    assert answer.status_code == 200, answer.text
    told: dict[str, str | None] = answer.json()["properties"]
    return told


def test_an_empty_string_clears_and_reads_back_null(box: Sandbox, api: Api) -> None:
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example", "city": "Lyon"})
    assert patched(api, ana, city="")["city"] is None


def test_a_lifecycle_stage_never_goes_back_unless_cleared_before(box: Sandbox, api: Api) -> None:
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example", "lifecyclestage": "salesqualifiedlead"})
    assert patched(api, ana, lifecyclestage="lead")["lifecyclestage"] == "salesqualifiedlead"
    assert patched(api, ana, lifecyclestage="customer")["lifecyclestage"] == "customer"
    assert patched(api, ana, lifecyclestage="")["lifecyclestage"] is None
    assert patched(api, ana, lifecyclestage="lead")["lifecyclestage"] == "lead"


def test_a_new_contact_is_a_lead_by_itself(box: Sandbox) -> None:
    assert (
        box.hubspot.values("contacts", box.hubspot.add("contacts", {"email": "a@b.example"}))["lifecyclestage"]
        == "lead"
    )


def test_times_go_in_as_milliseconds_or_iso_and_come_out_as_iso(box: Sandbox, api: Api) -> None:
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example"})
    assert patched(api, ana, coldframe_scored_at="1767603600000")["coldframe_scored_at"] == "2026-01-05T09:00:00Z"
    assert patched(api, ana, coldframe_scored_at="2026-01-05T10:00:00.5+01:00")["coldframe_scored_at"] == (
        "2026-01-05T09:00:00.500Z"
    )


def test_one_answer_has_times_with_and_without_milliseconds(box: Sandbox, api: Api) -> None:
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example", "coldframe_scored_at": "2026-01-05T09:00:00Z"})
    told = api.get(f"{CONTACTS}/{ana}?properties=coldframe_scored_at").json()
    assert told["createdAt"] == "2026-03-02T09:00:00.250Z"
    assert told["properties"]["coldframe_scored_at"] == "2026-01-05T09:00:00Z"


def test_ids_are_beyond_32_bits_and_written_as_strings(api: Api) -> None:
    answer = api.post(CONTACTS, json={"properties": {"email": "ana@acme.example"}, "associations": []})
    assert answer.status_code == 201
    assert int(answer.json()["id"]) > 2**31


def test_emails_are_kept_in_small_letters_and_single_lines_without_space_around(box: Sandbox, api: Api) -> None:
    ana = box.hubspot.add("contacts", {"email": "Ana@Acme.example", "city": " Lyon "})
    told = api.get(f"{CONTACTS}/ana@ACME.example?idProperty=email&properties=email,city").json()
    assert (told["id"], told["properties"]["email"], told["properties"]["city"]) == (ana, "ana@acme.example", "Lyon")


def test_booleans_are_the_words_true_and_false(box: Sandbox, api: Api) -> None:
    group = api.post("/hubspot/crm/properties/2026-09/contacts/groups", json={"name": "ours", "label": "Ours"})
    assert group.status_code == 201
    wish = {"name": "ours_flag", "label": "Flag", "type": "bool", "fieldType": "booleancheckbox", "groupName": "ours"}
    assert api.post("/hubspot/crm/properties/2026-09/contacts", json=wish).status_code == 201
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example"})
    assert patched(api, ana, ours_flag="true")["ours_flag"] == "true"
    refused = api.patch(f"{CONTACTS}/{ana}", json={"properties": {"ours_flag": "yes"}})
    assert refused.json()["errors"][0]["code"] == "INVALID_OPTION"


def test_a_property_of_ours_can_be_made_and_removed_but_not_hubspots_own(box: Sandbox, api: Api) -> None:
    url = "/hubspot/crm/properties/2026-09/contacts"
    names = {one["name"] for one in api.get(url).json()["results"]}
    assert {"coldframe_fit", "coldframe_reasons", "hubspotscore", "email"} <= names
    assert api.get(f"{url}/hubspotscore").json()["modificationMetadata"]["readOnlyValue"] is True
    assert api.delete(f"{url}/coldframe_fit").status_code == 204
    assert api.get(f"{url}/coldframe_fit").status_code == 404
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example"})
    gone = api.patch(f"{CONTACTS}/{ana}", json={"properties": {"coldframe_fit": "3"}})
    assert gone.json()["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"
    assert api.delete(f"{url}/email").status_code == 400
    wish = {"name": "email", "label": "E", "type": "string", "fieldType": "text", "groupName": "contactinformation"}
    assert api.post(url, json=wish).status_code == 409


def test_archived_records_are_gone_and_their_email_is_free_again(box: Sandbox, api: Api) -> None:
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example"})
    assert api.delete(f"{CONTACTS}/{ana}").status_code == 204
    assert api.delete(f"{CONTACTS}/{ana}").status_code == 204
    answer = api.get(f"{CONTACTS}/{ana}")
    assert (answer.status_code, answer.json()["category"]) == (404, "OBJECT_NOT_FOUND")
    assert api.get(f"{CONTACTS}/{ana}?archived=true").json()["archived"] is True
    assert api.post(CONTACTS, json={"properties": {"email": "ana@acme.example"}}).status_code == 201


def test_a_merged_contact_answers_under_both_ids(box: Sandbox, api: Api) -> None:
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example"})
    old = box.hubspot.add("contacts", {"email": "ana@old.example", "city": "Lyon"})
    task = box.hubspot.add("tasks", {"hs_timestamp": "2026-03-03T09:00:00Z"})
    box.hubspot.link("tasks", task, "contacts", old)
    body = {"primaryObjectId": ana, "objectIdToMerge": old}
    assert api.post(f"{CONTACTS}/merge", json=body).json()["id"] == ana
    told = api.get(f"{CONTACTS}/{old}?properties=city,hs_merged_object_ids").json()
    assert (told["id"], told["properties"]["city"], told["properties"]["hs_merged_object_ids"]) == (ana, "Lyon", old)
    linked = api.get(f"/hubspot/crm/objects/2026-09/tasks/{task}/associations/contacts").json()["results"]
    assert [one["toObjectId"] for one in linked] == [ana]


def test_a_task_wants_a_due_time_and_is_linked_to_a_contact_by_type_204(box: Sandbox, api: Api) -> None:
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example"})
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}]
    links = [{"to": {"id": ana}, "types": types}]
    url = "/hubspot/crm/objects/2026-09/tasks"
    without = api.post(url, json={"properties": {"hs_task_subject": "Call"}, "associations": links})
    assert without.status_code == 400
    wish = {"hs_timestamp": "2026-03-03T09:00:00Z", "hs_task_subject": "Call", "hs_task_type": "CALL"}
    made = api.post(url, json={"properties": wish, "associations": links})
    assert made.status_code == 201
    told = api.get(f"{url}/{made.json()['id']}?associations=contacts").json()
    assert told["associations"]["contacts"]["results"] == [{"id": ana, "type": "task_to_contact"}]
    wrong = [{"to": {"id": ana}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 192}]}]
    assert api.post(url, json={"properties": wish, "associations": wrong}).status_code == 404
    nobody = [{"to": {"id": "404404"}, "types": types}]
    assert api.post(url, json={"properties": wish, "associations": nobody}).status_code == 404
    assert box.hubspot.counts()["tasks"] == 1


def test_the_first_company_of_a_contact_is_its_primary_one(box: Sandbox, api: Api) -> None:
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example"})
    acme = box.hubspot.add("companies", {"name": "Acme", "domain": "acme.example"})
    url = f"/hubspot/crm/objects/2026-09/contacts/{ana}/associations/default/companies/{acme}"
    assert api.put(url).status_code == 200
    assert box.hubspot.values("contacts", ana)["associatedcompanyid"] == acme
    linked = api.get(f"/hubspot/crm/objects/2026-09/contacts/{ana}/associations/companies").json()["results"]
    assert [one["typeId"] for one in linked[0]["associationTypes"]] == [1, 279]
    batch = {"inputs": [{"id": ana}, {"id": "404404"}]}
    many = api.post("/hubspot/crm/associations/2026-09/contacts/companies/batch/read", json=batch)
    assert (many.status_code, many.json()["numErrors"]) == (207, 1)
