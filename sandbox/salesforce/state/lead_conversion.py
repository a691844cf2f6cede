"""Lead conversion: a lead becomes a contact at an account, and perhaps an opportunity [salesforce: lead conversion]."""

from sandbox.salesforce.state.org import Org, Values
from sandbox.salesforce.state.refusals import converted
from sandbox.shared import sandbox_clock

_COPIED = (
    "FirstName",
    "LastName",
    "Salutation",
    "Title",
    "Phone",
    "MobilePhone",
    "Email",
    "LeadSource",
    "OwnerId",
    "HasOptedOutOfEmail",
)


def convert(org: Org, lead_id: str, *, account: str = "", contact: str = "", opportunity: str = "") -> Values:
    """Convert a lead into new or given records; `opportunity` names a new one ("" makes none). Returns the lead.

    Open tasks move to the contact. From then on the lead cannot be written. Raises Refused.
    """
    with org.lock:
        lead = org.find("Lead", lead_id)
        if lead.get("IsConverted"):
            raise converted()
        owner = lead.get("OwnerId")
        if not account:
            found = [one for one in org.all("Account") if one.get("Name", "").lower() == lead["Company"].lower()]
            shared = {name: lead[name] for name in ("Industry", "NumberOfEmployees", "Website") if lead.get(name)}
            made = found[0] if found else org.insert("Account", {"Name": lead["Company"], **shared}, by=owner)
            account = made["Id"]
        if not contact:
            copied = {name: lead[name] for name in _COPIED if lead.get(name) is not None}
            ours = {name: value for name, value in lead.items() if name.startswith("Coldframe_") and value is not None}
            known = {name: value for name, value in ours.items() if name in org.fields["Contact"]}
            contact = org.insert("Contact", {**copied, **known, "AccountId": account}, by=owner)["Id"]
        outcome: Values = {"ConvertedAccountId": account, "ConvertedContactId": contact}
        if opportunity:
            close = sandbox_clock.day(org.now() + 60 * sandbox_clock.DAY)
            wish = {"Name": opportunity, "AccountId": account, "StageName": "Qualification", "CloseDate": close}
            outcome["ConvertedOpportunityId"] = org.insert("Opportunity", wish, by=owner)["Id"]
            role = {"OpportunityId": outcome["ConvertedOpportunityId"], "ContactId": contact, "IsPrimary": True}
            org.insert("OpportunityContactRole", role, by=owner)
        outcome |= {"IsConverted": True, "ConvertedDate": sandbox_clock.day(org.now()), "Status": "Closed - Converted"}
        org.update("Lead", lead, outcome, by=owner)
        for task in list(org.all("Task")):
            if task.get("WhoId") == lead["Id"]:
                org.update("Task", task, {"WhoId": contact}, by=owner)
        return lead
