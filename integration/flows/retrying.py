"""Retrying: how often one write is tried before it is set aside for a person, and how long it waits between."""

from mappings.instant import MINUTE, SECOND, Span

MOST_ATTEMPTS = 8
"""Refusals of one write after which it is set aside for a person."""
LONGEST_BACKOFF: Span = 30 * MINUTE


def backoff(attempts: int) -> Span:
    """How long to wait after the n-th refusal of one write: 2 s, doubling, at most half an hour."""
    return min(2 * SECOND << min(attempts, 20), LONGEST_BACKOFF)
