"""The leads of both systems in one list, with what Coldframe wrote to them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox.both.both_systems import BothSystems

STAGES = ("inquiry", "mql", "sal", "sql", "customer", "recycled", "suppressed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A person and where they stand. `score` is None where nothing was written yet."""

    name: str
    email: str
    title: str
    company: str
    systems: tuple[str, ...]
    score: float | None
    fit: str
    engagement: str
    band: str
    segment: str
    stage: str
    track: str
    touch: str
    reasons: str


def leads(sandbox: BothSystems) -> list[Lead]:
    """All people, the highest score first; somebody in both systems stands there once, by e-mail."""
    found: dict[str, Lead] = {}
    for record in sandbox.hubspot.records("contacts"):
        lead = _from_hubspot(record.values)
        found[lead.email.lower() or record.id] = lead
    accounts = sandbox.salesforce.org.records["Account"]
    for object_name in ("Lead", "Contact"):
        for one in sandbox.salesforce.records(object_name):
            if one.get("IsConverted"):
                continue
            account = accounts.get(one.get("AccountId") or "") or {}
            lead = _from_salesforce(one, account.get("Name") or "")
            key = lead.email.lower() or one["Id"]
            known = found.get(key)
            found[key] = _joined(known, lead) if known else lead
    return sorted(found.values(), key=lambda lead: (lead.score is None, -(lead.score or 0), lead.name))


def pipeline(found: Sequence[Lead]) -> list[tuple[str, int]]:
    """How many leads are in each stage, in the stages' order."""
    counts = Counter(lead.stage for lead in found)
    return [(stage, counts[stage]) for stage in STAGES]


def _from_hubspot(values: Mapping[str, str]) -> Lead:
    score = values.get("coldframe_score")
    return Lead(
        name=" ".join(values[name] for name in ("firstname", "lastname") if values.get(name)),
        email=values.get("email", ""),
        title=values.get("jobtitle", ""),
        company=values.get("company", ""),
        systems=("HubSpot",),
        score=float(score) if score else None,
        fit=values.get("coldframe_fit", ""),
        engagement=values.get("coldframe_engagement", ""),
        band=values.get("coldframe_band", ""),
        segment=values.get("coldframe_segment", ""),
        stage=values.get("coldframe_stage", ""),
        track=values.get("coldframe_track", ""),
        touch=values.get("coldframe_touch", ""),
        reasons=values.get("coldframe_reasons", ""),
    )


def _from_salesforce(values: Mapping[str, Any], account: str) -> Lead:
    return Lead(
        name=values.get("Name") or "",
        email=values.get("Email") or "",
        title=values.get("Title") or "",
        company=values.get("Company") or account,
        systems=("Salesforce",),
        score=values.get("Coldframe_Score__c"),
        fit=_number(values.get("Coldframe_Fit__c")),
        engagement=_number(values.get("Coldframe_Engagement__c")),
        band=values.get("Coldframe_Band__c") or "",
        segment=values.get("Coldframe_Segment__c") or "",
        stage=values.get("Coldframe_Stage__c") or "",
        track=values.get("Coldframe_Track__c") or "",
        touch=values.get("Coldframe_Touch__c") or "",
        reasons=values.get("Coldframe_Reasons__c") or "",
    )


def _joined(one: Lead, other: Lead) -> Lead:
    """One person in two systems: the scored record is shown, HubSpot's where both are."""
    systems = tuple(dict.fromkeys((*one.systems, *other.systems)))
    speaker = one if one.score is not None or other.score is None else other
    return replace(
        speaker,
        systems=systems,
        company=one.company or other.company,
        title=one.title or other.title,
        touch=one.touch or other.touch,
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
