"""Answer words: the words by which sales answers, wherever they stand, and the activity that each of them is."""

from collections.abc import Mapping
from typing import NamedTuple

from mappings.model.canonical import ACCEPTED, MEETING, NOTHING, QUALIFIED, REJECTED, Fields

GIVEN_BACK = "sales_rejected"
ATTEMPT = "call_attempt"
_SAYS: Mapping[str, str] = {
    MEETING: "meeting_booked",
    ACCEPTED: "sales_accepted",
    QUALIFIED: "sales_qualified",
    REJECTED: GIVEN_BACK,
}


class Said(NamedTuple):
    """An activity's type, and its properties."""

    type: str
    properties: Fields


def said_by(answer: str) -> Said:
    """What an answer says; a word that is none of ANSWERS is what came of a call."""
    kind = _SAYS.get(answer)
    return Said(ATTEMPT, {"outcome": answer}) if kind is None else Said(kind, NOTHING)
