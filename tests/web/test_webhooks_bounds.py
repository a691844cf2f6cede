"""Bounds of the webhooks: what passes one is named and set aside, what means nothing is named and taken."""

import json
from functools import partial
from typing import Any

import pytest
import webhooks_senders as senders
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from webhooks_senders import NOW, Kept

from mappings.values import bounds
from mappings.values.instant import DAY, HOUR, SECOND, show
from webhooks import parsers
from webhooks.sources import activity_deliveries

parse = partial(parsers.parse, received_at=NOW)
ONE_ID = "one id, two contents: a1 was also sent with another content, which counts; this one does not"


def _send(client: FlaskClient, *items: Any) -> Any:
    body = senders.activities(*items)
    answer = client.post("/webhooks/activities", data=body, headers=senders.standard(body))
    assert answer.status_code == 202
    return answer.json


def _reasons(*items: Any) -> list[str]:
    return [each.reason for each in parse("activities", senders.activities(*items)).rejected]


def test_what_is_dated_before_2000_or_more_than_a_day_ahead_is_named_and_its_neighbours_are_taken(
    client: FlaskClient, kept: Kept
) -> None:
    wrong = {
        1: "1970-01-01T00:00:00Z",
        3: "1999-12-31T23:59:59Z",
        5: show(NOW + DAY + SECOND),
        7: "9999-12-31T23:59:59Z",
    }
    items = [senders.activity(number, **({"at": wrong[number]} if number in wrong else {})) for number in range(9)]
    answer = _send(client, *items)
    assert answer["accepted"] == 5
    assert [each["index"] for each in answer["rejected"]] == [1, 3, 5, 7]
    assert all(each["reason"].startswith("`at`: wrong clock: dated ") for each in answer["rejected"])
    assert "before the year 2000" in answer["rejected"][0]["reason"]
    assert "more than 24 hours after it was received" in answer["rejected"][3]["reason"]
    (delivery,) = kept()
    parsed = parsers.parse(delivery.source, delivery.body, delivery.received_at)
    assert [each.id for each in parsed.heard] == ["a0", "a2", "a4", "a6", "a8"]


@pytest.mark.parametrize(
    "at",
    ["0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.999999Z"],
)
def test_times_at_the_ends_of_all_calendars_are_named_like_any_other(client: FlaskClient, at: str) -> None:
    answer = _send(client, senders.activity(1, at=at), senders.activity(2))
    assert answer["accepted"] == 1
    assert [each["reason"][:24] for each in answer["rejected"]] == ["`at`: wrong clock: dated"]
    assert len(_reasons(senders.activity(1, at=at))) == 1


@pytest.mark.parametrize("at", ["2000-01-01T00:00:00Z", show(NOW), show(NOW + 23 * HOUR), show(NOW + DAY)])
def test_what_is_dated_within_the_bounds_is_taken(at: str) -> None:
    assert _reasons(senders.activity(at=at)) == []


