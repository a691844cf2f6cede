"""Field mappings as a table: the CRM's fields beside ours, changed in forms, checked at once, published as drafts."""

import html
import re

import pytest
from console_browser import ConsoleBrowser, ConsoleGround
from edited_texts import edited_text
from flows_crms import person
from flows_run import Watch, drain_all, with_parts, write_freely

from integration.flows.reading import reconcile
from integration.store.events import playbook_versions
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR
from mappings.yaml_files.located_yaml import load
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

ANA = "ana@acme.example"
TABLE = "/console/mappings/hubspot"
TITLE = f"{TABLE}/field?object=contact&section=lead&name=title"
STAGE = f"{TABLE}/field?object=contact&section=write&name=stage"
SOURCE = f"{TABLE}/field?object=contact&section=lead&name=source"


@pytest.fixture
def living(service: Service, sandbox: Sandbox, at: Watch) -> Service:
    """A service that has read Ana."""
    write_freely(service.store)
    person(sandbox, "hubspot", ANA)
    reconcile.poll(service, next(iter(service.connections)))
    drain_all(service)
    return with_parts(service, started=at())


@pytest.fixture
def editor(living: Service, ground: ConsoleGround) -> ConsoleBrowser:
    assert living.connections
    return ground.signed_in("editor")


def mapping(service: Service) -> str:
    """The mapping in force."""
    with service.store.read() as conn:
        current = playbook_versions.current(conn)
        assert current is not None
        files = playbook_versions.texts(conn, current.number).files
    return dict(files)["mapping:hubspot"].text


def said(service: Service, *path: str) -> object:
    """What the mapping in force says of contacts at a place."""
    located, _ = load(mapping(service), "")
    assert located is not None
    found = located.value["objects"]["contact"]
    for step in path:
        found = found[step]
    return found


def row(page: str, name: str) -> str:
    """A row of the table, by the CRM's name of the field."""
    found = next(each for each in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if f"<code>{name}</code>" in each)
    return words(found)


