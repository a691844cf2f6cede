"""Every kind of request that is sent to HubSpot is one that exactly one of its published endpoints takes.

Every test that has a sandbox is held to that (`misshapen` in conftest.py), and the run says how many kinds it saw. Here
the product asks for all that it ever asks for, so that the count cannot become small unnoticed.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import crm_shapes
import hubspot_endpoints
import pytest
from connector_ground import DUE, TOKEN
from hubspot_endpoints import ENDPOINTS
from provision_ground import carry_out

from connectors.base.credentials import Credential
from connectors.base.port import FieldWrite, PersonWrite, TaskWrite
from connectors.base.sign_in_port import Client
from connectors.hubspot.connector import HubSpotConnector
from connectors.hubspot.setup.contact_lists import HubSpotLists
from connectors.hubspot.setup.oauth import HubSpotSignIn
from connectors.hubspot.setup.provisioner import HubSpotProvisioner
from connectors.hubspot.setup.public_app import App
from connectors.shared.oauth_flow import described
from mappings.model.task_text import of_plain
from mappings.translate.translation import load_mapping
from sandbox.both.both_systems import APP_ID
from sandbox.server import Sandbox

UNUSED = {
    ("POST", "/crm/objects/2026-09/{objectType}"),
    ("GET", "/crm/objects/2026-09/{objectType}/{id}"),
    ("PATCH", "/crm/objects/2026-09/{objectType}/{id}"),
    ("DELETE", "/crm/objects/2026-09/{objectType}/{id}"),
    ("POST", "/crm/objects/2026-09/{objectType}/batch/upsert"),
    ("POST", "/crm/objects/2026-09/{objectType}/batch/archive"),
    ("POST", "/crm/objects/2026-09/{objectType}/gdpr-delete"),
    ("GET", "/crm/pipelines/2026-09/{objectType}"),
    ("GET", "/oauth/authorize"),
}
"""What is described for the tests' own requests; the page of a sign-in is asked for by a browser."""


def everything(box: Sandbox) -> None:
    """All that the product asks HubSpot for."""
    url = f"{box.url}/hubspot"
    box.hubspot.limits.searches = 0
    credential = Credential(token=TOKEN, api_url=url)
    ana, bo = (box.hubspot.add("contacts", {"email": f"{name}@acme.example"}) for name in ("ana", "bo"))
    deal = box.hubspot.add("deals", {"dealname": "Acme"})
    box.hubspot.link("deals", deal, "contacts", ana)
    mapping, _ = load_mapping("hubspot")
    assert mapping is not None
    for app in (None, App(number=str(APP_ID), key="k" * 20)):
        with closing(HubSpotProvisioner(credential, webhook_url="https://coldframe.example/webhooks", app=app)) as made:
            carry_out(made.plan(mapping))
            box.hubspot.portal.properties("contacts")["coldframe_band"].label = "Somebody's own"
            carry_out(made.plan(mapping))
            carry_out(made.removal(mapping))
            carry_out(made.plan(mapping))
    with closing(HubSpotLists(credential)) as lists:
        carry_out(lists.plan(mapping))
        for held in box.hubspot.gate.lists.held.values():
            held["filterBranch"]["filterBranches"][0]["filters"].clear()
        carry_out(lists.plan(mapping))
        carry_out(lists.removal(mapping))
    with closing(HubSpotConnector(credential)) as crm:
        for name in mapping.objects:
            fields = mapping.reads(name)
            crm.describe(name)
            crm.count(name)
            page = crm.everything(name, fields)
            crm.changes(name, fields, since=0, having="hs_object_id")
            crm.read(name, [each.id for each in page.records] or ["404404"], fields)
        crm.everything("contact", ["email"], after=ana)
        crm.changes("contact", ["email"], since=0, after=ana)
        crm.find(["ana@acme.example"], {"contact": ["email"]})
        crm.users()
        crm.examine({"contact": ["email"]})
        crm.apply(
            [
                FieldWrite(key="f1", object="contact", id=ana, fields={"coldframe_fit": "7", "lifecyclestage": "lead"}),
                FieldWrite(key="f2", object="contact", id=bo, fields={"hs_email_optout": "true"}),
                FieldWrite(key="f3", object="company", id="404404", fields={"name": "Acme"}),
                TaskWrite(key="t1", object="contact", id=ana, subject="Call", body=of_plain("Fit"), due_at=DUE),
                TaskWrite(
                    key="t2", object="deal", id=deal, subject="Call", body=of_plain("Fit"), due_at=DUE, attempted=True
                ),
                PersonWrite(key="p1", object="contact", email="cy@new.example", fields={"email": "cy@new.example"}),
            ]
        )
    with closing(HubSpotSignIn(Client(id="a", secret="b", api_url=url))) as signing:
        refresh = box.hubspot.gate.issuer.refresh("a")
        issued = signing.refreshed(refresh)
    described(f"{url}/account-info/2026-09/details", issued.access_token, (3.0, 10.0))


@pytest.fixture
def kinds(bare: Sandbox) -> Iterator[set[str]]:
    before = set(crm_shapes.KINDS)
    crm_shapes.KINDS.clear()
    everything(bare)
    yield set(crm_shapes.KINDS)
    crm_shapes.KINDS |= before