@pytest.mark.parametrize("at", [0, 946_684_799_999, (NOW + DAY) // 1_000 + 1])
def test_of_an_event_of_hubspots_with_a_wrong_clock_only_the_record_is_believed(at: int) -> None:
    good, bad = senders.event(1), senders.event(2, occurredAt=at, objectId=77)
    parsed = parse("hubspot", senders.events(bad, good))
    assert [each.reason.split(":")[0] for each in parsed.rejected] == ["`occurredAt`"]
    assert "wrong clock" in parsed.rejected[0].reason
    hint, told = parsed.noticed
    assert (hint.id, hint.what, hint.property, hint.value, hint.at) == ("77", "changed", None, None, NOW)
    assert told.property == "email"
    assert json.loads(parsed.rejected[0].item) == bad


def test_a_merge_with_a_wrong_clock_still_says_where_the_record_lives_on() -> None:
    merge = {"subscriptionType": "contact.merge", "objectId": None, "propertyName": None, "propertyValue": None}
    event = senders.event(1, occurredAt=0, **merge, primaryObjectId=1, mergedObjectIds=[2])
    (told,) = parse("hubspot", senders.events(event)).noticed
    assert (told.what, told.id, told.value, told.at) == ("merged", "2", "1", NOW)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"id": "x" * 201}, "`id`: Expected `str` of length <= 200"),
        ({"id": int("9" * 201)}, "`id`: Expected `str` of length <= 200"),
        ({"id": int("9" * 4_000)}, "`id`: Expected `str` of length <= 200"),
        ({"lead": "9" * 4_000}, "`lead`: Expected `str` of length <= 200"),
        ({"lead": int("9" * 4_000)}, "`lead`: Expected `str` of length <= 200"),
        ({"account": "x" * 6_000}, "`account`: Expected `str` of length <= 200"),
        ({"type": "x" * 101}, "`type`: Expected `str` of length <= 100"),
        ({"email": "x" * 6_000 + "@acme.example"}, "`email`: longer than 320 characters"),
        ({"email": "Ana <ana@acme.example>"}, "`email`: a name stands beside it"),
        ({"email": "mailto:ana@acme.example"}, "`email`: `mailto:` stands before it"),
        ({"email": "ana@acme.example;bo@acme.example"}, "`email`: several addresses in one field"),
        ({"properties": {"x" * 201: 1}}, "`properties`: a name of 201 characters; at most 200 are taken"),
        ({"properties": {"url": "x" * 10_001}}, "`properties.url`: 10001 characters; at most 10000 are taken"),
        ({"properties": {"a": ["x" * 9_999]}}, "`properties.a`: 10003 characters; at most 10000 are taken"),
        ({"properties": {f"p{n}": 1 for n in range(201)}}, "`properties`: 201 of them; at most 200 are taken"),
    ],
)
def test_what_passes_a_bound_is_set_aside_whole_with_its_field_and_never_cut(more: Any, reason: str) -> None:
    bad, good = senders.activity(1, **more), senders.activity(2)
    parsed = parse("activities", senders.activities(bad, good))
    assert [each.id for each in parsed.heard] == ["a2"]
    assert [(each.index, each.reason) for each in parsed.rejected] == [(0, reason)]
    assert len(parsed.rejected[0].item) >= len(json.dumps(more)) - 2, "the whole item is kept"


@pytest.mark.parametrize(
    "more",
    [
        {"id": "x" * 200},
        {"id": 10**199},
        {"lead": 2**63},
        {"lead": -(2**70)},
        {"account": "ü" * 200},
        {"email": "x" * 307 + "@acme.example"},
        {"properties": {"url": "x" * 10_000}},
        {"properties": {"tags": ["x" * 50] * 150}},
        {"properties": {f"p{n}": 1 for n in range(200)}},
    ],
)
def test_what_keeps_within_the_bounds_is_taken(more: Any) -> None:
    assert _reasons(senders.activity(1, **more)) == []


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30, int("9" * 4_000)])
def test_a_number_that_no_store_holds_is_kept_as_its_digits(number: int) -> None:
    (heard,) = parse("activities", senders.activities(senders.activity(properties={"n": number}))).heard
    assert heard.properties == {"n": str(number)}


def test_a_name_in_a_hubspot_event_that_passes_a_bound_is_set_aside_and_its_neighbours_are_not() -> None:
    bad = [
        senders.event(1, objectId=int("9" * 4_000)),
        senders.event(2, objectId=2**63),
        senders.event(3, propertyName="x" * 201),
        senders.event(4, subscriptionType="x" * 200 + ".creation"),
        senders.event(5, portalId=2**70),
    ]
    parsed = parse("hubspot", senders.events(*bad, senders.event(6)))
    assert [each.index for each in parsed.rejected] == [0, 1, 2, 3, 4]
    assert len(parsed.noticed) == 1


def test_one_id_with_two_contents_is_taken_once_and_the_other_is_never_called_accepted(client: FlaskClient) -> None:
    early, late = senders.activity(1, at="2026-01-06T10:00:00Z"), senders.activity(1, at="2026-01-07T10:00:00Z")
    for items, place in (([early, late], 1), ([late, early], 0)):
        answer = _send(client, *items, senders.activity(2))
        assert answer["accepted"] == 2
        assert answer["rejected"] == [{"index": place, "reason": ONE_ID}]


