"""The ready views as Salesforce's metadata: what each shows, of which fields, in the shape that a deploy takes."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from connectors.salesforce import queries
from connectors.salesforce.setup import list_views
from connectors.shared.provisioning import wanted
from connectors.shared.ready_views import VIEWS, UnwrittenError, View
from mappings.model.compiled_mapping import CrmMapping
from mappings.translate.translation import load_mapping

NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
ROOT = "force-app/main/default"
TITLES = ["My hot leads", "Due today", "Breached", "Recycled coming back"]
LIST_PARTS = ["fullName", "booleanFilter", "columns", "filterScope", "filters", "label", "sharedTo"]
REPORT_PARTS = [
    "columns", "currency", "description", "filter", "format", "groupingsDown", "name", "params", "reportType", "scope",
    "showDetails", "sortColumn", "sortOrder", "timeFrameFilter",
]  # fmt: skip
"""The elements of a list view and of a report, in the order in which Salesforce writes them."""
OPERATIONS = {"equals", "notEqual", "lessThan", "greaterThan", "lessOrEqual", "greaterOrEqual", "contains"}
STANDARD = {
    "FULL_NAME", "LEAD.COMPANY", "ACCOUNT.NAME", "CORE.USERS.ALIAS", "FIRST_NAME", "LAST_NAME", "COMPANY", "EMAIL",
    "OWNER", "CONVERTED", "CREATED_DATE",
}  # fmt: skip


@pytest.fixture(scope="module")
def mapping() -> CrmMapping:
    found, _ = load_mapping("salesforce")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def files(mapping: CrmMapping) -> dict[str, str]:
    return dict(list_views.project(mapping).files)


def parsed(text: str, kind: str) -> ET.Element:
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    found = ET.fromstring(text)  # noqa: S314 - of our own making
    assert found.tag == f"{NAMESPACE}{kind}"
    return found


def names(element: ET.Element) -> list[str]:
    return [each.tag.removeprefix(NAMESPACE) for each in element]


def texts(element: ET.Element, path: str) -> list[str]:
    return [each.text or "" for each in element.iterfind("/".join(f"{NAMESPACE}{part}" for part in path.split("/")))]


def lists(files: dict[str, str]) -> Iterator[tuple[str, View, ET.Element]]:
    for name in ("Lead", "Contact"):
        for view in VIEWS:
            path = f"{ROOT}/objects/{name}/listViews/{list_views.list_name(view)}.listView-meta.xml"
            yield name, view, parsed(files[path], "ListView")


def reports(files: dict[str, str]) -> Iterator[tuple[str, View, ET.Element]]:
    for name in ("Lead", "Contact"):
        for view in VIEWS:
            path = f"{ROOT}/reports/Coldframe/{view.name}_{name}s.report-meta.xml"
            yield name, view, parsed(files[path], "Report")


def in_order(found: list[str], order: list[str]) -> bool:
    places = [order.index(each) for each in found]
    return places == sorted(places)


def test_the_four_views_are_these() -> None:
    assert [view.title for view in VIEWS] == TITLES


def test_list_views_have_what_salesforce_wants_in_its_order(files: dict[str, str]) -> None:
    for _, view, found in lists(files):
        assert in_order(names(found), LIST_PARTS)
        assert texts(found, "fullName") == [f"Coldframe_{view.name}"]
        assert len(texts(found, "label")[0]) <= 40
        assert len(texts(found, "fullName")[0]) <= 40
        assert texts(found, "filterScope") == ["Mine" if view.mine else "Everything"]
        assert set(texts(found, "filters/operation")) <= OPERATIONS
        assert len(texts(found, "filters/value")) == len(texts(found, "filters/field")) <= 10


def test_reports_have_what_salesforce_wants_in_its_order(files: dict[str, str]) -> None:
    for name, view, found in reports(files):
        assert in_order(names(found), REPORT_PARTS)
        kind, everybody = ("LeadList", "org") if name == "Lead" else ("ContactList", "organization")
        assert texts(found, "reportType") == [kind]
        assert texts(found, "scope") == ["user" if view.mine else everybody]
        assert len(texts(found, "name")[0]) <= 40
        assert len(texts(found, "description")[0]) <= 255
        assert set(texts(found, "filter/criteriaItems/operator")) <= OPERATIONS
        grouped = texts(found, "groupingsDown/field")
        assert texts(found, "format") == ["Summary" if grouped else "Tabular"]
        assert not set(grouped) & set(texts(found, "columns/field")), "a deploy refuses a column that is grouped by"
        assert texts(found, "timeFrameFilter/interval") == ["INTERVAL_CUSTOM"], "of whatever age"


def test_the_folder_is_shared_with_everybody_inside(files: dict[str, str]) -> None:
    folder = parsed(files[f"{ROOT}/reports/Coldframe.reportFolder-meta.xml"], "ReportFolder")
    assert texts(folder, "folderShares/sharedTo") == ["AllInternalUsers"]
    assert texts(folder, "folderShares/accessLevel") == ["View"]
    assert json.loads(files["sfdx-project.json"])["packageDirectories"] == [{"path": "force-app", "default": True}]


def test_every_field_that_a_view_names_is_provisioned_or_salesforces_own(
    mapping: CrmMapping, files: dict[str, str]
) -> None:
    made = {(one.object, one.name) for one in wanted(mapping, task="Task", key=queries.TASK_KEY)}
    for name, _, found in lists(files):
        for each in texts(found, "columns") + texts(found, "filters/field"):
            assert each in STANDARD or (name, each) in made, each
    for name, _, found in reports(files):
        for each in texts(found, "columns/field") + texts(found, "filter/criteriaItems/column"):
            assert each in STANDARD or tuple(each.split(".")) in made, each
            assert each in STANDARD or each.startswith(f"{name}.")


def test_each_view_holds_what_it_says(files: dict[str, str]) -> None:
    filters = {
        view.title: list(
            zip(
                texts(found, "filters/field"),
                texts(found, "filters/operation"),
                texts(found, "filters/value"),
                strict=True,
            )
        )
        for name, view, found in lists(files)
        if name == "Lead"
    }
    assert filters == {
        "My hot leads": [
            ("Coldframe_Band__c", "equals", "hot"),
            ("Coldframe_Stage__c", "notEqual", "customer,suppressed"),
        ],
        "Due today": [("Coldframe_Sla_Due__c", "equals", "TODAY")],
        "Breached": [("Coldframe_Overdue_Since__c", "lessOrEqual", "TODAY")],
        "Recycled coming back": [
            ("Coldframe_Stage__c", "equals", "recycled"),
            ("Coldframe_Active_Again__c", "lessOrEqual", "TODAY"),
        ],
    }


def changed(mapping: CrmMapping, **fields: Any) -> CrmMapping:
    """The mapping with other targets for leads: a name of the standing, and None (not written) or what changes."""
    lead = mapping.objects["Lead"]
    write = tuple(
        replace(target, **fields[target.name]) if target.name in fields and not target.native else target
        for target in lead.write
        if target.native or fields.get(target.name, {}) is not None
    )
    return replace(mapping, objects={**mapping.objects, "Lead": replace(lead, write=write)})


def test_another_mapping_gives_other_fields_and_its_own_words(mapping: CrmMapping) -> None:
    ours = changed(mapping, band={"field": "Temperature__c", "values": {"hot": "Boiling & more"}})
    files = dict(list_views.project(ours).files)
    found = next(found for name, view, found in lists(files) if (name, view.title) == ("Lead", "My hot leads"))
    assert texts(found, "filters/field")[0] == "Temperature__c"
    assert texts(found, "filters/value")[0] == "Boiling & more"


def test_a_field_that_is_not_mapped_is_named_with_the_views_that_need_it(mapping: CrmMapping) -> None:
    with pytest.raises(UnwrittenError, match=r"sla_due of Lead \(for My hot leads, Due today, Breached\)"):
        list_views.project(changed(mapping, sla_due=None))


def test_an_object_without_views_of_its_own_is_left_to_a_person(mapping: CrmMapping) -> None:
    account = replace(mapping.objects["Contact"], name="Account")
    ours = replace(mapping, objects={"Lead": mapping.objects["Lead"], "Account": account})
    made = list_views.project(ours)
    assert not any("/Account/" in path or "/Contact/" in path for path in made.files)
    assert any("Account by hand" in step for step in made.steps)
