"""`coldframe provision hubspot --project`: an app for HubSpot's developer platform, as its reference wants it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hubspot_project_shapes import App, Auth, Generic, HubEvent, Project, Subscriptions, WebhookSettings, checked
from pydantic import ValidationError

from connectors.hubspot.setup import app_scopes
from integration.cli import main
from mappings.language.mapping_files import shipped
from mappings.translate.translation import load_mapping

URL = "https://coldframe.example"
FILES = ["hsproject.json", "src/app/app-hsmeta.json", "src/app/webhooks/webhooks-hsmeta.json"]
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def invoked(*words: str, url: str | None = URL, **more: str) -> Result:
        env: Mapping[str, str | None] = {
            "COLDFRAME_SECRET_KEY": "0123456789abcdef",
            "COLDFRAME_DATA_DIR": str(tmp_path / "data"),
            "COLDFRAME_PUBLIC_URL": url,
            **more,
        }
        words = ("provision", "hubspot", "--project", str(tmp_path / "app"), *words)
        return CliRunner().invoke(main, list(words), env=env, catch_exceptions=False)

    return invoked


def texts(folder: Path) -> dict[str, str]:
    return {name: (folder / "app" / name).read_text(encoding="utf-8") for name in FILES}


def test_a_project_for_ones_own_account_is_what_hubspots_reference_wants(run: Run, tmp_path: Path) -> None:
    done = run()
    assert done.exit_code == 0, done.output
    project, app, webhooks = checked(tmp_path / "app")
    assert project.platformVersion == "2026.09"
    assert (app.config.auth.type, app.config.distribution) == ("static", "private")
    assert webhooks.config.settings.targetUrl == f"{URL}/webhooks/hubspot"
    assert "hs project upload" in done.output
    assert "HUBSPOT_CLIENT_SECRET" in done.output


def test_the_scopes_are_those_of_signing_in_and_the_opt_outs_among_them(run: Run, tmp_path: Path) -> None:
    run()
    _, app, _ = checked(tmp_path / "app")
    assert app.config.auth.requiredScopes == [*app_scopes.SCOPES, *app_scopes.LISTS, app_scopes.OPT_OUTS]
    assert "Marketing Hub Enterprise" in run("--force").output


def test_a_mapping_that_writes_no_opt_outs_needs_no_scope_for_them(run: Run, tmp_path: Path) -> None:
    ours = tmp_path / "ours.yaml"
    lines = [line for line in shipped("hubspot").text.splitlines() if "opted_out: hs_email_optout" not in line]
    ours.write_text("\n".join(lines), encoding="utf-8")
    done = run(COLDFRAME_HUBSPOT_MAPPING=str(ours))
    _, app, _ = checked(tmp_path / "app")
    assert app.config.auth.requiredScopes == [*app_scopes.SCOPES, *app_scopes.LISTS]
    assert "Enterprise" not in done.output


def test_a_mapping_that_reads_leads_asks_for_their_scope_and_their_changes(run: Run, tmp_path: Path) -> None:
    ours = tmp_path / "ours.yaml"
    text = shipped("hubspot").text
    start = text.index("  # lead:")
    ours.write_text(text[:start] + text[start:].replace("  # ", "  "), encoding="utf-8")
    run(COLDFRAME_HUBSPOT_MAPPING=str(ours))
    _, app, webhooks = checked(tmp_path / "app")
    assert app.config.auth.requiredScopes[-4:] == [*app_scopes.LEADS, *app_scopes.NEW_LEADS]
    told = {each.propertyName for each in webhooks.config.subscriptions.crmObjects if each.objectType == "lead"}
    assert {"hs_pipeline_stage", "hs_lead_disqualification_reason"} <= told


def test_several_accounts_sign_in_by_oauth_and_come_back_to_where_connect_listens(run: Run, tmp_path: Path) -> None:
    done = run("--oauth")
    _, app, _ = checked(tmp_path / "app")
    auth = app.config.auth
    assert (auth.type, auth.optionalScopes) == ("oauth", [*app_scopes.LISTS, app_scopes.OPT_OUTS])
    assert auth.redirectUrls == [f"{URL}/signin/hubspot/callback", "http://localhost:8723/connected"]
    assert "coldframe connect hubspot --client-id" in done.output


def test_the_app_is_told_of_exactly_what_the_mapping_reads(run: Run, tmp_path: Path) -> None:
    run()
    _, _, webhooks = checked(tmp_path / "app")
    those = webhooks.config.subscriptions
    mapping, _ = load_mapping("hubspot")
    assert mapping is not None
    for name in ("contact", "company", "deal"):
        changed = {one.propertyName for one in those.crmObjects if one.objectType == name and one.propertyName}
        assert changed == set(mapping.reads(name))
        life = {one.subscriptionType for one in those.crmObjects if one.objectType == name and not one.propertyName}
        assert life >= {"object.creation", "object.deletion", "object.merge", "object.restore"}
    task = [one for one in those.crmObjects if one.objectType == "task"]
    assert {one.propertyName for one in task} == set(mapping.reads("task")), "sales answers in tasks"
    assert {one.subscriptionType for one in task} == {"object.propertyChange"}
    associated = {one.objectType for one in those.crmObjects if one.subscriptionType == "object.associationChange"}
    assert associated == {"contact", "deal"}
    assert [one.subscriptionType for one in those.hubEvents] == ["contact.privacyDeletion"]
    assert all(one.active for one in (*those.crmObjects, *those.hubEvents))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (None, "is not set"),
        ("http://coldframe.example", "not https"),
        ("https://localhost:8000", "only this machine"),
        ("https://127.0.0.1", "only this machine"),
        ("https://10.0.0.7", "only this machine"),
        ("https://coldframe.internal", "only this machine"),
        ("https://coldframe", "only this machine"),
    ],
)
def test_an_address_that_hubspot_cannot_reach_is_refused(run: Run, tmp_path: Path, url: str | None, said: str) -> None:
    refused = run(url=url)
    assert (refused.exit_code, (tmp_path / "app").exists()) == (1, False)
    assert "COLDFRAME_PUBLIC_URL" in refused.output
    assert said in refused.output


def test_a_second_run_changes_nothing_and_an_edited_file_is_shown_and_left_as_it_is(run: Run, tmp_path: Path) -> None:
    run()
    before = texts(tmp_path)
    again = run("--json")
    lines = [json.loads(line) for line in again.stdout.splitlines()]
    assert [one["outcome"] for one in lines if "file" in one] == ["kept"] * 3
    app = tmp_path / "app" / FILES[1]
    app.write_text(before[FILES[1]].replace('"Coldframe"', '"Our leads"'), encoding="utf-8")
    edited = texts(tmp_path)
    left = run()
    assert (left.exit_code, texts(tmp_path)) == (1, edited)
    assert "Our leads" in left.output
    assert "--force" in left.output
    assert "hs project upload" not in left.output
    told = [json.loads(line) for line in run("--json").stdout.splitlines()]
    assert [one["outcome"] for one in told] == ["kept", "differs", "kept"]
    assert run("--force").exit_code == 0
    assert texts(tmp_path) == before


def test_a_subscription_that_is_not_wanted_any_more_stays_and_sleeps(run: Run, tmp_path: Path) -> None:
    run()
    path = tmp_path / "app" / FILES[2]
    held = json.loads(path.read_text(encoding="utf-8"))
    old = {"subscriptionType": "object.propertyChange", "objectType": "contact", "propertyName": "shoe_size"}
    held["config"]["subscriptions"]["crmObjects"].append({**old, "active": True})
    path.write_text(json.dumps(held), encoding="utf-8")
    assert run().exit_code == 1
    assert run("--force").exit_code == 0
    _, _, webhooks = checked(tmp_path / "app")
    (shoe,) = [one for one in webhooks.config.subscriptions.crmObjects if one.propertyName == "shoe_size"]
    assert shoe.active is False
    assert run().exit_code == 0, "it is as it should be now"


@pytest.mark.parametrize("text", ["{", "[]", '{"config": 3}', '{"config": {"subscriptions": {"crmObjects": 3}}}'])
def test_a_file_that_holds_something_else_is_written_anew_when_that_is_said(
    run: Run, tmp_path: Path, text: str
) -> None:
    run()
    before = texts(tmp_path)
    (tmp_path / "app" / FILES[2]).write_text(text, encoding="utf-8")
    assert run("--force").exit_code == 0
    assert texts(tmp_path) == before


@pytest.mark.parametrize("words", [("--remove",), ("--sales", "nadia@acme.example"), ("--dry-run",)])
def test_what_is_about_records_does_not_go_with_a_project(run: Run, words: tuple[str, ...]) -> None:
    refused = run(*words)
    assert refused.exit_code == 2
    assert "--project" in refused.output


def test_salesforce_has_no_projects(tmp_path: Path) -> None:
    env = {"COLDFRAME_SECRET_KEY": "0123456789abcdef", "COLDFRAME_PUBLIC_URL": URL, "COLDFRAME_DATA_DIR": str(tmp_path)}
    words = ["provision", "salesforce", "--project", str(tmp_path / "app")]
    refused = CliRunner().invoke(main, words, env=env, catch_exceptions=False)
    assert refused.exit_code == 1
    assert "Salesforce has no projects: --project is for HubSpot" in refused.output


SUBSCRIBED: dict[str, Any] = {"subscriptionType": "object.creation", "objectType": "contact", "active": True}
SCOPES: dict[str, Any] = {"requiredScopes": ["oauth"], "optionalScopes": [], "conditionallyRequiredScopes": []}


@pytest.mark.parametrize(
    ("model", "value"),
    [
        (Project, {"name": "coldframe", "srcDir": "src", "platformVersion": "2023.2"}),
        (Project, {"name": "coldframe", "srcDir": "app", "platformVersion": "2026.09"}),
        (Auth, {"type": "oauth", **SCOPES}),
        (Auth, {"type": "oauth", "redirectUrls": ["http://coldframe.example/connected"], **SCOPES}),
        (Auth, {"type": "static", "redirectUrls": ["https://coldframe.example"], **SCOPES}),
        (Auth, {"type": "static", **SCOPES, "optionalScopes": ["forms"]}),
        (Auth, {"type": "static", **SCOPES, "requiredScopes": []}),
        (Auth, {"type": "static", **SCOPES, "requiredScopes": ["oauth", "oauth"]}),
        (Generic, {**SUBSCRIBED, "propertyName": "email"}),
        (Generic, {**SUBSCRIBED, "subscriptionType": "object.propertyChange"}),
        (Generic, {**SUBSCRIBED, "subscriptionType": "contact.creation"}),
        (Generic, {**SUBSCRIBED, "subscriptionType": "object.privacyDeletion"}),
        (Generic, {**SUBSCRIBED, "objectName": "contact"}),
        (HubEvent, {"subscriptionType": "contact.creation", "active": True}),
        (Subscriptions, {"crmObjects": [SUBSCRIBED] * 2, "legacyCrmObjects": [], "hubEvents": []}),
        (WebhookSettings, {"targetUrl": "http://coldframe.example", "maxConcurrentRequests": 10}),
        (WebhookSettings, {"targetUrl": "https://coldframe.example", "maxConcurrentRequests": 1}),
        (App, {"uid": "my app", "type": "app", "config": {}}),
    ],
)
def test_what_the_reference_does_not_allow_would_be_found(model: Any, value: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        model.model_validate(value)


def test_a_file_in_a_place_that_no_component_has_would_be_found(run: Run, tmp_path: Path) -> None:
    run()
    (tmp_path / "app" / "src" / "webhooks-hsmeta.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match="places that no component has"):
        checked(tmp_path / "app")
