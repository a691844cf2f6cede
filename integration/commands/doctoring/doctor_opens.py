"""`coldframe doctor` on opens and clicks that never come in, where the playbook goes by them."""

from collections.abc import Iterator

from connectors.base.port import Finding
from integration.core.rules.playbook_rules import Playbook
from integration.store.db.session import Store
from integration.store.outgoing import unopened_emails
from mappings.values.instant import DAY, Instant

_ENOUGH = 30
"""Of fewer people, it may be chance that nobody opened anything."""
_TIME_TO_OPEN = 7 * DAY


def examined(store: Store, playbook: Playbook | None, now: Instant) -> Iterator[Finding]:
    """A line where nobody seems to open anything, and tracks slow down or let go of people for that."""
    if playbook is None or not _goes_by_opens(playbook):
        return
    with store.read() as conn:
        people, opened = unopened_emails.answered(conn, now - _TIME_TO_OPEN)
    if people < _ENOUGH or opened:
        return
    yield Finding(
        subject="opens of nurture e-mail",
        ok=False,
        detail=f"none of the last {people} people who were sent one has opened or clicked any, as far as is known here",
        remedy="Let your mail tool send opens and clicks (docs/nurture-mail.md), or take out slower and unopened.",
    )


def _goes_by_opens(playbook: Playbook) -> bool:
    return any(track.slower or any(way.unopened for way in track.exits) for track in playbook.tracks)
