"""`coldframe doctor` on nurture e-mail: touches that nothing confirms, opens and clicks that never come in."""

from collections.abc import Iterator

from connectors.base.port import Finding
from integration.core.rules.playbook_rules import Playbook
from integration.flows.history import confirmed_touches
from integration.store.db.session import Store
from integration.store.outgoing import sent_touches
from mappings.values.instant import DAY, Instant

_ENOUGH = 30
"""Of fewer people, it may be chance that nobody opened anything."""
_TIME_TO_OPEN = 7 * DAY
_NAMED = 3
_FEW = 10
"""Of so many touches one may stay unconfirmed: HubSpot itself leaves out who has unsubscribed."""


def examined(store: Store, playbook: Playbook | None, now: Instant) -> Iterator[Finding]:
    """A line where nobody seems to open anything, and tracks slow down or let go of people for that."""
    if playbook is None or not _goes_by_opens(playbook):
        return
    with store.read() as conn:
        people, opened = sent_touches.answered(conn, now - _TIME_TO_OPEN)
    if people < _ENOUGH or opened:
        return
    yield Finding(
        subject="opens of nurture e-mail",
        ok=False,
        detail=f"none of the last {people} people who were sent one has opened or clicked any, as far as is known here",
        remedy="Let your mail tool send opens and clicks (docs/nurture-mail.md), or take out slower and unopened.",
    )


def confirmed(store: Store, now: Instant) -> Iterator[Finding]:
    """A line on whether touches that were written went out, where there are any."""
    with store.read() as conn:
        found = confirmed_touches.silence(conn, now)
    if not found.touches:
        return
    open_ = len(found.unconfirmed)
    if open_ == found.touches:
        yield Finding(
            subject="nurture e-mail went out",
            ok=True,
            detail=f"not known: nothing says so of any of the last {found.touches} touches",
            remedy="Let the workflow set Touch sent at, or send email_sent (docs/nurture-mail.md).",
        )
        return
    leads = f": {', '.join(list(dict.fromkeys(found.unconfirmed))[:_NAMED])}" if open_ else ""
    yield Finding(
        subject="nurture e-mail went out",
        ok=open_ * _FEW <= found.touches,
        detail=f"{found.touches - open_} of the last {found.touches} touches are confirmed, {open_} are not{leads}",
        remedy="See whether the workflow is on and has a branch for each name (docs/nurture-mail.md)." if open_ else "",
    )


def _goes_by_opens(playbook: Playbook) -> bool:
    return any(track.slower or any(way.unopened for way in track.exits) for track in playbook.tracks)
