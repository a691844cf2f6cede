"""The vocabulary of an installation as an immutable value, as the engine uses it. How it is written is elsewhere.

Two vocabularies are equal where they mean the same: their fingerprints are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from mappings.model.canonical import ACCOUNT_FIELDS, ACTIVITY_TYPES, LEAD_FIELDS, STANDING_FIELDS, Field, Fields
from mappings.reading.readings import Readings, Unread
from mappings.vocabulary.machine_rules import MachineRules
from mappings.vocabulary.recognition import Recognition, Unmatched
from mappings.vocabulary.vocabulary_fingerprint import fingerprint


@dataclass(frozen=True, kw_only=True, eq=False)
class Vocabulary:
    """Every word that may stand in a mapping, a playbook or an activity.

    `lead`, `account` and `activities` contain canonical and own words alike. `labels` are what people read for own
    activity types; `own_lead`, `own_account` and `own_activities` are the words that the company added.
    """

    name: str = ""
    """The file it was read from, for messages; "" for the canonical words alone."""
    text: str = field(default="", repr=False)
    """A company's own file as its author wrote it, so that it can be kept; "" for what is shipped."""
    fingerprint: str = field(init=False)
    """Equal where two vocabularies mean the same."""
    lead: Mapping[str, Field] = field(default_factory=lambda: LEAD_FIELDS)
    account: Mapping[str, Field] = field(default_factory=lambda: ACCOUNT_FIELDS)
    activities: Mapping[str, Mapping[str, Field]] = field(default_factory=lambda: ACTIVITY_TYPES)
    standing: Mapping[str, Field] = field(default_factory=lambda: STANDING_FIELDS)
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    own_lead: tuple[str, ...] = ()
    own_account: tuple[str, ...] = ()
    own_activities: tuple[str, ...] = ()
    recognition: Recognition = field(default_factory=lambda: Recognition((), ACTIVITY_TYPES))
    machine: MachineRules = field(default_factory=MachineRules)

    def __post_init__(self) -> None:
        meant = fingerprint(
            (self.lead, self.account, self.standing), self.activities, self.labels, self.recognition.lines, self.machine
        )
        object.__setattr__(self, "fingerprint", meant)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and other.fingerprint == self.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @cached_property
    def reasons(self) -> tuple[str, ...]:
        """Why sales may give a lead back."""
        return self.activities["sales_rejected"]["reason"].choices

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Where a lead may come from."""
        return self.lead["source"].choices

    @cached_property
    def assets(self) -> Mapping[str, str]:
        """Own activity type → the property that says what such an activity was about: its first text, but an asset."""
        found: dict[str, str] = {}
        for kind in self.own_activities:
            texts = [name for name, field in self.activities[kind].items() if field.kind in ("text", "choice")]
            if texts and texts[0] != "asset":
                found[kind] = texts[0]
        return found

    @cached_property
    def readings(self) -> Readings:
        """How the values of these words are read."""
        return Readings(self.activities, self.lead, self.account)

    def recognised(self, kind: str, properties: Fields) -> tuple[str, Fields]:
        """The type and properties of an activity as it was sent: its address or name recognised, its values read.

        In this order, since what the sender gave stands, also where it means nothing.
        """
        of_type, filled = self.recognition(kind, properties)
        what = self.assets.get(of_type)
        if what is not None and filled.get(what) and not filled.get("asset"):
            filled = {**filled, "asset": filled[what]}
        return of_type, self.readings.properties(of_type, filled)

    def unread(self, kind: str, properties: Fields) -> Iterator[Unread]:
        """Whatever means nothing in an activity as it was sent."""
        return self.readings.unread(
            kind if kind in self.activities else self.recognised(kind, properties)[0], properties
        )

    def unmatched(self, kind: str, properties: Fields) -> Iterator[Unmatched]:
        """Whatever names something in an activity as it was sent, and no line of the vocabulary knows."""
        yield from self.recognition.unmatched(kind, properties)

    def label(self, kind: str) -> str:
        """An activity type as people read it."""
        return self.labels.get(kind) or kind.replace("_", " ")


CANONICAL = Vocabulary()
"""The canonical words, with nothing recognised and no rules for machines."""
