"""The environment: everything that is wrong with it is reported at once, with the remedy and without the secrets."""

import base64

import pytest

from integration.settings.environment import SettingsError, load, variables
from integration.wiring.connection_names import environments
from webhooks.signatures import standard_keys

KEY = {"COLDFRAME_SECRET_KEY": "k" * 32}
HUBSPOT = {
    "HUBSPOT_ACCESS_TOKEN": "pat-na1-1",
    "HUBSPOT_CLIENT_SECRET": "c" * 36,
    "COLDFRAME_PUBLIC_URL": "https://crm.example.com/",
}
SALESFORCE = {"SALESFORCE_ACCESS_TOKEN": "00D!x", "SALESFORCE_INSTANCE_URL": "https://acme.my.salesforce.com"}


def mistakes(**variables: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        load(variables)
    return {mistake.variable: mistake.problem for mistake in caught.value.mistakes}


def test_a_key_is_all_it_takes() -> None:
    settings = load(KEY)
    assert settings.playbook == "standard"
    assert settings.database_url.get_secret_value() == "sqlite:///./var/coldframe.db"
    assert (settings.redis_url, environments(settings)) == (None, {})
    assert (settings.lease, settings.linger) == (20_000_000, 1_000_000)


def test_all_mistakes_are_told_at_once_with_variable_and_remedy() -> None:
    given = {
        "COLDFRAME_SECRET_KEY": "short",
        "COLDFRAME_ACTIVITY_SECRET": "short",
        "HUBSPOT_ACCESS_TOKEN": "pat-na1-1",
        "PORT": "many",
        "DATABASE_URL": "mysql://u:p@h/d",
        "REDIS_URL": "http://h",
        "COLDFRAME_LOG_FORMAT": "xml",
        "COLDFRAME_LEASE_SECONDS": "0",
    }
    with pytest.raises(SettingsError) as caught:
        load(given)
    told = {mistake.variable for mistake in caught.value.mistakes}
    assert told == {*given, "HUBSPOT_CLIENT_SECRET"} - {"HUBSPOT_ACCESS_TOKEN"}
    lines = str(caught.value).splitlines()
    assert len(lines) == len(caught.value.mistakes)
    assert all(
        variables()[mistake.variable] in line for mistake, line in zip(caught.value.mistakes, lines, strict=True)
    )


def test_no_mistake_and_no_representation_repeats_a_secret() -> None:
    secrets = {
        "COLDFRAME_SECRET_KEY": "canary-1",
        "COLDFRAME_ACTIVITY_SECRET": "whsec_canary-2!",
        "HUBSPOT_CLIENT_SECRET": "canary-3",
        "DATABASE_URL": "mysql://u:canary-4@h/d",
        "REDIS_URL": "ftp://u:canary-5@h",
    }
    with pytest.raises(SettingsError) as caught:
        load(secrets)
    assert len(caught.value.mistakes) >= 5
    assert "canary" not in f"{caught.value} {caught.value!r} {caught.value.mistakes}"
    settings = load(KEY | HUBSPOT | {"DATABASE_URL": "postgres://u:canary-4@h/d", "REDIS_URL": "redis://:canary-5@h"})
    assert not any(each in repr(settings) + str(settings) for each in ("canary", "c" * 36, "pat-na1", "k" * 32))
    assert not any(each in repr(environments(settings)) for each in ("pat-na1", "c" * 36))


def test_a_missing_key_is_told() -> None:
    assert mistakes() == {"COLDFRAME_SECRET_KEY": "is not set"}


@pytest.mark.parametrize("empty", ["", "   "])
def test_every_empty_variable_is_as_good_as_none(empty: str) -> None:
    assert load(dict.fromkeys(variables(), empty) | KEY) == load(KEY)


@pytest.mark.parametrize("variable", ["HUBSPOT_CLIENT_SECRET", "COLDFRAME_PUBLIC_URL", "COLDFRAME_SECRET_KEY"])
@pytest.mark.parametrize("empty", ["", "   "])
def test_what_is_needed_is_missing_where_it_is_empty(variable: str, empty: str) -> None:
    given = KEY | HUBSPOT | {"COLDFRAME_PUBLIC_URL": "https://coldframe.example.com"}
    without = {name: value for name, value in given.items() if name != variable}
    assert mistakes(**given | {variable: empty}) == mistakes(**without) != {}


def test_two_secrets_are_live_in_one_variable() -> None:
    first, second = "whsec_" + base64.b64encode(b"a" * 32).decode(), "b" * 20
    for separator in (" ", ",", " , ", "\n"):
        settings = load(KEY | {"COLDFRAME_ACTIVITY_SECRET": f"{first}{separator}{second}"})
        assert settings.given.several("COLDFRAME_ACTIVITY_SECRET") == (first, second)
        assert standard_keys(first) == (b"a" * 32,)


def test_one_bad_secret_of_two_is_told() -> None:
    given = KEY | {"COLDFRAME_ACTIVITY_SECRET": f"{'a' * 20} whsec_not*base64*at*all"}
    assert mistakes(**given) == {"COLDFRAME_ACTIVITY_SECRET": "after whsec_: not base64"}


@pytest.mark.parametrize("missing", ["HUBSPOT_CLIENT_SECRET", "COLDFRAME_PUBLIC_URL"])
def test_hubspot_half_configured_is_told(missing: str) -> None:
    given = KEY | HUBSPOT
    del given[missing]
    assert list(mistakes(**given)) == [missing]


@pytest.mark.parametrize("missing", SALESFORCE)
def test_salesforce_half_configured_is_told(missing: str) -> None:
    given = KEY | SALESFORCE
    del given[missing]
    assert list(mistakes(**given)) == [missing]


def test_both_crms_are_told_by_their_credentials() -> None:
    settings = load(KEY | HUBSPOT | SALESFORCE | {"HUBSPOT_API_URL": "http://127.0.0.1:9000/"})
    found = environments(settings)
    assert (found["hubspot"].token, found["hubspot"].api_url) == ("pat-na1-1", "http://127.0.0.1:9000")
    assert found["salesforce"].instance_url == "https://acme.my.salesforce.com"
    assert settings.public_url == "https://crm.example.com"


@pytest.mark.parametrize(
    "host", ["https://evil.example", "https://salesforce.com.evil.example", "https://xsalesforce.com"]
)
def test_a_token_goes_to_salesforce_alone_unless_a_sandbox_is_named(host: str) -> None:
    given = KEY | SALESFORCE | {"SALESFORCE_INSTANCE_URL": host}
    assert "SALESFORCE_INSTANCE_URL" in mistakes(**given)
    assert "salesforce" in environments(load(given | {"SALESFORCE_API_URL": "http://localhost:9001"}))


@pytest.mark.parametrize("address", ["http://api.evil.example", "ftp://x", "api.hubapi.com", "https://", "https://u@h"])
def test_a_token_never_travels_in_the_clear(address: str) -> None:
    assert "HUBSPOT_API_URL" in mistakes(**KEY | HUBSPOT | {"HUBSPOT_API_URL": address})


def test_hosts_spellings_of_postgresql_name_our_driver() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        settings = load(KEY | {"DATABASE_URL": f"{scheme}://u:p@h/d"})
        assert settings.database_url.get_secret_value() == "postgresql+psycopg://u:p@h/d"


def test_every_secret_is_known_to_the_log() -> None:
    given = KEY | HUBSPOT | SALESFORCE | {"REDIS_URL": "redis://:pw-redis@h", "DATABASE_URL": "postgres://u:pw-sql@h/d"}
    secrets = load(given).secrets()
    assert {"k" * 32, "c" * 36, "pat-na1-1", "00D!x", "pw-redis", "pw-sql"} == set(secrets)


def test_other_variables_are_ignored() -> None:
    assert load(KEY | {"PATH": "/bin", "COLDFRAME_UNKNOWN": "x"}) == load(KEY)


ALERT_SECRET = "whsec_" + base64.b64encode(b"a" * 32).decode()


@pytest.mark.parametrize("missing", ["COLDFRAME_ALERT_URL", "COLDFRAME_ALERT_SECRET"])
def test_alerts_half_configured_are_told(missing: str) -> None:
    given = KEY | {"COLDFRAME_ALERT_URL": "https://alerts.example/in?key=1", "COLDFRAME_ALERT_SECRET": ALERT_SECRET}
    assert load(given).alert_url is not None
    del given[missing]
    assert list(mistakes(**given)) == [missing]


@pytest.mark.parametrize(
    "address",
    [
        "http://alerts.example/in",
        "http://169.254.169.254/latest",
        "http://receiver/in",
        "ftp://alerts.example",
        "alerts.example/in",
        "https://",
        "https://user:canary@alerts.example",
        "https://alerts.example/in#part",
        "https://[canary/in",
        "https://canary\u2100.example/in",
    ],
)
def test_alerts_go_out_over_https_or_to_this_machine(address: str) -> None:
    wrong = mistakes(**KEY | {"COLDFRAME_ALERT_URL": address, "COLDFRAME_ALERT_SECRET": ALERT_SECRET})
    assert list(wrong) == ["COLDFRAME_ALERT_URL"]
    assert "canary" not in str(wrong)
    for mine in ("http://127.0.0.1:9001/in", "http://localhost:9001/in", "http://[::1]:9001/in"):
        assert load(KEY | {"COLDFRAME_ALERT_URL": mine, "COLDFRAME_ALERT_SECRET": ALERT_SECRET}).alert_url is not None


@pytest.mark.parametrize("secret", ["a" * 32, "whsec_", "whsec_not*base64*at*all", ""])
def test_what_alerts_are_signed_with_is_a_standard_webhooks_secret(secret: str) -> None:
    given = KEY | {"COLDFRAME_ALERT_URL": "https://alerts.example/in", "COLDFRAME_ALERT_SECRET": secret}
    assert list(mistakes(**given)) == ["COLDFRAME_ALERT_SECRET"]


def test_the_address_of_alerts_is_a_secret_of_the_log() -> None:
    url = "https://alerts.example/in?key=canary"
    settings = load(KEY | {"COLDFRAME_ALERT_URL": url, "COLDFRAME_ALERT_SECRET": ALERT_SECRET})
    assert {url, ALERT_SECRET} <= set(settings.secrets())
    assert "canary" not in repr(settings)


def test_a_connection_may_have_a_mapping_of_its_own_beside_that_of_its_system() -> None:
    given = KEY | {"COLDFRAME_MAPPINGS": "emea=emea.yaml, us=us.yaml", "COLDFRAME_HUBSPOT_MAPPING": "ours.yaml"}
    settings = load(given)
    assert settings.mapping_of("emea", "hubspot") == "emea.yaml"
    assert settings.mapping_of("hubspot", "hubspot") == "ours.yaml"
    assert settings.mapping_of("salesforce", "salesforce") is None
    assert load(KEY).mapping_of("emea", "hubspot") is None


@pytest.mark.parametrize("wrong", ["emea.yaml", "emea=", "=emea.yaml", "emea=a.yaml emea=b.yaml"])
def test_mappings_of_connections_that_cannot_be_read_are_told(wrong: str) -> None:
    assert list(mistakes(**KEY | {"COLDFRAME_MAPPINGS": wrong})) == ["COLDFRAME_MAPPINGS"]


@pytest.mark.parametrize(
    ("variable", "days"),
    [("COLDFRAME_KEEP_DAYS", "0"), ("COLDFRAME_KEEP_SYNC_ERROR_DAYS", "0"), ("COLDFRAME_KEEP_AUDIT_DAYS", "29")],
)
def test_nothing_is_kept_for_less_than_its_minimum(variable: str, days: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        load({"COLDFRAME_SECRET_KEY": "k" * 32, variable: days})
