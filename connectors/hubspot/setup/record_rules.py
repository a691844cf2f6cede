"""HubSpot's records as mappings see them: ids, names and types of properties, and values as HubSpot takes them."""

import re
from types import MappingProxyType

from connectors.hubspot import SYSTEM
from mappings.model.canonical import Kind, Value
from mappings.model.catalogue import CrmRules
from mappings.values import instant
from mappings.values.record_ids import IdRule


def written(value: Value, kind: Kind) -> str:
    """Everything as text: "" clears, times are ISO with milliseconds."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ";".join(value)
    if kind == "time" and isinstance(value, int):
        return instant.to_datetime(value).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value // 1000 % 1000:03d}Z"
    return str(value)


RULES = CrmRules(
    name=SYSTEM,
    label="HubSpot",
    ids=IdRule(form=re.compile(r"[0-9]{1,19}")),
    people=("contact",),
    field_name=re.compile(r"[a-z][a-z0-9_]{0,99}"),
    mapping=("mappings", "hubspot.yaml"),
    takes=MappingProxyType(
        {
            "text": frozenset({"string"}),
            "number": frozenset({"number", "string"}),
            "boolean": frozenset({"bool", "enumeration", "string"}),
            "choice": frozenset({"enumeration", "string"}),
            "time": frozenset({"datetime"}),
            "list": frozenset({"enumeration", "string"}),
        }
    ),
    written=written,
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
    owners=frozenset({"hubspot_owner_id", "hubspot_team_id"}),
    carried=frozenset({"hs_email_optout"}),
    handovers=frozenset({"lead"}),
    handover_key="coldframe_key",
    outcomes=MappingProxyType(
        {"call": frozenset({"hs_call_disposition"}), "meeting": frozenset({"hs_meeting_outcome"})}
    ),
)
