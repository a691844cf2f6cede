"""The website as a source: pages of listed origins, with a public key. No secret vouches for them; see the limits."""

import msgspec

from mappings.declared.variables import Given, Variable
from mappings.vocabulary.value import Vocabulary
from webhooks.declaration import Answer, Arrived, Receiver, Source, Stranger, Taken, TooMany, Trusted
from webhooks.person_removal import activities_of
from webhooks.sources import activity_deliveries
from webhooks.sources.website import website_description, website_messages
from webhooks.sources.website.website_limits import Limits
from webhooks.sources.website.website_sites import PATTERN, VARIABLE, origins, sites

_NAME = "website"


def _receiver(trusted: Trusted) -> Receiver | None:
    known = sites(trusted.given.text(VARIABLE))
    if not known:
        return None
    limits = Limits()

    def receive(arrived: Arrived) -> Taken:
        """What a page of a listed origin says, kept as a delivery of activities. The answer names nobody."""
        message = website_messages.read(arrived.body)
        origin, agent = arrived.headers.get("Origin", "").lower(), arrived.headers.get("User-Agent", "")
        if origin not in known.get(message.key, ()):
            msg = f"{VARIABLE} does not list this key with the origin of this page"
            raise Stranger(msg, "origin")
        if _machine(agent, arrived.vocabulary):
            msg = "programs are not taken for visitors"
            raise Stranger(msg, "machine")
        body = website_messages.delivery(message, origin, agent, arrived.now)
        if not limits.take(message.key, message.visitor, arrived.now, introduces=bool(message.email)):
            raise TooMany
        answer = Answer(status=202, body=msgspec.json.encode({"accepted": len(message.activities)}))
        return Taken(body=body, answer=lambda _delivery: answer)

    return receive


def _machine(agent: str, vocabulary: Vocabulary) -> bool:
    """Whether a program sends, by the same names by which opens and clicks of programs are known."""
    return not agent or any(glob.match(agent) is not None for glob in vocabulary.machine.agents)


def _origins(given: Given) -> frozenset[str]:
    return origins(given.text(VARIABLE))


WEBSITE = Source(
    name=_NAME,
    route="/website",
    receiver=_receiver,
    parse=activity_deliveries.parse,
    erasure=activities_of(_NAME),
    secret=VARIABLE,
    variables=(
        Variable(
            name=VARIABLE,
            kind="text",
            pattern=PATTERN,
            remedy="Set a public key and the origin of your website, such as pk_3f9c0a1b2d4e5f60=https://www.example.com"
            " (several, parted by spaces), or unset it to take nothing from browsers.",
        ),
    ),
    described=website_description.description,
    origins=_origins,
)
