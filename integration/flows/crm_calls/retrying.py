"""Retrying: a refused write is tried again after a while, or set aside for a person."""

from collections.abc import Sequence

from sqlalchemy import Connection as Sql

from connectors.base.concerns import Concern
from connectors.base.port import Receipt, Verdict
from integration.store.outgoing import outbox
from mappings.values.instant import MINUTE, SECOND, Instant, Span

MOST_ATTEMPTS = 8
"""Refusals of one write after which it is set aside for a person."""
LONGEST_BACKOFF: Span = 30 * MINUTE


def backoff(attempts: int) -> Span:
    """How long to wait after the n-th refusal of one write: 2 s, doubling, at most half an hour."""
    return min(2 * SECOND << min(attempts, 20), LONGEST_BACKOFF)


def refused(conn: Sql, row_id: int, attempts: int, receipt: Receipt, now: Instant) -> None:
    """Store why a row of the outbox was not carried out; what concerns the whole connection is not the row's."""
    said = f"{receipt.code}: {receipt.message}".strip(": ")
    if receipt.of_owner:
        outbox.defer(conn, [row_id], now)  # whom it was to go to can get nothing: it is given to somebody else at once
        return
    passing = receipt.verdict in {Verdict.RETRY, Verdict.UNCLEAR}
    if passing and receipt.concern is Concern.REQUEST:
        # Refused with others, or perhaps for the CRM's own trouble: not judged by itself yet, and last in line.
        outbox.defer(conn, [row_id], now + (MINUTE if receipt.outage else backoff(0)))
    elif receipt.verdict is Verdict.PERMANENT or (passing and attempts + 1 >= MOST_ATTEMPTS):
        outbox.dead(conn, [(row_id, said)], now)
    elif passing:
        outbox.postpone(conn, [(row_id, now + backoff(attempts), said)])


def stopping(receipts: Sequence[Receipt]) -> Receipt | None:
    """The receipt that says the whole connection must wait: a pause, a login, or an outage of everything."""
    for receipt in receipts:
        if receipt.verdict in {Verdict.PAUSE, Verdict.RELOGIN}:
            return receipt
    return next((receipt for receipt in receipts if receipt.outage), None)
