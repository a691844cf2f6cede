"""The toy source: lines of `id|type|time|mail`, vouched for by a keyed hash of the whole body."""

import hashlib
import hmac
from typing import Any

from mappings.declared.variables import Variable
from mappings.values import emails, instant, person_names
from mappings.values.instant import Instant
from webhooks.declaration import Arrived, Receiver, Source, Taken, Trusted, admit
from webhooks.facts import Parsed, Rejected, SentActivity
from webhooks.person_removal import Cut, Gone, RecordNames

HEADER = "X-Toy-Signature"
_PARTS = 4


def signature(body: bytes, secret: str) -> str:
    """What the toy's sender puts into the header."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _receiver(trusted: Trusted) -> Receiver | None:
    secrets = trusted.given.several("TOYLINE_SECRET")
    if not secrets:
        return None

    def receive(arrived: Arrived) -> Taken:
        given = arrived.headers.get(HEADER, "")
        genuine = any(hmac.compare_digest(signature(arrived.body, each), given) for each in secrets)
        admit("genuine" if genuine else "forged")
        return Taken(body=arrived.body)

    return receive


def _parse(body: bytes, received_at: Instant) -> Parsed:
    del received_at
    heard, rejected = [], []
    for index, line in enumerate(_lines(body)):
        parts = line.split("|")
        email = emails.normal(parts[-1])
        if len(parts) != _PARTS or email is None:
            rejected.append(Rejected(index=index, reason="not id|type|time|mail", item=line))
            continue
        heard.append(
            SentActivity(
                id=parts[0],
                type=parts[1],
                at=instant.parse(parts[2]),
                email=email,
                lead=None,
                account=None,
                properties={},
            )
        )
    return Parsed(heard=tuple(heard), rejected=tuple(rejected))


class _Erasure:
    """Line by line."""

    def about(self, item: Any, called: RecordNames) -> set[str]:
        del called
        return person_names.emails_in(str(item))

    def without(self, body: bytes, gone: Gone, called: RecordNames) -> Cut:
        taken, names, kept = [], [], []
        for line in _lines(body):
            about = self.about(line, called)
            if any(map(gone, about)):
                taken.append(line)
                names.append(frozenset(about))
            else:
                kept.append(line)
        return Cut(body="\n".join(kept).encode(), taken=tuple(taken), names=tuple(names))


def _lines(body: bytes) -> list[str]:
    return body.decode("utf-8", "replace").splitlines()


TOYLINE = Source(
    name="toyline",
    route="/toyline",
    receiver=_receiver,
    parse=_parse,
    erasure=_Erasure(),
    secret="TOYLINE_SECRET",
    variables=(Variable(name="TOYLINE_SECRET", kind="secrets", remedy="Set 16 or more characters."),),
)
