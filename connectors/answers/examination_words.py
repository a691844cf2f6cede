"""What `coldframe doctor` says about a CRM's fields, in the words of the vendor's own screens."""

from collections.abc import Callable, Sequence
from typing import Protocol

from connectors.answers.edges import MOVED
from connectors.base.port import FieldInfo, Finding, Receipt, Unavailable, Verdict
from mappings.model.catalogue import OWN, label
from mappings.values.identifiers import System
from mappings.yaml_files.problems import nearest


class Described(Protocol):
    """What can list the fields of an object."""

    def describe(self, object_name: str) -> Sequence[FieldInfo]:
        """The object's fields. Raises Unavailable."""


def fields_findings(  # noqa: PLR0913 -- a system has these words
    system: System,
    noun: str,
    connector: Described,
    object_name: str,
    names: Sequence[str],
    *,
    advised: Callable[[FieldInfo], Finding | None] = lambda _: None,
) -> list[Finding]:
    """One line for the object when all is well, else a line for each field that is missing or cannot be written.

    `noun` is what the CRM calls a field; `advised` may say more about one that is there.
    """
    vendor = label(system)
    try:
        known = {field.name: field for field in connector.describe(object_name)}
    except Unavailable as away:
        return [unavailable(system, object_name, away.receipt)]
    findings = []
    for name in names:
        subject = f"{object_name}.{name}"
        if name not in known:
            if name.casefold().startswith(OWN):
                remedy = f"run coldframe provision {system}: it will create {name} and show it to this user"
            else:
                remedy = f"create the {noun} {name} on {object_name} in {vendor}, or make it visible to this user"
                remedy += f"; or change the mapping{nearest(name, known)}"
            findings.append(Finding(subject=subject, ok=False, detail="missing or not visible", remedy=remedy))
        elif name.casefold().startswith(OWN) and not known[name].writable:
            remedy = f"run coldframe provision {system}, or allow this user to edit {name} in {vendor}"
            findings.append(Finding(subject=subject, ok=False, detail="read-only", remedy=remedy))
    advice = [said for name in names if name in known and (said := advised(known[name]))]
    if findings:
        return findings + advice
    return [Finding(subject=object_name, ok=True, detail=f"{len(names)} of {len(names)} fields there"), *advice]


def unavailable(system: System, subject: str, receipt: Receipt) -> Finding:
    """A line for a CRM that did not answer, with what to do about it."""
    vendor = label(system)
    remedies = {
        Verdict.RELOGIN: f"{vendor} refuses us: run coldframe connect {system}, or set a new token",
        Verdict.PAUSE: f"{vendor} asks for a pause or withholds a permission: see the message",
        Verdict.PERMANENT: f"{vendor} does not know {subject}: correct the mapping, or give this user access to it",
    }
    if receipt.code == MOVED:
        remedies[Verdict.PAUSE] = f"give {vendor} its new address, or sign in there: coldframe connect {system}"
    remedy = remedies.get(receipt.verdict, f"check the address of {vendor}, the network, and {vendor}'s status page")
    return Finding(subject=subject, ok=False, detail=f"{receipt.code} {receipt.message}".strip(), remedy=remedy)
