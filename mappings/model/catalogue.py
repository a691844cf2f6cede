"""The catalogue: what Coldframe knows about each CRM's objects and fields before it connects to one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    natives: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Part of a standing -> the CRM's own fields (case-folded) that may take it, and nothing else may."""

    carried: frozenset[str] = frozenset()
    """Fields that are read-only where they stand, and are set in another way by the connector."""
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Object -> the fields without which a new record of it is refused, whatever else is given."""

    def writable(self, field: str, part: str = "") -> bool:
        """Whether a mapping may write this part of a standing to this field; routing is never a mapping's to change."""
        folded = field.casefold()
        if self.native(field, part):
            return True
        if folded in self.protected or folded.startswith(self.protected_prefixes or ("\0",)):
            return False
        return folded.endswith(self.own_suffix)

    def native(self, field: str, part: str) -> bool:
        """Whether this is a field of the CRM's own that takes this part of a standing."""
        return field.casefold() in self.natives.get(part, frozenset())

    def routing(self, field: str) -> bool:
        """Whether this field says whose the record is."""
        return field.casefold() in _ROUTING

    def refused(self, field: str) -> str:
        """Why a mapping may not write this field, in words for its author."""
        folded = field.casefold()
        if folded in _ROUTING:
            return f"'{field}' is not a field a mapping may write: owners are a matter of routing alone"
        parts = [part for part, fields in self.natives.items() if folded in fields]
        if parts:
            return f"'{field}' is not a field a mapping may write with this: it takes {' or '.join(parts)}"
        return f"'{field}' is not a field a mapping may write: it is the CRM's own; map one of yours"


_ROUTING = frozenset({"ownerid", "hubspot_owner_id", "hubspot_team_id"})

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
    natives=MappingProxyType(
        {
            "stage": frozenset({"lifecyclestage", "hs_lead_status"}),
            "recycle_reason": frozenset({"hs_lead_status"}),
            "opted_out": frozenset({"hs_email_optout"}),
        }
    ),
    carried=frozenset({"hs_email_optout"}),
)
SALESFORCE = System(
    name="salesforce",
    field_name=re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}"),
    protected=frozenset(),
    relations=True,
    # Standard fields carry routing, consent, conversion and audit: scores go to custom fields alone.
    own_suffix="__c",
    natives=MappingProxyType(
        {
            "stage": frozenset({"status"}),
            "recycle_reason": frozenset({"status"}),
            "opted_out": frozenset({"hasoptedoutofemail"}),
        }
    ),
    required=MappingProxyType({"Lead": ("LastName", "Company"), "Contact": ("LastName",)}),
)
SYSTEMS: Mapping[str, System] = MappingProxyType({found.name: found for found in (HUBSPOT, SALESFORCE)})


def holder(field: str) -> str:
    """The field of the object itself that leads to a field: `CampaignId` for `Campaign.Type`, else the field."""
    relation, _, _ = field.rpartition(".")
    if not relation:
        return field
    return f"{relation[:-1]}c" if relation.endswith("__r") else f"{relation}Id"
