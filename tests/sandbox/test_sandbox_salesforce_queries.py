from typing import Any

import pytest
import requests
from sandbox_calls import Api, Watch

from sandbox.server import Sandbox

DATA = "/salesforce/services/data/v66.0"
SELECT = "SELECT LastName FROM Lead"


def ask(api: Api, soql: str, way: str = "query") -> dict[str, Any]:
    answer = api.get(f"{DATA}/{way}", params={"q": soql})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def names(api: Api, where: str) -> str:
    return "".join(one["LastName"] for one in ask(api, f"{SELECT} WHERE {where}")["records"])


@pytest.fixture(autouse=True)
def people(box: Sandbox, watch: Watch) -> None:
    scores = {"A": 9, "B": 10, "C": 70, "D": None}
    for name, score in scores.items():
        values: dict[str, Any] = {"LastName": name, "Company": f"{name} & Sons", "Email": f"{name}@acme.example"}
        values["HasOptedOutOfEmail"] = name == "C"
        box.salesforce.add("Lead", values | ({} if score is None else {"Coldframe_Score__c": score}))
        watch.forward(86_400)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Coldframe_Score__c = 10", "B"),
        ("Coldframe_Score__c != 10", "ACD"),
        ("Coldframe_Score__c > 9", "BC"),
        ("Coldframe_Score__c >= 9", "ABC"),
        ("Coldframe_Score__c < 10", "A"),
        ("Coldframe_Score__c <= 10.0", "AB"),
        ("Coldframe_Score__c = null", "D"),
        ("Coldframe_Score__c != NULL", "ABC"),
        ("Coldframe_Score__c IN (9, 70)", "AC"),
        ("Coldframe_Score__c NOT IN (9, 70)", "BD"),
        ("Email = 'a@ACME.example'", "A"),
        ("Email IN ('A@acme.example','b@acme.example')", "AB"),
        ("Company LIKE 'a & %'", "A"),
        ("Company LIKE '_ & sons'", "ABCD"),
        ("Company LIKE 'x%'", ""),
        ("HasOptedOutOfEmail = TRUE", "C"),
        ("NOT HasOptedOutOfEmail = true", "ABD"),
        ("LastName = 'A' OR LastName = 'B' AND Coldframe_Score__c > 50", "A"),
        ("(LastName = 'A' OR LastName = 'C') AND (NOT Email LIKE 'c%')", "A"),
        ("CreatedDate >= 2026-03-04T09:00:00Z", "CD"),
        ("CreatedDate > 2026-03-04T09:00:00.250+00:00", "D"),
        ("CreatedDate = YESTERDAY", "D"),
        ("CreatedDate = LAST_N_DAYS:2", "CD"),
        ("CreatedDate < TODAY", "ABCD"),
        ("Owner.LastName = 'rasmussen'", "ABCD"),
    ],
)
def test_conditions_hold_as_in_soql(api: Api, where: str, expected: str) -> None:
    assert names(api, where) == expected


def test_quotes_in_a_literal_are_escaped_and_stay_in_it(box: Sandbox, api: Api) -> None:
    box.salesforce.add("Lead", {"LastName": "O'Brien", "Company": "Back\\slash"})
    assert names(api, r"LastName = 'O\'Brien'") == "O'Brien"
    assert names(api, r"Company = 'Back\\slash'") == "O'Brien"
    assert names(api, r"LastName = 'x\' OR LastName != \''") == ""


def test_ids_are_found_in_either_length(box: Sandbox, api: Api) -> None:
    first, second, *_ = (one["Id"] for one in box.salesforce.records("Lead"))
    assert names(api, f"Id IN ('{first}', '{second[:15]}')") == "AB"


def test_order_limit_and_offset(api: Api) -> None:
    def ordered(rest: str) -> str:
        return "".join(one["LastName"] for one in ask(api, f"{SELECT} {rest}")["records"])

    assert ordered("ORDER BY Coldframe_Score__c") == "DABC"
    assert ordered("ORDER BY Coldframe_Score__c DESC NULLS LAST") == "CBAD"
    assert ordered("ORDER BY HasOptedOutOfEmail DESC, LastName DESC LIMIT 2 OFFSET 1") == "DB"
    assert ordered("order by Id limit 1") == "A"


def test_fields_of_other_records_are_nested(box: Sandbox, api: Api) -> None:
    acme = box.salesforce.add("Account", {"Name": "Acme"})
    box.salesforce.add("Contact", {"LastName": "Silva", "AccountId": acme})
    box.salesforce.add("Contact", {"LastName": "Solo"})
    told = ask(api, "SELECT LastName, Account.Name FROM Contact ORDER BY LastName")["records"]
    assert told[0]["Account"]["Name"] == "Acme"
    assert told[0]["Account"]["attributes"]["type"] == "Account"
    assert told[1]["Account"] is None


