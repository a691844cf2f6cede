"""The ledger: the lines that explain a score. They sum to the score at every instant."""

from typing import Literal, NamedTuple, TypeAlias

from mappings.values.instant import Instant

Axis: TypeAlias = Literal["fit", "engagement"]
Kind: TypeAlias = Literal["points", "cap", "floor", "decay", "expiry"]


class Line(NamedTuple):
    """A change of one score, in thousandths of a point: by a rule for an activity, by a cap or floor, decay or expiry.

    `activity` is the id of the event that caused it, "" for what happens by itself; of an expiry, the activity whose
    points end. A tuple, because every scoring activity makes one and a tuple costs a third of a dataclass.
    """

    at: Instant
    axis: Axis
    line: Kind
    rule: str
    activity: str
    points: int
