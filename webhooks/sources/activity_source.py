"""Activities as a source: from any system, signed as Standard Webhooks asks."""

from collections.abc import Sequence

import msgspec

from mappings.declared.variables import Variable
from webhooks import refusal_causes, signatures
from webhooks.declaration import Answer, Arrived, Receiver, Source, Taken, Trusted, admit
from webhooks.facts import Remark
from webhooks.person_removal import activities_of
from webhooks.sources import activity_deliveries, activity_description
from webhooks.sources.activity_deliveries import Checked

_NAME = "activities"


def _receiver(trusted: Trusted) -> Receiver | None:
    secrets = trusted.given.several("COLDFRAME_ACTIVITY_SECRET")
    keys = tuple(key for secret in secrets for key in signatures.standard_keys(secret))
    if not keys:
        return None

    def receive(arrived: Arrived) -> Taken:
        """A bad item is named in the answer and kept for a person.

        So is a word that no vocabulary has; its activity is taken.
        """
        judgement = signatures.standard(arrived.headers, arrived.body, keys=keys, now=arrived.now)
        admit(judgement, lambda: refusal_causes.of_standard(arrived.headers))
        found = activity_deliveries.check(arrived.body, arrived.now, arrived.vocabulary)
        return Taken(body=arrived.body, answer=lambda delivery: _answer(delivery, found))

    return receive


def _answer(delivery: int, found: Checked) -> Answer:
    told = {
        "delivery": delivery,
        "accepted": found.accepted,
        "rejected": _remarks(found.rejected),
        "warnings": _remarks(found.warnings),
    }
    return Answer(status=202, body=msgspec.json.encode(told))


def _remarks(remarks: Sequence[Remark]) -> list[dict[str, object]]:
    return [{"index": each.index, "reason": each.reason} for each in remarks]


ACTIVITIES = Source(
    name=_NAME,
    route="/activities",
    receiver=_receiver,
    parse=activity_deliveries.parse,
    erasure=activities_of(_NAME),
    secret="COLDFRAME_ACTIVITY_SECRET",  # noqa: S106 - a variable's name
    variables=(
        Variable(
            name="COLDFRAME_ACTIVITY_SECRET",
            kind="signing secrets",
            remedy="Set whsec_ and base64 of 24 or more random bytes (several, parted by spaces, during a rotation), "
            "or unset it to receive no activities.",
        ),
    ),
    described=activity_description.description,
    headers=(signatures.STANDARD_HEADERS[0], signatures.STANDARD_HEADERS[1]),
    named_by=signatures.STANDARD_HEADERS[0],
)
