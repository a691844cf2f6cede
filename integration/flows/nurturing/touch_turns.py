"""Touch turns: which touches may be written now; the others wait for their turn, or are not sent after all.

What a touch's instant was decided for may have passed while a CRM was away: then two would be written within seconds,
at night, or to a lead whom sales talks with by now. A workflow that starts on the time of a touch would send the last
one alone, or all of them at once. What survives a crash: the turn is taken anew at the next look; nothing is lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import structlog

from integration.core.compiled.context import NEVER
from integration.core.nurture import waited_touches
from integration.core.nurture.waited_touches import Written
from integration.flows.base.isolation import Try
from integration.flows.base.service import HasRules, HasStore
from integration.flows.history import load_events
from integration.store.db.json_codec import encode
from integration.store.outgoing import outbox, sent_touches
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.outgoing.sent_touches import Arrived
from integration.store.queues import leases
from integration.store.queues.leases import Lease
from mappings.values.instant import DAY, Instant, Span

log = structlog.get_logger()

AT_WORK = "sales was at work on the lead when its turn came"
COMES_BACK = "mail to the address comes back"
_LOOKED_BACK: Span = 30 * DAY
"""A touch that arrived longer before the first of those that wait than the cap reaches, and this, has no say in it."""


class Turns(HasStore, HasRules, Protocol):
    """The store, and the playbook with its cap and windows."""


def taken(service: Turns, lease: Lease, these: Try[Outgoing]) -> Sequence[Outgoing]:
    """Those of these touches that may be written now; of the others it is stored what becomes of them.

    Where another time is named than was decided, it is stored before it is written: who tries again names the same.
    """
    now, rows = service.now(), these.items
    compiled = service.rules.compiled
    cap = compiled.playbook.frequency_cap
    leads = {row.lead_id for row in rows}
    first = min([now, *(int(row.payload.get("touch_at", now)) for row in rows)])  # one may have waited for months
    with service.store.read() as conn:
        states = load_events.states_of(conn, leads)
        before = sent_touches.arrived(conn, leads, first - (cap.within if cap else 0) - _LOOKED_BACK)
    ready: list[Outgoing] = []
    later: list[tuple[int, Instant]] = []
    gone: list[tuple[int, str, str]] = []
    named: list[tuple[int, Mapping[str, Any]]] = []
    for row in rows:
        state, payload = states.get(row.lead_id), row.payload
        if state is None:
            ready.append(row)
            continue
        decided = int(payload.get("touch_at", now))
        turn = waited_touches.turn(
            compiled,
            state,
            content=str(payload.get("touch")),
            decided=decided,
            before=[_written(each) for each in before.get(row.lead_id, ())],
            now=now,
        )
        if turn.at <= now and turn.named == decided:
            ready.append(row)
        elif turn.at <= now:
            told = {**payload, "touch_at": turn.named}
            named.append((row.id, told))
            ready.append(replace(row, payload_text=encode(told)))
        elif turn.at < NEVER:
            later.append((row.id, turn.at))
        else:
            gone.append((row.id, row.key, COMES_BACK if state.bounced is not None else AT_WORK))
    if later or gone or named:
        with service.store.write() as conn:
            leases.extend(conn, lease)
            outbox.reword(conn, named)
            outbox.put_off(conn, later)
            sent_touches.not_sent(conn, gone)
            if not ready:
                these.done(conn)
        log.info("touches wait", put_off=len(later), not_sent=len(gone), named_later=len(named))
    return ready


def _written(each: Arrived) -> Written:
    return Written(at=each.at, named=each.due, email=each.said.get("touch_channel", "email") == "email")
