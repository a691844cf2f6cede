"""Whose delivery it is: HubSpot's own vectors, and everything a forger or a wrong clock may try."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import webhooks_senders as senders
from hypothesis import given
from hypothesis import strategies as st
from webhooks_senders import Headers

from webhooks import signatures
from webhooks.signatures import Judgement
from webhooks.sources import hubspot_signatures

BODY = b'[{"eventId": 1}]'
URI = f"{senders.URL}/webhooks/hubspot"
KEYS = signatures.standard_keys(senders.ACTIVITY_SECRET)


def judge_hubspot(
    headers: Headers,
    body: bytes = BODY,
    *,
    uri: str = URI,
    secrets: Sequence[str] = (senders.HUBSPOT_SECRET,),
    now: int = senders.NOW,
) -> Judgement:
    return hubspot_signatures.judged(headers, body, uri=uri, secrets=secrets, now=now)


def judge_standard(
    headers: Headers, body: bytes = BODY, *, keys: Sequence[bytes] = KEYS, now: int = senders.NOW
) -> Judgement:
    return signatures.standard(headers, body, keys=keys, now=now)


def test_hubspots_own_vectors_pass(samples: Path) -> None:
    vectors = json.loads((samples / "hubspot_signature_vectors.json").read_text())
    third = [vector for vector in vectors if vector["version"] == "v3"]
    assert len(third) == 2
    for vector in third:
        headers = {
            "X-HubSpot-Signature-v3": vector["signature"],
            "X-HubSpot-Request-Timestamp": vector["timestamp"],
        }
        judged = hubspot_signatures.judged(
            headers,
            vector["body"].encode(),
            uri=vector["uri"],
            secrets=[vector["secret"]],
            now=int(vector["timestamp"]) * 1_000,
        )
        assert judged == "genuine", vector["source"]


@pytest.mark.parametrize("offset", [-300, -1, 0, 1, 300])
def test_a_timestamp_within_five_minutes_is_genuine(offset: int) -> None:
    now = senders.NOW + offset * senders.SECOND
    assert judge_hubspot(senders.hubspot(BODY), now=now) == "genuine"
    assert judge_standard(senders.standard(BODY), now=now) == "genuine"


@pytest.mark.parametrize("offset", [-3_600, -301, 301, 86_400, 315_360_000])
def test_a_stale_or_future_timestamp_is_stale(offset: int) -> None:
    now = senders.NOW + offset * senders.SECOND
    assert judge_hubspot(senders.hubspot(BODY), now=now) == "stale"
    assert judge_standard(senders.standard(BODY), now=now) == "stale"


@given(place=st.integers(0, len(BODY) * 8 - 1))
def test_one_flipped_bit_of_the_body_is_forged(place: int) -> None:
    flipped = bytearray(BODY)
    flipped[place // 8] ^= 1 << place % 8
    assert judge_hubspot(senders.hubspot(BODY), bytes(flipped)) == "forged"
    assert judge_standard(senders.standard(BODY), bytes(flipped)) == "forged"


@pytest.mark.parametrize("name", ["X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp"])
@given(value=st.text())
def test_no_header_of_hubspots_raises_and_none_but_its_own_passes(name: str, value: Any) -> None:
    headers = senders.hubspot(BODY)
    if headers[name] != value:
        assert judge_hubspot(headers | {name: value}) == "forged"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@given(value=st.one_of(st.text(), st.text().map("v1,".__add__)))
def test_no_standard_header_raises_and_none_but_its_own_passes(name: str, value: Any) -> None:
    headers = senders.standard(BODY)
    if headers[name] != value:
        assert judge_standard(headers | {name: value}) == "forged"


@pytest.mark.parametrize("name", ["X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp"])
def test_a_missing_header_of_hubspots_is_forged(name: str) -> None:
    headers = senders.hubspot(BODY)
    del headers[name]
    assert judge_hubspot(headers) == "forged"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_standard_header_is_forged(name: str) -> None:
    headers = senders.standard(BODY)
    del headers[name]
    assert judge_standard(headers) == "forged"


def test_two_secrets_are_live_during_a_rotation() -> None:
    secrets = ("the-old-secret-of-ours", "the-new-secret-of-ours")
    for secret in secrets:
        assert judge_hubspot(senders.hubspot(BODY, secret=secret), secrets=secrets) == "genuine"
    assert judge_hubspot(senders.hubspot(BODY, secret="some-third-secret"), secrets=secrets) == "forged"
    other = "whsec_" + base64.b64encode(b"f" * 32).decode()
    keys = (*KEYS, *signatures.standard_keys(other))
    for secret in (senders.ACTIVITY_SECRET, other):
        assert judge_standard(senders.standard(BODY, secret=secret), keys=keys) == "genuine"


def test_a_sender_in_rotation_may_list_several_signatures() -> None:
    headers = senders.standard(BODY)
    listed = f"v1,AAAA v1a,{'B' * 40} {headers['webhook-signature']}"
    assert judge_standard(headers | {"webhook-signature": listed}) == "genuine"


def test_an_empty_secret_lets_nobody_in() -> None:
    assert judge_hubspot(senders.hubspot(BODY, secret=""), secrets=("",)) == "forged"
    assert judge_hubspot(senders.hubspot(BODY), secrets=()) == "forged"
    assert judge_standard(senders.standard(BODY), keys=(b"",)) == "forged"


def test_hubspot_signs_the_address_with_a_few_escapes_decoded() -> None:
    signed = senders.hubspot(BODY, uri=f"{URI}?next=a:b/c?d@e!f$g'h(i)j*k,l;m&n=%20%26")
    seen = f"{URI}?next=a%3Ab%2Fc%3Fd%40e%21f%24g%27h%28i%29j%2Ak%2Cl%3bm&n=%20%26"
    assert judge_hubspot(signed, uri=seen) == "genuine"
    assert judge_hubspot(signed, uri=f"{URI}?next=elsewhere") == "forged"


def test_a_secret_without_prefix_may_be_text_or_base64() -> None:
    text = "c2VjcmV0LXRoYXQtaXMtYWxzby1iYXNlNjQ="
    as_base64 = senders.standard(BODY, secret=text)  # the library decodes whatever it is given
    as_text = senders.standard(BODY, secret=base64.b64encode(text.encode()).decode())
    keys = signatures.standard_keys(text)
    assert judge_standard(as_base64, keys=keys) == judge_standard(as_text, keys=keys) == "genuine"


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not base64!", "whsec_abc"])
def test_a_prefixed_secret_must_be_base64(secret: str) -> None:
    with pytest.raises(ValueError, match=r"not base64|empty"):
        signatures.standard_keys(secret)
