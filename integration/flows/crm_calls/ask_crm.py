"""Asks a CRM about many values at once; a value that it will not answer does not delay the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from connectors.answers.replies import Refusal, refusal
from connectors.base.concerns import Concern
from connectors.base.port import Connector, Receipt, Record, Unavailable, Verdict
from connectors.shared.batching import divided
from integration.flows.base.isolation import calling
from integration.flows.base.service import Connection

Ask: TypeAlias = Callable[[Sequence[str]], Sequence[Record]]
"""One question about some of the values. Raises Unavailable."""


@dataclass(slots=True, kw_only=True)
class Answers:
    """What became of each value: answered (also with nothing), refused for good, refused for now, or not asked yet."""

    records: list[Record] = field(default_factory=list)
    refused: list[tuple[list[str], Receipt]] = field(default_factory=list)
    """Values with the CRM's words, together where it refused them together."""
    tried: dict[str, Receipt] = field(default_factory=dict)
    later: list[str] = field(default_factory=list)

    @property
    def open(self) -> set[str]:
        """Values that have no answer."""
        return {*self.tried, *self.later, *(value for values, _ in self.refused for value in values)}


def asked(values: Sequence[str], ask: Ask, *, there: Callable[[], bool]) -> Answers:
    """Ask about these values, in parts where the CRM refuses the whole. Raises Unavailable where it must be waited for.

    A refusal that concerns the question, and not the CRM, is none of the connection's: it is set down with its values.
    `there` is asked where a question fails and no other has been answered: see `answering`.
    """
    found = Answers()

    def put(places: Sequence[int]) -> Sequence[Record] | Refusal:
        try:
            with calling():
                return ask([values[place] for place in places])
        except Unavailable as away:
            return refusal(away.receipt)

    for places, outcome in divided(len(values), put, size=max(1, len(values)), there=there):
        some = [values[place] for place in places]
        if not isinstance(outcome, Refusal):
            found.records += outcome
        elif outcome.forbidden or outcome.verdict is Verdict.PERMANENT:
            found.refused.append((some, outcome.receipt("")))
        elif outcome.outage or outcome.verdict in {Verdict.PAUSE, Verdict.RELOGIN}:
            raise Unavailable(outcome.receipt(""))
        elif outcome.concern is Concern.RECORD:
            found.tried |= dict.fromkeys(some, outcome.receipt(""))
        elif outcome.concern is Concern.REQUEST:
            found.later += some
        else:
            raise Unavailable(outcome.receipt(""))
    return found


def at_fault(fault: Unavailable, connection: Connection, object_name: str) -> bool:
    """Whether a question about an object was refused for itself, while the CRM answers about others."""
    receipt = fault.receipt
    if fault.final:
        return True
    if receipt.verdict in {Verdict.PAUSE, Verdict.RELOGIN}:
        return False
    others = [name for name in connection.mapping.objects if name != object_name]
    failed = receipt.concern is Concern.REQUEST and bool(others) and answering(connection.connector, others[0])
    return failed or receipt.concern is Concern.RECORD


def answering(connector: Connector, object_name: str) -> bool:
    """Whether a CRM answers the shortest question about an object: it is there then, and another question is at fault.

    Without this, one look-up that fails alone would be taken for an outage, and delay everything else.
    """
    try:
        connector.count(object_name)
    except Unavailable as away:
        return away.final
    return True
