"""HubSpot's webhooks as a source: signed with the client secret of the app that sends them."""

from collections.abc import Collection, Mapping
from typing import Any

import structlog

from mappings.declared.variables import Need, Variable
from mappings.values import person_names
from mappings.values.identifiers import ExternalId
from webhooks import refusal_causes
from webhooks.declaration import Arrived, Receiver, Source, Stranger, Taken, Trusted, admit
from webhooks.person_removal import JsonErasure, RecordNames, of_noticed
from webhooks.refusal_causes import Cause
from webhooks.signatures import Judgement
from webhooks.sources import hubspot_events as events
from webhooks.sources import hubspot_signatures

log = structlog.get_logger()

_NOT_CONNECTED = "No portal of this batch is connected here."


def _receiver(trusted: Trusted) -> Receiver | None:
    """What lets batches in: secrets that sign for every portal, and those of one portal's own app.

    No other portal that has such secrets is signed for by these.
    """
    shared = trusted.given.several("HUBSPOT_CLIENT_SECRET")
    own = trusted.secrets if trusted.public_url else {}
    if not shared and not own:
        return None
    secrets = tuple(dict.fromkeys((*shared, *(each for those in own.values() for each in those))))

    def receive(arrived: Arrived) -> Taken:
        judgement, secret = _judged(arrived, secrets)
        admit(judgement, lambda: _why(arrived, secrets))
        events.check(arrived.body)
        if secret not in shared:
            admit(_judged_portals(arrived, own, secret), lambda: "portal")
        _refuse_strangers(events.portals(arrived.body), trusted.connected())
        return Taken(body=arrived.body)

    return receive


def _judged(arrived: Arrived, secrets: Collection[str]) -> tuple[Judgement, str]:
    """Whether a secret has signed, and which."""
    found: tuple[Judgement, str] = ("forged", "")
    for secret in secrets:
        judgement = hubspot_signatures.judged(
            arrived.headers, arrived.body, uri=arrived.address, secrets=(secret,), now=arrived.now
        )
        if judgement != "forged":
            found = (judgement, secret)
    return found


def _why(arrived: Arrived, secrets: tuple[str, ...]) -> Cause:
    """The likely cause where no secret has signed for our address: perhaps one has for that by which it came."""
    if not all(arrived.headers.get(name, "") for name in hubspot_signatures.HEADERS):
        return "unsigned"
    some = secrets[: refusal_causes.MOST_SECRETS]
    return (
        "public_url"
        if any(
            hubspot_signatures.judged(arrived.headers, arrived.body, uri=uri, secrets=some, now=arrived.now) != "forged"
            for uri in refusal_causes.addresses(arrived.headers, arrived.address)
        )
        else "secret"
    )


def _judged_portals(arrived: Arrived, own: Mapping[str, tuple[str, ...]], secret: str) -> Judgement:
    """Whether the secret may sign for the portals that the events name: not for one whose app has another secret."""
    named = {each.account for each in events.parse(arrived.body, arrived.now).noticed}
    others = {portal for portal, secrets in own.items() if secret not in secrets}
    return "forged" if named & others else "genuine"


def _refuse_strangers(named: Collection[str], connected: Collection[str]) -> None:
    """Turn away a batch in which every event is of a portal that is not connected here.

    Whoever installs a public app has HubSpot sign webhooks of their own portal with the app's secret. Of a batch of
    several portals, ingest reads ours alone.
    """
    if connected and named and set(named).isdisjoint(connected):
        raise Stranger(_NOT_CONNECTED)


def _named(item: Any, called: RecordNames) -> set[str]:
    try:
        noticed = events.changes_in(item)
    except ValueError:
        noticed = ()
    found = {name for each in noticed for name in of_noticed(each, called)}
    if not noticed and isinstance(item, dict) and item.get("objectId") is not None:
        connection = called.connection(events.SYSTEM, str(item.get("portalId") or ""))
        found.add(person_names.of_record(connection, "contact", ExternalId(str(item["objectId"]))))
    return found


HUBSPOT = Source(
    name=events.SYSTEM,
    route="/hubspot",
    receiver=_receiver,
    parse=events.parse,
    erasure=JsonErasure(named=_named),
    system=events.SYSTEM,
    secret="HUBSPOT_CLIENT_SECRET",  # noqa: S106 - a variable's name
    variables=(
        Variable(
            name="HUBSPOT_CLIENT_SECRET",
            kind="secrets",
            remedy="Set the client secret of the HubSpot app that sends the webhooks (several, parted by spaces, "
            "during a rotation).",
        ),
    ),
    needs=(
        Need(
            variable="HUBSPOT_CLIENT_SECRET", needed="COLDFRAME_PUBLIC_URL", why="HubSpot signs the address it posts to"
        ),
    ),
    missed="Set the client secret of the HubSpot app that sends the webhooks, and COLDFRAME_PUBLIC_URL.",
    headers=(hubspot_signatures.TIMESTAMP,),
    named_by=hubspot_signatures.TIMESTAMP,
)
