"""What tests put into the sandbox's CRMs and find there, alike for both."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sandbox.server import Sandbox

SYSTEMS = ("hubspot", "salesforce")
OWNER = "84120011"
"""Maren Holt, who owns the contacts of HubSpot; Salesforce's leads belong to Nadia Rasmussen, who enters them."""
TASKS: Mapping[str, Mapping[str, str]] = {
    "hubspot": {"system": "hubspot", "method": "POST", "path": "*/tasks/batch/create"},
    "salesforce": {"system": "salesforce", "method": "PATCH", "path": "*/composite/sobjects/Task/*"},
}
"""The call that creates tasks, as a fault names it."""
FIELDS: Mapping[str, Mapping[str, str]] = {
    "hubspot": {"system": "hubspot", "method": "POST", "path": "*/contacts/batch/update"},
    "salesforce": {"system": "salesforce", "method": "PATCH", "path": "*/composite/sobjects"},
}
"""The call that writes scores."""
_READS = ("search", "batch/read", "composite/sobjects/Lead", "composite/sobjects/Contact", "composite/sobjects/Account")


def writes(sandbox: Sandbox) -> list[str]:
    """Every call that a CRM was changed by, or would have been."""
    entries = [*sandbox.hubspot.log.entries(), *sandbox.salesforce.log.entries()]
    return [
        f"{entry.method} {entry.path}"
        for entry in entries
        if entry.method not in {"GET", "HEAD"}
        and not (entry.method == "POST" and entry.path.endswith(_READS))
        and "/jobs/query" not in entry.path
    ]


def person(sandbox: Sandbox, system: str, email: str) -> str:
    """A director at a software company of 120: the best fit that the playbook knows. Answers the record's id."""
    name, _, domain = email.partition("@")
    if system == "salesforce":
        fields: dict[str, Any] = {"FirstName": "Ana", "LastName": name, "Email": email, "Company": domain}
        about = {"Title": "Director of Sales", "NumberOfEmployees": 120, "Industry": "Technology"}
        return sandbox.salesforce.add("Lead", fields | about | {"Website": f"https://{domain}"})
    known = sandbox.hubspot.find("companies", domain=domain)
    about = {"name": domain, "domain": domain, "numberofemployees": "120", "industry": "COMPUTER_SOFTWARE"}
    company = known[0].id if known else sandbox.hubspot.add("companies", about)
    values = {"email": email, "firstname": "Ana", "lastname": name, "jobtitle": "Director of Sales"}
    values |= {"hubspot_owner_id": OWNER}
    contact = sandbox.hubspot.add("contacts", values)
    sandbox.hubspot.link("contacts", contact, "companies", company)
    return contact


def managed(sandbox: Sandbox) -> None:
    """Maren Holt, whom HubSpot names no manager for, has one in Salesforce, who is an owner in HubSpot too."""
    manager, *_ = (each for each in sandbox.hubspot.portal.owners if each["id"] != OWNER)
    maren = next(each for each in sandbox.hubspot.portal.owners if each["id"] == OWNER)
    *_, over = sandbox.salesforce.people
    sandbox.salesforce.set("User", sandbox.salesforce.people[1]["Id"], {"Email": maren["email"]})
    sandbox.salesforce.set("User", over["Id"], {"Email": manager["email"]})


def tasks(sandbox: Sandbox, system: str) -> Counter[str]:
    """How many tasks there are of every key."""
    if system == "salesforce":
        return Counter(str(task.get("Coldframe_Key__c")) for task in sandbox.salesforce.records("Task"))
    return Counter(str(task.values.get("coldframe_key")) for task in sandbox.hubspot.records("tasks"))


def engagement(sandbox: Sandbox, system: str, record: str) -> float | None:
    """The engagement score that stands in a person's record; None where none does."""
    if system == "salesforce":
        value = sandbox.salesforce.record("Lead", record).get("Coldframe_Engagement__c")
    else:
        value = sandbox.hubspot.values("contacts", record).get("coldframe_engagement")
    return None if value in {None, ""} else float(value)


def calls(sandbox: Sandbox, wanted: Mapping[str, str]) -> int:
    """How many calls of one shape have reached a CRM, whatever became of them."""
    log = sandbox.salesforce.log if wanted["system"] == "salesforce" else sandbox.hubspot.log
    ending = wanted["path"].removeprefix("*").removesuffix("*")
    return sum(
        ending in entry.path if wanted["path"].endswith("*") else entry.path.endswith(ending)
        for entry in log.entries(method=wanted["method"])
    )
