"""What both test modules of answers ask of a CRM, and how an answer of somebody else is put in its place."""

from collections.abc import Sequence
from typing import Any

from connectors.base.port import FieldWrite
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

SYSTEMS = ("hubspot", "salesforce")

SCORE = {"hubspot": "coldframe_score", "salesforce": "Coldframe_Score__c"}

PERSON = {"hubspot": "contact", "salesforce": "Lead"}

EMAIL = {"hubspot": "email", "salesforce": "Email"}

UPDATE = {"hubspot": "*/contacts/batch/update", "salesforce": "*/composite/sobjects"}


def people(box: Sandbox, system: str, count: int = 3) -> list[str]:
    if system == "hubspot":
        return [box.hubspot.add("contacts", {"email": f"p{number}@acme.example"}) for number in range(count)]
    return [
        box.salesforce.add("Lead", {"LastName": "Silva", "Company": "Acme", "Email": f"p{number}@acme.example"})
        for number in range(count)
    ]


def scores(system: str, ids: Sequence[str]) -> list[FieldWrite]:
    return [FieldWrite(key=f"f{one}", object=PERSON[system], id=one, fields={SCORE[system]: "5"}) for one in ids]


def answering(box: Sandbox, system: str, path: str, **more: Any) -> Fault:
    return box.faults.add(Fault(kind="page", system=system, path=path, times=0, **more))
