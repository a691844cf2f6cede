"""What the house knows about each CRM's objects and fields before it has seen one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

TEXT_LIMIT = 255
OWN = "coldframe_"
"""How the names of our own fields begin, case-folded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A CRM: how its field names look, and which fields a mapping must never write."""

    name: str
    field_name: re.Pattern[str]
    protected: frozenset[str]
    """Case-folded names."""
    protected_prefixes: tuple[str, ...] = ()
    relations: bool = False
    """Whether a field of a related record can be read along: `Campaign.Type`."""
    own_suffix: str = ""
    """Only fields that end so are an administrator's own, and so writable ("" for no such rule)."""

    def writable(self, field: str) -> bool:
        """Whether a mapping may write this field at all; routing and consent are never a mapping's to change."""
        folded = field.casefold()
        if folded in self.protected or folded.startswith(self.protected_prefixes or ("\0",)):
            return False
        return folded.endswith(self.own_suffix)


HUBSPOT = System(
    name="hubspot",
    field_name=re.compile(r"[a-z][a-z0-9_]{0,99}"),
    protected=frozenset(
        """
        email firstname lastname company associatedcompanyid createdate lastmodifieddate closedate hubspot_owner_id
        hubspot_team_id hubspotscore lifecyclestage salesforceleadid salesforcecontactid salesforceaccountid
        """.split()  # noqa: SIM905 -- words in rows, not one a line
    ),
    protected_prefixes=("hs_", "notes_", "num_", "engagements_"),
)
SALESFORCE = System(
    name="salesforce",
    field_name=re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}"),
    protected=frozenset(),
    relations=True,
    # Standard fields carry routing, consent, conversion and audit: scores go to custom fields alone.
    own_suffix="__c",
)
SYSTEMS: Mapping[str, System] = MappingProxyType({found.name: found for found in (HUBSPOT, SALESFORCE)})


def holder(field: str) -> str:
    """The field of the object itself that leads to a field: `CampaignId` for `Campaign.Type`, else the field."""
    relation, _, _ = field.rpartition(".")
    if not relation:
        return field
    return f"{relation[:-1]}c" if relation.endswith("__r") else f"{relation}Id"