def test_all_that_the_product_asks_hubspot_for_is_published(bare: Sandbox, kinds: set[str]) -> None:
    entries = bare.hubspot.log.entries()
    found = [hubspot_endpoints.matching(entry.method, entry.path) for entry in entries]
    assert {len(each) for each in found} == {1}
    used = {(each[0].method, each[0].path) for each in found}
    described_alone = {(each.method, each.path) for each in ENDPOINTS} - used
    assert described_alone == UNUSED
    assert len(kinds) >= 70, sorted(kinds)


def call(method: str, path: str, body: Any = None, query: str = "") -> tuple[str, str, str, Any]:
    return method, path, query, body


READ = {"inputs": [{"id": "1"}], "properties": [], "propertiesWithHistory": []}
WRONG = {
    "a numbered path": (call("POST", "/crm/v3/objects/contacts/batch/read", READ), "no such call"),
    "a version that is not published": (call("GET", "/crm/owners/2026-10"), "no such call"),
    "the version in its old place": (call("GET", "/crm/2026-09/owners"), "no such call"),
    "an object type that there is not": (call("GET", "/crm/objects/2026-09/unicorns"), "no such call"),
    "another method": (call("PUT", "/crm/objects/2026-09/contacts/batch/read", READ), "no such call"),
    "an id that is none": (call("DELETE", "/crm/objects/2026-09/contacts/x"), "no such call"),
    "the old webhooks": (call("GET", "/webhooks/2026-09/7/settings", query="hapikey=k"), "no such call"),
    "101 inputs": (
        call("POST", "/crm/objects/2026-09/tasks/batch/read", READ | {"inputs": [{"id": "1"}] * 101}), "long",
    ),
    "an input too few members": (call("POST", "/crm/objects/2026-09/tasks/batch/read", {"inputs": []}), "required"),
    "a member too many": (call("POST", "/crm/objects/2026-09/tasks/batch/read", READ | {"after": "1"}), "after"),
    "a number for a text": (
        call("POST", "/crm/associations/2026-09/deals/contacts/batch/read", {"inputs": [{"id": 1}]}), "string",
    ),
    "201 a page of search": (
        call("POST", "/crm/objects/2026-09/contacts/search",
             {"limit": 201, "after": "0", "properties": [], "sorts": [], "filterGroups": []}), "maximum",
    ),
    "101 a page": (call("GET", "/crm/objects/2026-09/contacts", query="limit=101"), "at most 100"),
    "501 owners": (call("GET", "/crm/owners/2026-09", query="limit=501"), "at most 500"),
    "a page of none": (call("GET", "/crm/owners/2026-09", query="limit=0"), "limit"),
    "a flag in capitals": (call("GET", "/crm/owners/2026-09", query="archived=False"), "archived"),
    "a parameter that there is not": (call("GET", "/crm/owners/2026-09", query="page=2"), "does not have"),
    "a parameter too few": (
        call("POST", "/communication-preferences/2026-09/statuses/batch/unsubscribe-all", {"inputs": ["a@b.example"]}),
        "no parameter channel",
    ),
    "a body where none belongs": (call("GET", "/account-info/2026-09/details", {}), "none belongs"),
    "a body that is missing": (call("POST", "/crm/properties/2026-09/contacts"), "object"),
    "a grant that there is not": (call("POST", "/oauth/2026-09/token", "grant_type=password&client_id=a"), "password"),
    "a form without its secret": (
        call("POST", "/oauth/2026-09/token", "grant_type=refresh_token&client_id=a&refresh_token=r"), "client_secret",
    ),
    "a form with too much": (
        call("POST", "/oauth/2026-09/token",
             "grant_type=refresh_token&client_id=a&client_secret=b&refresh_token=r&code=c"), "code",
    ),
}  # fmt: skip


@pytest.mark.parametrize("why", WRONG)
def test_a_request_that_hubspot_would_not_take_is_found(why: str) -> None:
    (method, path, query, body), said = WRONG[why]
    found = list(hubspot_endpoints.faults(method, path, query, body))
    assert any(said in one for one in found), found


def test_every_endpoint_is_told_from_every_other() -> None:
    """A path that is one endpoint's own is no other's."""
    parts = {"{objectType}": "contacts", "{objectType2}": "deals", "{id}": "17", "{appId}": "7", "{name}": "shoe_size"}
    for each in ENDPOINTS:
        path = "/".join(parts.get(part, part) for part in each.path.split("/"))
        assert hubspot_endpoints.matching(each.method, path) == [each]


def test_kinds_differ_by_parameters_and_members_and_not_by_ids_and_values() -> None:
    def kind(path: str, query: str = "", body: Any = None) -> str:
        return hubspot_endpoints.kind("POST", f"/crm/objects/2026-09/{path}", query, body)

    one = kind("contacts/batch/read", "", READ)
    assert one == kind("contacts/batch/read", "", READ | {"inputs": [{"id": "2"}] * 3, "properties": ["email"]})
    assert one != kind("contacts/batch/read", "", READ | {"idProperty": "email"})
    assert one != kind("tasks/batch/read", "", READ)
    assert kind("contacts/171717") == kind("contacts/181818")
    assert kind("contacts", "after=1") != kind("contacts", "")
