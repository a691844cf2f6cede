"""What browsers send with a public key: from listed pages alone, bounded, and nothing that moves a stage."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import webhooks_senders as senders
from flask.testing import FlaskClient
from webhooks_senders import NOW, Kept, Wall

from integration.settings.environment import Settings, SettingsError, load
from integration.store.db.session import Store
from integration.web.app import INTAKE, create_app
from mappings.values.instant import DAY, HOUR, MINUTE
from webhooks import parsers, persons
from webhooks.sources.website import website_limits

KEY = "pk_0123456789abcdef"
SITE = "https://www.acme.example"
VISITOR = "c0ffee00c0ffee00c0ffee00c0ffee00"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PATH = "/webhooks/website"


def given(sites: str) -> dict[str, str]:
    return {"COLDFRAME_SECRET_KEY": "k" * 32, "COLDFRAME_PUBLIC_URL": senders.URL, "COLDFRAME_SITES": sites}


@pytest.fixture
def settings() -> Settings:
    return load(given(f"{KEY}={SITE} {KEY}=https://blog.acme.example pk_ffffffffffffffff=https://shop.acme.example"))


@pytest.fixture
def app_without(store: Store) -> Iterator[FlaskClient]:
    built = create_app(load({"COLDFRAME_SECRET_KEY": "k" * 32}), store=store, wake=lambda _: None, queue=list)
    yield built.test_client()
    built.extensions[INTAKE].close()


def view(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": f"v{number}", "type": "page_view", "at": NOW // 1_000, "url": f"{SITE}/pricing"} | more


def message(*activities: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = {"key": KEY, "visitor": VISITOR, "sent": NOW // 1_000, "activities": list(activities or [view()])}
    return {name: value for name, value in (told | more).items() if value is not None}


def send(client: FlaskClient, said: Any, *, origin: str = SITE, agent: str = AGENT, kind: str = "text/plain") -> Any:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    headers = {"Origin": origin, "User-Agent": agent, "Content-Type": kind}
    return client.post(PATH, data=body, headers={name: value for name, value in headers.items() if value})


@pytest.mark.parametrize("kind", ["text/plain", "text/plain;charset=UTF-8", "application/json"])
def test_a_page_of_a_listed_site_sends_what_a_visitor_did(
    client: FlaskClient, kept: Kept, woken: list[str], kind: str
) -> None:
    answer = send(client, message(view(), email="Ana@acme.example"), kind=kind)
    assert (answer.status_code, answer.json) == (202, {"accepted": 1})
    (delivery,) = kept()
    assert (delivery.source, woken) == ("website", ["ingest"])
    (heard,) = parsers.parse("website", delivery.body, NOW).heard
    assert (heard.id, heard.type, heard.lead, heard.email) == (
        f"{VISITOR}.v1",
        "page_view",
        VISITOR,
        "ana@acme.example",
    )
    assert heard.properties == {"url": f"{SITE}/pricing", "user_agent": AGENT}
    assert heard.at == NOW


def test_a_listed_page_may_read_the_answer_and_no_other(client: FlaskClient, kept: Kept) -> None:
    good = send(client, message())
    assert good.headers["Access-Control-Allow-Origin"] == SITE
    assert "Origin" in good.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in good.headers
    refused = send(client, b"{}")
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (400, SITE)
    for origin in ("https://evil.example", "null", "", f"{SITE}.evil.example", SITE.replace("https", "http")):
        answer = send(client, message(), origin=origin)
        assert (answer.status_code, "Access-Control-Allow-Origin" in answer.headers) == (403, False)
    assert len(kept()) == 1


def test_a_browser_that_asks_first_is_answered(client: FlaskClient) -> None:
    asks = {"Origin": SITE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    yes = client.options(PATH, headers=asks)
    assert (yes.status_code, yes.headers["Access-Control-Allow-Origin"]) == (204, SITE)
    assert (yes.headers["Access-Control-Allow-Methods"], yes.headers["Access-Control-Allow-Headers"]) == (
        "POST",
        "Content-Type",
    )
    no = client.options(PATH, headers=asks | {"Origin": "https://evil.example"})
    assert (no.status_code, "Access-Control-Allow-Origin" in no.headers) == (403, False)


def test_a_key_is_good_for_its_own_origins_alone(client: FlaskClient, kept: Kept) -> None:
    there = [view(url="https://shop.acme.example/")]
    assert send(client, message(*there), origin="https://shop.acme.example").status_code == 403
    assert send(client, message(key="pk_nobodys000000000")).status_code == 403
    assert not kept()


@pytest.mark.parametrize(
    "kind", ["sales_accepted", "opportunity_won", "unsubscribe", "email_sent", "meeting_booked", "demo_request", ""]
)
def test_nothing_that_moves_a_stage_or_ends_mail_is_taken_from_a_page(
    client: FlaskClient, kept: Kept, kind: str
) -> None:
    assert send(client, message(view(type=kind))).status_code == 400
    assert not kept()


@pytest.mark.parametrize(
    "wrong",
    [
        {"visitor": "hubspot:contact:17"},
        {"visitor": "short"},
        {"visitor": "../../etc/passwd/....."},
        {"email": "not an address"},
        {"email": "a@" + "x" * 400 + ".example"},
        {"activities": []},
        {"activities": [view(number) for number in range(51)]},
        {"activities": [view(url="https://evil.example/pricing")]},
        {"activities": [view(url="javascript:alert(1)")]},
        {"activities": [view(url="https://[/")]},
        {"activities": [view(id="a:b")]},
        {"activities": [view(at="yesterday")]},
        {"activities": [view(at=NOW // 1_000 - 61 * DAY // 1_000)]},
        {"sent": None},
    ],
)
def test_what_is_not_of_the_agreed_shape_is_refused_whole(
    client: FlaskClient, kept: Kept, wrong: dict[str, Any]
) -> None:
    answer = send(client, message(**wrong))
    assert answer.status_code == 400, answer.text
    assert not kept()


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff\xfe", b"[" * 20_000, b'{"key": "\\ud800"}', b"null"])
def test_a_body_that_is_no_message_ends_in_no_error_of_ours(client: FlaskClient, body: bytes) -> None:
    assert send(client, body).status_code == 400


def test_a_large_request_is_refused(client: FlaskClient) -> None:
    assert send(client, b" " * 32_769).status_code == 413


def test_of_an_address_the_campaign_is_kept_and_nothing_else_of_its_query(client: FlaskClient, kept: Kept) -> None:
    url = f"{SITE}/reset?token=secret&utm_source=news&email=ana@acme.example#part"
    assert send(client, message(view(url=url))).status_code == 202
    assert json.loads(kept()[0].body)["activities"][0]["properties"]["url"] == f"{SITE}/reset?utm_source=news"


@pytest.mark.parametrize("agent", ["Googlebot/2.1 (+http://www.google.com/bot.html)", "Mozilla/5.0", "HeadlessChrome"])
def test_programs_are_not_taken_for_visitors(client: FlaskClient, kept: Kept, agent: str) -> None:
    assert send(client, message(), agent=agent).status_code == 403
    assert not kept()


def test_a_visitor_a_site_and_introductions_have_a_limit_which_ends_with_the_minute(
    client: FlaskClient, wall: Wall
) -> None:
    statuses = [send(client, message(view(number))).status_code for number in range(website_limits.VISITOR + 1)]
    assert statuses == [202] * website_limits.VISITOR + [429]
    refused = send(client, message())
    assert (refused.headers["Retry-After"], refused.headers["Access-Control-Allow-Origin"]) == ("60", SITE)
    people = [
        message(visitor=f"visitor-{n:012}", email=f"p{n}@acme.example") for n in range(website_limits.INTRODUCTIONS)
    ]
    assert {send(client, each).status_code for each in people} == {202}
    assert send(client, message(visitor="one-too-many-0000", email="x@acme.example")).status_code == 429
    assert send(client, message(visitor="without-email-0000")).status_code == 202
    wall.at += MINUTE
    assert send(client, message()).status_code == 202


def test_limits_count_sites_apart_and_hold_whatever_threads_ask() -> None:
    limits = website_limits.Limits()
    taken = [limits.take("a", f"v{n}", 0, introduces=False) for n in range(website_limits.SITE + 5)]
    assert (sum(taken), limits.take("b", "v", 0, introduces=False)) == (website_limits.SITE, True)
    assert limits.take("a", "v0", MINUTE, introduces=False)


@pytest.mark.parametrize("skew", [-3 * HOUR, 0, 40 * DAY])
def test_a_browsers_wrong_clock_is_set_right(client: FlaskClient, kept: Kept, skew: int) -> None:
    clock = (NOW + skew) // 1_000
    assert send(client, message(view(at=clock - 120_000), sent=clock)).status_code == 202
    (heard,) = parsers.parse("website", kept()[0].body, NOW).heard
    assert abs(heard.at - (NOW - 2 * MINUTE)) <= MINUTE // 2


def test_what_is_sent_twice_is_one_activity_to_the_last_byte(client: FlaskClient, kept: Kept, wall: Wall) -> None:
    send(client, message())
    wall.at += 5 * MINUTE // 60
    send(client, message(sent=NOW // 1_000 + 5_000))
    first, second = (parsers.parse("website", each.body, NOW).heard for each in kept())
    assert first == second


def test_whoever_is_erased_leaves_what_their_browser_sent(client: FlaskClient, kept: Kept) -> None:
    send(client, message(email="ana@acme.example"))
    body = kept()[0].body
    cut = persons.without("website", body, lambda name: "ana@acme.example" in name)
    assert (json.loads(cut.body)["activities"], len(cut.taken)) == ([], 1)


def test_the_script_is_served_to_every_page_and_may_be_cached(client: FlaskClient) -> None:
    answer = client.get("/t.js")
    assert (answer.status_code, answer.content_type) == (200, "text/javascript; charset=utf-8")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert len(answer.data) < 8_000


@pytest.mark.parametrize("sites", ["acme", f"{KEY}=", f"{KEY}=www.acme.example", f"key={SITE}", f"{KEY}={SITE}/path"])
def test_a_site_that_is_written_wrongly_is_said_at_the_start(sites: str) -> None:
    with pytest.raises(SettingsError, match="COLDFRAME_SITES"):
        load(given(sites))


def test_where_no_site_is_listed_nothing_is_taken_from_browsers(app_without: FlaskClient) -> None:
    assert send(app_without, message()).status_code == 404