def problems(page: str, slot: str) -> str:
    """What is wrong with one input."""
    found = re.search(rf'id="slot-{slot}"[^>]*>(.*?)</div>', page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def words(page: str) -> str:
    """A page's text without its marks."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def publish(browser: ConsoleBrowser) -> None:
    answer = browser.post(f"{TABLE}/propose", {"reason": "a test"})
    assert answer.status_code == 303, answer.text
    draft = answer.headers["Location"]
    assert browser.post(draft.replace("/drafts/", "/publish/")).status_code == 303, browser.get(draft).text


def test_the_table_shows_the_crms_fields_beside_ours(editor: ConsoleBrowser) -> None:
    page = editor.get(TABLE).text
    assert "read Title of the person" in row(page, "jobtitle")
    assert "write" in row(page, "coldframe_score")
    assert "Owner of the person · a blank clears" in row(page, "hubspot_owner_id")
    assert "never: routing's" in row(page, "hubspot_owner_id")
    assert "id of a Salesforce Lead" in row(page, "hs_salesforceleadid")
    assert "yes: stage" in row(page, "lifecyclestage")
    found = editor.get(f"{TABLE}?q=MARKETINGQ&show=all").text
    assert row(found, "lifecyclestage")
    assert "<code>jobtitle</code>" not in found
    assert "No field of contact has" in editor.get(f"{TABLE}?q=nonsense").text
    assert "numberofemployees" in editor.get(f"{TABLE}?object=company").text


def test_the_crm_is_asked_once_and_its_silence_is_said(editor: ConsoleBrowser, sandbox: Sandbox, at: Watch) -> None:
    def calls() -> int:
        return len(list(sandbox.hubspot.log.entries(method="GET")))

    before = calls()
    for path in (TABLE, TABLE, TITLE):
        assert editor.get(path).status_code == 200
    assert calls() - before == 1
    at.forward(HOUR)
    sandbox.faults.add(Fault(kind="page", system="hubspot", status=503, times=0))
    page = editor.get(TABLE)
    assert page.status_code == 200
    assert "HubSpot did not say which fields contact has" in page.text
    assert "You see its fields of" in page.text
    assert row(page.text, "jobtitle")
    company = editor.get(f"{TABLE}?object=company").text
    assert "what the CRM has and allows is not known now" in company
    assert "not known" in row(company, "numberofemployees")
    sandbox.faults.clear()
    answer = editor.post(f"{TABLE}/ask?object=company")
    assert "read from HubSpot" in editor.get(answer.headers["Location"]).text


def test_a_field_is_changed_in_its_form_and_published_as_a_version(editor: ConsoleBrowser, living: Service) -> None:
    before = mapping(living)
    fields = {"s0-from": "lead_source", "s0-as": "text", "default": "Director", "blank": "clear"}
    answer = editor.post(TITLE, {**fields, "action": "save"})
    assert answer.status_code == 303, answer.text
    assert "1 change of yours is not published" in words(editor.get(TABLE).text)
    zone = {"s0-from": "hs_timezone", "s0-as": "timezone", "owned": "yes", "action": "save"}
    assert editor.post(TITLE.replace("title", "timezone"), zone).status_code == 303
    assert mapping(living) == before, "nothing is published yet"
    assert "Title of the person · default Director · a blank clears · Salesforce counts" in row(
        editor.get(TABLE).text, "lead_source"
    )
    changed = editor.get(f"{TABLE}/changes").text
    assert "Title of contact: read" in changed
    assert 'class="added"' in changed
    assert editor.post(f"{TABLE}/propose", {"reason": " "}).status_code == 400
    publish(editor)
    rule = "      title: {from: lead_source, default: Director, blank: clear}\n"
    owns = "owns: {lead: [timezone]}\n"
    assert mapping(living) == edited_text(before, ("      title: jobtitle\n", rule)) + owns
    assert "changed nothing" in editor.get(f"{TABLE}/changes").text


def test_a_mistake_is_said_at_its_input_and_not_kept(editor: ConsoleBrowser) -> None:
    fields = {"s0-from": "jobtitel", "s0-as": "text", "default": "", "blank": "keep"}
    checked = editor.post(TITLE.replace("/field?", "/field/check?"), fields).text
    assert "did you mean 'jobtitle'?" in problems(checked, "s0-from")
    slots = re.compile(r'id="((?:slot|hint)-[^"]+)"')
    assert set(slots.findall(checked)) == set(slots.findall(editor.get(TITLE).text)), "each input has its place"
    number = editor.post(TITLE.replace("/field?", "/field/check?"), {**fields, "s0-as": "number"}).text
    assert "'number' makes no text" in problems(number, "s0-as")
    answer = editor.post(TITLE, {**fields, "action": "save"})
    assert answer.status_code == 400
    assert "did you mean" in problems(answer.text, "s0-from")
    assert 'value="jobtitel"' in answer.text, "what was written is not lost"
    assert "not published" not in editor.get(TABLE).text
    owned = {"s0-from": "industry", "s0-as": "text", "owned": "yes"}
    address = f"{TABLE}/field/check?object=company&section=account&name=industry"
    assert "Salesforce claims it too" in problems(editor.post(address, owned).text, "owned")


def test_a_picklists_table_is_filled_from_the_values_of_the_crm(editor: ConsoleBrowser, living: Service) -> None:
    page = editor.post(SOURCE, {"s0-from": "lifecyclestage", "s0-as": "picklist", "action": "refresh"}).text
    values = re.findall(r'name="s0-c(\d+)" value="([^"]+)"', page)
    assert ("1", "lead") in values
    assert editor.get(f"{TABLE}/changes").text.count("Take back") == 0, "looked at, and not kept"
    chosen = {f"s0-c{at}": value for at, value in values} | {
        "s0-v0": "newsletter",
        "s0-v1": "webinar",
        "s0-else": "other",
    }
    answer = editor.post(SOURCE, {"s0-from": "lifecyclestage", "s0-as": "picklist", **chosen, "action": "save"})
    assert answer.status_code == 303, answer.text
    publish(editor)
    assert said(living, "lead", "source") == {
        "from": "lifecyclestage",
        "as": "picklist",
        "values": {"subscriber": "newsletter", "lead": "webinar"},
        "else": "other",
    }


def test_what_is_written_has_its_form_too(editor: ConsoleBrowser, living: Service) -> None:
    page = editor.get(STAGE).text
    assert 'value="coldframe_stage"' in page
    assert 'value="lifecyclestage"' in page
    assert "subscriber</textarea>" in page
    fields = {"t0-to": "coldframe_stage", "t1-to": "lifecyclestage", "t1-c0": "mql", "t1-v0": "marketingqualifiedlead"}
    wrong = editor.post(STAGE, {**fields, "t1-limit": "much", "t0-blank": "keep", "action": "save"})
    assert "must be a number of characters" in problems(wrong.text, "t1-limit")
    assert editor.post(STAGE, {**fields, "action": "save"}).status_code == 303
    publish(editor)
    native = {"to": "lifecyclestage", "values": {"mql": "marketingqualifiedlead"}}
    assert said(living, "write", "stage") == ["coldframe_stage", native]
    assert "# moved back where it must be" in mapping(living), "comments stay"


def test_a_change_is_taken_back_and_a_field_is_mapped_no_more(editor: ConsoleBrowser, living: Service) -> None:
    editor.post(TITLE, {"action": "remove"})
    editor.post(SOURCE, {"action": "remove"})
    editor.post(f"{TABLE}/undo", {"which": "1"})
    publish(editor)
    assert "      title:" not in mapping(living)
    assert "      source:" in mapping(living)


def test_a_viewer_sees_and_changes_nothing(editor: ConsoleBrowser, ground: ConsoleGround) -> None:
    assert editor
    viewer = ground.signed_in("viewer", "vi@acme.example")
    assert "<fieldset disabled>" in viewer.get(TITLE).text
    assert "Keep this change" not in viewer.get(TITLE).text
    assert viewer.post(TITLE, {"action": "remove"}).status_code == 403


def test_what_is_not_there_is_said(editor: ConsoleBrowser) -> None:
    for path in ("/console/mappings/nothing", f"{TABLE}?object=nothing", TITLE.replace("title", "nothing"),
                 f"{TABLE}/map?field=nothing", f"{TABLE}/preview?draft=nothing"):  # fmt: skip
        assert editor.get(path).status_code == 404, path


def test_a_record_is_previewed_by_the_changes_the_draft_and_a_text(editor: ConsoleBrowser, living: Service) -> None:
    assert "The mapping in force" in editor.get(f"{TABLE}/preview").text
    editor.post(TITLE, {"s0-from": "lastname", "s0-as": "text", "action": "save"})
    seen = editor.get(f"{TABLE}/preview?record={ANA}").text
    assert "lastname ana jobtitle Director of Sales Title of the person Director of Sales ana changes" in words(seen)
    assert editor.get(f"{TABLE}/preview?record=nobody@acme.example").status_code == 404
    editor.post(f"{TABLE}/propose", {"reason": "a test"})
    draft = editor.post(f"{TABLE}/propose", {"reason": "a test"}).headers["Location"]
    link = re.search(r'href="(/console/mappings/[^"]+draft=[^"]+)"', editor.get(draft).text)
    assert link is not None
    assert "Director of Sales ana changes" in words(editor.get(f"{html.unescape(link[1])}&record={ANA}").text)
    text = edited_text(mapping(living), ("email: email", "email: email\n      nothing: x"))
    wrong = editor.post(f"{TABLE}/preview", {"text": text, "record": ANA})
    assert wrong.status_code == 400
    assert "unknown name &#39;nothing&#39;" in wrong.text
    text = edited_text(mapping(living), ("title: jobtitle\n", "title: firstname\n"))
    assert "Director of Sales Ana changes" in words(editor.post(f"{TABLE}/preview", {"text": text, "record": ANA}).text)


def test_a_field_of_our_own_is_added_in_one_form_and_published_in_both_files(
    editor: ConsoleBrowser, living: Service
) -> None:
    page = editor.get(f"{TABLE}/map?object=contact&field=numemployees").text
    assert 'value="v_1_5"' in page, "a picklist is suggested with a word for each value"
    own = f"{TABLE}/own-field?object=contact"
    wrong = editor.post(own, {"field": "city", "name": "title", "kind": "text"})
    assert (wrong.status_code, "is a field of the person already" in wrong.text) == (400, True)
    wrong = editor.post(own, {"field": "city", "name": "Big Town", "kind": "text"})
    assert "small letters, digits and _ only" in wrong.text
    fields = {"field": "city", "name": "town", "kind": "choice", "label": "Town", "c0": "Berlin", "v0": "berlin"}
    assert editor.post(own, fields).status_code == 303
    assert "town: a field of our own" in editor.get(f"{TABLE}/changes").text
    assert "Town of the person" in row(editor.get(TABLE).text, "city")
    publish(editor)
    assert "town: {from: city, as: picklist, values: {Berlin: berlin}}" in mapping(living)
    with living.store.read() as conn:
        current = playbook_versions.current(conn)
        assert current is not None
        assert playbook_versions.texts(conn, current.number).vocabulary == (
            "language: 1\nlead: {town: {kind: choice, label: Town, choices: [berlin]}}\n"
        )
