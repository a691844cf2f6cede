"""Which words a CRM's tasks are written in: by what the CRM says of them, never by how they are spelled in English."""

import pytest

from connectors.base.port import FieldInfo, TaskWrite
from connectors.base.task_words import Word, priorities, status
from connectors.hubspot.staff import task_words as of_hubspot
from connectors.salesforce.batches import upsert_body
from connectors.salesforce.staff import task_words
from mappings.model.task_text import of_plain
from mappings.values.instant import parse


def row(word: str, *, flag: str, marked: bool = False, default: bool = False, api: str = "") -> dict[str, object]:
    return {"MasterLabel": word, "ApiName": api or word, "IsDefault": default, flag: marked}


def options(*values: str, default: str = "") -> list[dict[str, object]]:
    return [{"value": value, "label": value, "active": True, "defaultValue": value == default} for value in values]


def statuses(*rows: dict[str, object]) -> list[dict[str, object]]:
    return list(rows)


def test_an_orgs_own_words_are_known_by_what_they_mean() -> None:
    said = task_words(
        [
            row("Nicht begonnen", flag="IsClosed", default=True),
            row("In Bearbeitung", flag="IsClosed"),
            row("Abgeschlossen", flag="IsClosed", marked=True),
        ],
        [
            row("Hoch", flag="IsHighPriority", marked=True),
            row("Normal", flag="IsHighPriority", default=True),
            row("Niedrig", flag="IsHighPriority"),
        ],
        {
            "Status": options("Nicht begonnen", "In Bearbeitung", "Abgeschlossen"),
            "Priority": options("Hoch", "Normal", "Niedrig"),
        },
    )
    assert (said.opened, said.closed) == ({"Status": "Nicht begonnen"}, {"Status": "Abgeschlossen"})
    assert [said.priority(each) for each in ("low", "normal", "high")] == [
        {"Priority": "Niedrig"},
        {"Priority": "Normal"},
        {"Priority": "Hoch"},
    ]
    assert said.fallbacks == ()


def test_a_label_and_the_value_behind_it_are_told_apart() -> None:
    rows = [
        row("Offen", flag="IsClosed", default=True, api="open"),
        row("Fertig", flag="IsClosed", marked=True, api="done"),
    ]
    taken = [{"value": "open", "label": "Offen"}, {"value": "done", "label": "Fertig"}]
    said = task_words(rows, [], {"Status": taken})
    assert (said.opened, said.closed) == ({"Status": "open"}, {"Status": "done"})
    without_names = [{**each, "ApiName": None} for each in rows]
    assert task_words(without_names, [], {"Status": taken}).closed == {"Status": "done"}


def test_a_word_that_the_picklist_does_not_take_is_not_used() -> None:
    rows = [
        row("Old", flag="IsClosed", default=True),
        row("New", flag="IsClosed"),
        row("Gone", flag="IsClosed", marked=True),
        row("Done", flag="IsClosed", marked=True),
    ]
    said = task_words(
        rows, [], {"Status": [*options("New", "Done"), {"value": "Gone", "label": "Gone", "active": False}]}
    )
    assert (said.opened, said.closed) == ({"Status": "New"}, {"Status": "Done"})


def test_what_cannot_be_found_out_is_left_to_the_crm_and_told() -> None:
    said = task_words([], [], {"Status": options("Offen", "Fertig", default="Offen"), "Priority": options("1", "2")})
    assert said.opened == {"Status": "Offen"}, "its default is an open one"
    assert said.closed == {}
    assert said.priority("high") == {}
    assert [each.partition(":")[0] for each in said.fallbacks] == [
        "no status of Task closes one",
        "no priority of Task is high or normal",
    ]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], {"low": "", "normal": "", "high": ""}),
        ([Word(value="1", marked=True), Word(value="2")], {"low": "2", "normal": "2", "high": "1"}),
        ([Word(value="1"), Word(value="2", default=True), Word(value="3")], {"low": "3", "normal": "2", "high": ""}),
        ([Word(value="a", default=True), Word(value="b")], {"low": "b", "normal": "a", "high": ""}),
    ],
)
def test_low_normal_and_high_of_any_list(words: list[Word], wanted: dict[str, str]) -> None:
    assert priorities(words) == wanted


def test_an_open_status_is_the_default_unless_that_one_closes() -> None:
    assert status([Word(value="a", marked=True, default=True), Word(value="b")]) == ("b", "a")
    assert status([Word(value="a"), Word(value="b", default=True)]) == ("b", "")
    assert status([]) == ("", "")


def info(name: str, *values: str) -> FieldInfo:
    return FieldInfo(name=name, label="", type="enumeration", options=values)


def test_a_portal_that_hides_values_is_told_of() -> None:
    said = of_hubspot([info("hs_task_status", "NOT_STARTED"), info("hs_task_priority", "LOW", "HIGH")])
    assert (said.opened, said.closed) == ({"hs_task_status": "NOT_STARTED"}, {})
    assert said.priority("normal") == {}
    assert said.priority("high") == {"hs_task_priority": "HIGH"}
    assert len(said.fallbacks) == 2


@pytest.mark.parametrize(
    ("due", "zone", "day"),
    [
        ("2026-03-07T01:00:00Z", "America/Los_Angeles", "2026-03-06"),  # a Friday, 17:00 there
        ("2026-03-06T23:30:00Z", "Europe/Berlin", "2026-03-07"),
        ("2026-03-06T23:30:00Z", "UTC", "2026-03-06"),
        ("2026-03-08T09:30:00Z", "America/Los_Angeles", "2026-03-08"),  # the clocks change that night
        ("2026-11-01T08:30:00Z", "America/Los_Angeles", "2026-11-01"),  # half past one in summer time
        ("2026-11-01T09:30:00Z", "America/Los_Angeles", "2026-11-01"),  # and an hour later in winter time
        ("2026-11-02T07:59:00Z", "America/Los_Angeles", "2026-11-01"),  # a day of 25 hours
        ("2026-03-06T11:00:00Z", "Pacific/Tongatapu", "2026-03-07"),  # thirteen hours ahead
        ("2026-03-06T12:30:00Z", "Pacific/Kiritimati", "2026-03-07"),
        ("2026-03-06T12:30:00Z", "Nowhere/Known", "2026-03-06"),
    ],
)
def test_a_task_falls_due_on_its_persons_day(due: str, zone: str, day: str) -> None:
    write = TaskWrite(key="k", object="Lead", id="00Q", subject="s", body=of_plain("b"), due_at=parse(due), zone=zone)
    (made,) = upsert_body([write])["records"]
    assert made["ActivityDate"] == day
    assert "Status" not in made
    assert "Priority" not in made