def test_a_count_has_no_records(api: Api) -> None:
    assert ask(api, "SELECT COUNT() FROM Lead WHERE Email != null") == {"totalSize": 4, "done": True, "records": []}


def test_long_answers_come_in_pages(box: Sandbox, api: Api) -> None:
    box.salesforce.gate.queries.page = 3
    page = ask(api, "SELECT LastName FROM Lead ORDER BY LastName")
    assert (page["totalSize"], page["done"], len(page["records"])) == (4, False, 3)
    rest = api.get("/salesforce" + page["nextRecordsUrl"]).json()
    assert (rest["done"], [one["LastName"] for one in rest["records"]]) == (True, ["D"])
    assert "nextRecordsUrl" not in rest
    lost = api.get(f"{DATA}/query/01gnothing-3")
    assert lost.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_the_recycle_bin_is_seen_by_query_all_alone(box: Sandbox, api: Api) -> None:
    box.salesforce.delete("Lead", box.salesforce.records("Lead")[0]["Id"])
    assert ask(api, "SELECT Id FROM Lead")["totalSize"] == 3
    assert ask(api, "SELECT Id FROM Lead WHERE IsDeleted = true", "queryAll")["totalSize"] == 1


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Nothing FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE Nothing = 'x'", "INVALID_FIELD"),
        ("SELECT Nobody.Name FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM Unicorn", "INVALID_TYPE"),
        ("SELECT Id FROM Lead WHERE Email = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE CreatedDate > '2026-01-01'", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE Description = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE OwnerId = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id Lead", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE Email = 'open", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead LIMIT ten", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE Email = 'x' Email = 'y'", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
    ],
)
def test_what_is_no_query_is_refused_in_salesforces_words(api: Api, soql: str, code: str) -> None:
    answer = api.get(f"{DATA}/query", params={"q": soql})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_describe_tells_what_writes_will_be_refused_for(api: Api) -> None:
    fields = {one["name"]: one for one in api.get(f"{DATA}/sobjects/Task/describe").json()["fields"]}
    key = fields["Coldframe_Key__c"]
    assert (key["unique"], key["externalId"], key["length"], key["custom"]) == (True, True, 255, True)
    assert fields["WhoId"]["referenceTo"] == ["Contact", "Lead"]
    assert fields["Description"]["length"] == 32000
    lead = {one["name"]: one for one in api.get(f"{DATA}/sobjects/Lead/describe").json()["fields"]}
    assert (lead["Name"]["updateable"], lead["LastName"]["nillable"]) == (False, False)
    assert [one["value"] for one in lead["Coldframe_Band__c"]["picklistValues"]] == ["cold", "warm", "hot"]
    listed = api.get(f"{DATA}/sobjects").json()["sobjects"]
    assert {"Lead", "Contact", "Account", "Opportunity", "Task", "User"} <= {one["name"] for one in listed}


def test_the_versions_of_the_api_are_open_to_all(box: Sandbox) -> None:
    told = {
        one["version"]: one["label"] for one in requests.get(f"{box.url}/salesforce/services/data", timeout=5).json()
    }
    assert (told["66.0"], told["67.0"], told["65.0"]) == ("Spring '26", "Summer '26", "Winter '26")


def test_what_has_changed_since_a_time_is_found_in_the_order_of_changes_and_all_where_there_is_none(
    api: Api, box: Sandbox, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = box.salesforce.records("Lead")
    box.salesforce.set("Lead", str(first["Id"]), {"Company": "A, anew"})
    box.salesforce.delete("Lead", str(box.salesforce.records("Lead")[2]["Id"]))
    asked = "SystemModstamp >= 2026-03-04T09:00:00Z"
    assert names(api, asked) == "AD", "the one that is deleted is not there"
    with monkeypatch.context() as patch:
        patch.setattr(box.salesforce.org, "all", lambda *_, **__: pytest.fail("it looked at all of them"))
        assert names(api, f"{asked} AND Company LIKE 'a%'") == "A"
        assert names(api, "SystemModstamp > 2026-03-06T09:00:00Z ORDER BY LastName DESC") == "A"
    watch.forward(-30 * 86_400)
    box.salesforce.add("Lead", {"LastName": "E", "Company": "E"})
    watch.forward(30 * 86_400)
    assert names(api, "SystemModstamp >= 2026-02-02T09:00:00Z") == "ABDE", "a record of the past hides nobody"