def test_the_same_content_twice_is_a_duplicate_and_no_letter(client: FlaskClient) -> None:
    one = senders.activity(1, email="Ana@ACME.example", properties={"page": "pricing"})
    again = senders.activity(
        1, email=" ana@acme.example", at="2026-01-06T11:00:00+01:00", properties={"page": "pricing"}
    )
    answer = _send(client, one, again)
    assert (answer["accepted"], answer["rejected"]) == (2, [])


@given(
    contents=st.lists(
        st.fixed_dictionaries(
            {
                "at": st.sampled_from(["2026-01-06T10:00:00Z", "2026-01-06T11:00:00+01:00", "2026-01-07T10:00:00Z"]),
                "email": st.sampled_from(["ana@x.example", "bo@x.example"]),
                "properties": st.sampled_from(
                    [None, {}, {"page": "blog"}, {"page": "pricing"}, {"page": "pricing", "url": "/"}]
                ),
            }
        ),
        min_size=1,
        max_size=6,
    ),
    chance=st.randoms(),
)
def test_which_content_counts_does_not_depend_on_the_order(contents: list[Any], chance: Any) -> None:
    items = [senders.activity(1, **each) for each in contents]
    shuffled = chance.sample(items, len(items))
    taken = []
    for each in (items, shuffled):
        body = senders.activities(*each)
        found, said = activity_deliveries.check(body, NOW), parse("activities", body).heard
        refused = {told.index for told in found.rejected}
        assert found.accepted + len(refused) == len(said) == len(items)
        taken.append({one.content for place, one in enumerate(said) if place not in refused})
        assert taken[-1] == {min(one.content for one in said)}
    assert taken[0] == taken[1]


def test_words_that_mean_nothing_are_named_once_with_the_nearest_and_their_activities_are_taken(
    client: FlaskClient,
) -> None:
    items = [
        senders.activity(1),
        senders.activity(2, type="pageview"),
        senders.activity(3, type="pageview"),
        senders.activity(4, type="call_attempt", properties={"outcome": "conected"}),
        senders.activity(
            5, type="webinar_attend", properties={"minuts": 45, "minutes": "45 min", "asked_question": "yes"}
        ),
        senders.activity(6, type="sales_rejected", properties={"reason": "Timing"}),
    ]
    answer = _send(client, *items)
    assert (answer["accepted"], answer["rejected"]) == (6, [])
    assert answer["warnings"] == [
        {"index": 1, "reason": "no activity type is called 'pageview' (did you mean 'page_view'?)"},
        {
            "index": 3,
            "reason": "call_attempt.outcome: 'conected' is none of no_answer, voicemail, connected "
            "(did you mean 'connected'?)",
        },
        {"index": 4, "reason": "webinar_attend has no property 'minuts' (did you mean 'minutes'?)"},
        {"index": 4, "reason": "webinar_attend.minutes: '45 min' is no number"},
    ]


def test_a_list_of_warnings_has_an_end(client: FlaskClient) -> None:
    answer = _send(client, *(senders.activity(number, type=f"t{number}") for number in range(1_000)))
    assert answer["accepted"] == 1_000
    assert len(answer["warnings"]) == 21
    assert answer["warnings"][-1]["reason"] == "980 more words are not known"


def test_no_properties_are_no_reason_to_warn(client: FlaskClient) -> None:
    answer = _send(client, senders.activity(1, properties=None), senders.activity(2, properties={"page": None}))
    assert (answer["accepted"], answer["rejected"], answer["warnings"]) == (2, [], [])


def test_the_bounds_of_the_quick_and_of_the_careful_reading_are_the_same() -> None:
    for more in ({"id": "x" * 200}, {"properties": {"a": "x" * bounds.VALUE}}, {"type": "x" * bounds.TYPE}):
        item = senders.activity(1, **more)
        quick = parse("activities", senders.activities(item))
        careful = parse("activities", senders.activities(item, {"id": None}))
        assert quick.heard == careful.heard != ()
