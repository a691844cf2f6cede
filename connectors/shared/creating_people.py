"""Creating people: each is looked for by e-mail first, so that nobody is created twice.

What was created and never answered for is found by that look as well; it is made at every try.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from connectors.answers.replies import Refusal, refusal
from connectors.base.port import PersonWrite, Receipt, Unavailable, Verdict
from connectors.shared.batching import divided, isolated
from mappings.values import emails
from mappings.values.identifiers import ExternalId

Found = Mapping[str, tuple[str, ExternalId]]
"""By e-mail as `spelt`, the record (object, id) that is theirs."""


def created(
    writes: Sequence[PersonWrite],
    *,
    find: Callable[[Sequence[str]], Found],
    send: Callable[[Sequence[PersonWrite]], Sequence[Receipt] | Refusal],
    size: int,
) -> list[Receipt]:
    """A receipt for each write, in order. `find` may raise Unavailable: those for whom it does are not created."""
    asked = sorted({spelt(write.email) for write in writes})
    there: dict[str, tuple[str, ExternalId]] = {}
    sent: dict[str, Receipt] = {}

    def look(places: Sequence[int]) -> Found | Refusal:
        try:
            return find([asked[place] for place in places])
        except Unavailable as away:
            return refusal(away.receipt)

    for places, outcome in divided(len(asked), look, size=max(1, len(asked))):
        if isinstance(outcome, Refusal):
            sent |= {asked[place]: outcome.receipt("") for place in places}
        else:
            there |= outcome
    missing = {spelt(write.email): write for write in writes if spelt(write.email) not in there.keys() | sent.keys()}
    sent |= zip(missing, isolated(list(missing.values()), send, size=size), strict=True)
    return [_receipt(write, there, sent) for write in writes]


def _receipt(write: PersonWrite, there: Found, sent: Mapping[str, Receipt]) -> Receipt:
    email = spelt(write.email)
    if email in there:
        return follow(write.key, there[email])
    return replace(sent[email], key=write.key)


def spelt(email: str) -> str:
    """An address in its one spelling, whatever a CRM makes of it."""
    return emails.normal(email) or email.strip().lower()


def follow(key: str, record: tuple[str, ExternalId]) -> Receipt:
    """The person is this record."""
    return Receipt(key=key, verdict=Verdict.FOLLOW, moved_to=record)
