"""From bytes to facts: what is readable is read, what is not is set aside, and nothing raises."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import webhooks_senders as senders
from hypothesis import given
from hypothesis import strategies as st

from mappings.values import instant
from webhooks import lenient, parsers
from webhooks.facts import Noticed, Oversized, SentActivity, Unreadable
from webhooks.sources import activity_deliveries, hubspot_events

parse = partial(parsers.parse, received_at=senders.NOW)

AT = instant.parse("2026-01-06T10:00:00Z")


def one(**more: Any) -> SentActivity:
    parsed = parse("activities", senders.activities(senders.activity(**more)))
    assert not parsed.rejected, parsed.rejected
    return parsed.heard[0]


def reason(item: Any) -> str:
    parsed = parse("activities", senders.activities(item))
    assert not parsed.heard
    return parsed.rejected[0].reason


def noticed(**more: Any) -> tuple[Noticed, ...]:
    parsed = parse("hubspot", senders.events(senders.event(**more)))
    assert not parsed.rejected, parsed.rejected
    return parsed.noticed


def test_an_activity_is_read_with_its_own_time_and_properties() -> None:
    heard = one(account="acme", properties={"page": "pricing", "seconds": 3, "tags": ["a", "b"], "known": None})
    assert (heard.id, heard.type, heard.at) == ("a1", "page_view", AT)
    assert (heard.email, heard.lead, heard.account) == ("person1@acme.example", None, "acme")
    assert heard.properties == {"page": "pricing", "seconds": 3, "tags": ("a", "b"), "known": None}


def test_an_e_mail_is_case_folded_and_stripped() -> None:
    assert one(email=" Ana@ACME.example ").email == "ana@acme.example"


@pytest.mark.parametrize(
    "at",
    [
        "2026-01-06T10:00:00Z",
        "2026-01-06T11:00:00+01:00",
        "2026-01-06T11:00:00+0100",
        "2026-01-06T10:00:00.000+0000",
        "2026-01-06t10:00:00z",
        "2026-01-06 10:00:00Z",
        "2026-01-06T10:00Z",
    ],
)
def test_every_spelling_of_a_time_with_a_zone_is_read(at: Any) -> None:
    assert one(at=at).at == AT


@pytest.mark.parametrize("at", ["2026-01-06T10:00:00", "2026-01-06", "yesterday", "", 1767693600, None])
def test_a_time_without_a_zone_is_rejected_by_name(at: Any) -> None:
    assert reason(senders.activity(at=at)).startswith("`at`: ")


def test_an_unknown_type_is_accepted_and_kept() -> None:
    assert one(type="moon_landing").type == "moon_landing"


def test_numbers_as_ids_become_text() -> None:
    heard = one(id=17, lead=5, account=9)
    assert (heard.id, heard.lead, heard.account) == ("17", "5", "9")


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({}, "missing field `id`"),
        (5, "Expected `object`, got `int`"),
        (senders.activity() | {"id": ""}, "`id`: Expected `str` of length >= 1"),
        (senders.activity() | {"id": "x" * 201}, "`id`: Expected `str` of length <= 200"),
        (senders.activity() | {"type": None}, "`type`: Expected `str`, got `null`"),
        (senders.activity() | {"email": None}, "neither `email` nor `lead` is given"),
        (senders.activity() | {"email": "ana"}, "`email`: it holds no @"),
        (senders.activity() | {"properties": []}, "`properties`: Expected `object | null`, got `array`"),
    ],
)
def test_the_reason_names_the_field_and_repeats_no_value(item: Any, expected: str) -> None:
    assert reason(item) == expected


def test_nested_properties_are_kept_as_they_are_sent() -> None:
    sent = {"utm": {"source": "x"}, "mixed": [1, "a", None, {"b": 2}]}
    assert one(properties=sent).properties == {"utm": {"source": "x"}, "mixed": (1, "a", None, {"b": 2})}


def test_no_properties_are_none() -> None:
    assert one(properties=None).properties == one(properties={}).properties == {}


def test_a_number_beyond_a_float_is_kept_as_text() -> None:
    body = b'{"activities":[{"id":"1","type":"x","at":"2026-01-06T10:00:00Z","lead":"l","properties":{"n":1e999}}]}'
    assert parse("activities", body).heard[0].properties == {"n": "1e999"}


@pytest.mark.parametrize("bad", ["\x00", "\ud83d"])
def test_text_that_no_store_can_hold_is_mended(bad: Any) -> None:
    assert one(properties={"title": f"cut {bad}"}).properties == {"title": "cut \ufffd"}
    assert noticed(propertyValue=f"cut {bad}")[0].value == "cut \ufffd"


def test_bytes_that_are_not_utf_8_are_mended() -> None:
    body = senders.activities(senders.activity(properties={"title": "???"})).replace(b"???", b"\xff")
    assert parse("activities", body).heard[0].properties == {"title": "\ufffd"}


@pytest.mark.parametrize("place", [0, 57, 99])
def test_one_bad_activity_of_a_hundred_is_set_aside_alone(place: int) -> None:
    items = [senders.activity(number) for number in range(100)]
    items[place] = {"id": "bad", "at": "never"}
    parsed = parse("activities", senders.activities(*items))
    assert [heard.id for heard in parsed.heard] == [f"a{number}" for number in range(100) if number != place]
    assert [(bad.index, json.loads(bad.item)) for bad in parsed.rejected] == [(place, items[place])]


@pytest.mark.parametrize(
    "bad",
    [
        5,
        {},
        senders.event(objectId="abc"),
        senders.event(subscriptionType="contact.dancing"),
        senders.event(occurredAt=-1),
        senders.event(subscriptionType="contact.merge", objectId=None),
    ],
)
def test_one_bad_event_of_a_hundred_is_set_aside_alone(bad: Any) -> None:
    items = [senders.event(number) for number in range(100)]
    items[57] = bad
    parsed = parse("hubspot", senders.events(*items))
    assert len(parsed.noticed) == 99
    assert [(each.index, json.loads(each.item)) for each in parsed.rejected] == [(57, bad)]


_ITEMS = st.lists(
    st.one_of(
        st.builds(
            senders.activity,
            st.integers(0, 5),
            email=st.sampled_from(["a@b.example", "", None, "x"]),
            lead=st.sampled_from([None, "l1", 7]),
            at=st.sampled_from(["2026-01-06T10:00:00Z", "2026-01-06T10:00:00.1234567+01:00", "2026-01-06", 5]),
            properties=st.dictionaries(
                st.text(max_size=3),
                st.one_of(
                    st.text(max_size=3),
                    st.integers(),
                    st.booleans(),
                    st.none(),
                    st.floats(allow_nan=False, allow_infinity=False),
                ),
                max_size=3,
            ),
        ),
        st.none(),
    ),
    max_size=5,
)


@given(items=_ITEMS)
def test_a_batch_is_read_as_its_items_are_read_one_by_one(items: list[Any]) -> None:
    items = [each and each | {"id": f"a{place}"} for place, each in enumerate(items)]
    whole = parse("activities", senders.activities(*items))
    single = [parse("activities", senders.activities(item)) for item in items]
    assert whole.heard == tuple(heard for each in single for heard in each.heard)
    assert [bad.index for bad in whole.rejected] == [index for index, each in enumerate(single) if each.rejected]


def test_recorded_batches_of_hubspots_are_read_whole(samples: Path) -> None:
    for path in sorted((samples / "hubspot_webhooks").glob("*.json")):
        body = path.read_bytes()
        parsed = parse("hubspot", body)
        assert len(parsed.noticed) == len(json.loads(body)), path.name
        assert parsed.rejected == (), path.name


def test_the_test_buttons_strings_are_read_as_numbers(samples: Path) -> None:
    (made,) = parse("hubspot", (samples / "hubspot_webhooks" / "test_button_all_strings.json").read_bytes()).noticed
    assert (made.object, made.id, made.what, made.at) == ("contact", "685184", "created", 1_493_224_084_569_000)


def test_a_property_change_tells_property_value_and_system() -> None:
    (change,) = noticed(changeSource="INTEGRATION", sourceId="50780459")
    assert (change.what, change.property, change.value) == ("changed", "email", "ana@acme.example")
    assert change.system == "hubspot"


@pytest.mark.parametrize(
    ("told", "own"),
    [
        ({"changeSource": "INTEGRATION", "sourceId": "50780459", "appId": 50780459}, True),
        ({"changeSource": "INTEGRATION", "sourceId": "50780460", "appId": 50780459}, False),
        ({"changeSource": "CRM_UI", "sourceId": "50780459", "appId": 50780459}, False),
        ({"changeSource": "INTEGRATION", "sourceId": "0", "appId": 0}, False),
        ({"changeSource": "INTEGRATION", "sourceId": "userId:7", "appId": 50780459}, False),
    ],
)
def test_a_change_by_our_own_app_is_known_as_such(told: dict[str, Any], *, own: bool) -> None:
    (change,) = noticed(**told)
    assert change.own is own


def test_a_delivery_repeated_has_the_same_keys_and_no_two_events_share_one() -> None:
    first = parse("hubspot", senders.events(*(senders.event(n, attemptNumber=0) for n in range(50))))
    again = parse("hubspot", senders.events(*(senders.event(n, attemptNumber=3) for n in range(50))))
    assert [each.key for each in first.noticed] == [each.key for each in again.noticed]
    assert len({each.key for each in first.noticed}) == 50


@pytest.mark.parametrize(
    ("type_id", "named"), [("0-1", "contact"), ("0-2", "company"), ("0-3", "deal"), ("2-9", "2-9")]
)
def test_generic_events_name_their_object_by_type_id(type_id: str, named: str) -> None:
    assert noticed(subscriptionType="object.creation", objectTypeId=type_id)[0].object == named


def test_a_merge_tells_of_every_record_that_lost_its_id() -> None:
    merge = {"subscriptionType": "contact.merge", "objectId": None, "propertyName": None, "propertyValue": None}
    lost = noticed(**merge, primaryObjectId=1, mergedObjectIds=[2, 3], newObjectId=9)
    assert [(each.id, each.value, each.what) for each in lost] == [
        ("2", "9", "merged"),
        ("3", "9", "merged"),
        ("1", "9", "merged"),
    ]
    assert len({each.key for each in lost}) == 3
    kept = noticed(**merge, primaryObjectId=1, mergedObjectIds=[2])
    assert [(each.id, each.value) for each in kept] == [("2", "1")]


@pytest.mark.parametrize(("removed", "value"), [(False, "8"), (True, None)])
def test_an_association_tells_both_ends(*, removed: bool, value: Any) -> None:
    (change,) = noticed(
        subscriptionType="contact.associationChange",
        objectId=None,
        fromObjectId=5,
        toObjectId=8,
        associationType="CONTACT_TO_COMPANY",
        associationRemoved=removed,
    )
    assert (change.what, change.id, change.property, change.value) == ("associated", "5", "CONTACT_TO_COMPANY", value)


@pytest.mark.parametrize("verb", ["deletion", "privacyDeletion", "restore"])
def test_deletion_restoring_and_erasure_are_told_apart(verb: str) -> None:
    said = {"deletion": "deleted", "privacyDeletion": "privacy_deleted", "restore": "restored"}[verb]
    assert noticed(subscriptionType=f"contact.{verb}", propertyName=None, propertyValue=None)[0].what == said


@pytest.mark.parametrize("source", ["hubspot", "activities", "elsewhere"])
@given(body=st.binary(max_size=60))
def test_no_stored_body_makes_the_parser_raise(source: str, body: bytes) -> None:
    parse(source, body)


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(item=_JSON, name=st.sampled_from(sorted(senders.activity() | senders.event())))
def test_any_json_in_any_place_of_an_item_is_heard_or_set_aside(item: Any, name: str) -> None:
    for source, body in (
        ("activities", senders.activities(senders.activity() | {name: item}, item)),
        ("hubspot", senders.events(senders.event() | {name: item}, item)),
    ):
        if b"NaN" in body or b"Infinity" in body:
            continue  # not JSON
        parsed = parse(source, body)
        told = [each for each in parsed.rejected if not (source == "hubspot" and "wrong clock" in each.reason)]
        assert len(parsed.heard) + len(parsed.noticed) + len(told) == 2  # a wrong clock is told, and its record read


def test_a_body_of_another_shape_is_one_rejected_item() -> None:
    assert parse("hubspot", b'{"a": 1}').rejected[0].reason == "missing field `subscriptionType`"
    assert parse("hubspot", b"nonsense").rejected[0].item == "nonsense"
    assert parse("activities", b"[]").rejected[0].reason == 'not of the shape {"activities": [...]}'


def test_the_caps_on_items_and_depth_hold() -> None:
    with pytest.raises(Oversized, match="1001 activities"):
        activity_deliveries.check(senders.activities(*[senders.activity()] * 1_001), senders.NOW)
    with pytest.raises(Oversized, match="101 events"):
        hubspot_events.check(senders.events(*[senders.event()] * 101))
    for depth in (lenient.DEEPEST, 100_000):
        nest = b"[" * depth + b"]" * depth
        with pytest.raises(Oversized, match="levels deep"):
            hubspot_events.check(b"[" + nest + b"]")
        with pytest.raises(Oversized, match="levels deep"):
            activity_deliveries.check(b'{"activities": [{"properties": {"x": ' + nest + b"}}]}", senders.NOW)


def test_what_is_no_json_is_unreadable() -> None:
    for check in (partial(activity_deliveries.check, now=senders.NOW), hubspot_events.check):
        with pytest.raises(Unreadable, match="not JSON"):
            check(b"{'single': 'quotes'}")
