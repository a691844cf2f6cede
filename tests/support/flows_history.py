"""People with a past in the sandbox's CRMs, for tests of first syncs."""

from sandbox.server import Sandbox

WEBINARS = ("Cold leads", "Scoring", "First response", "Two systems")
GUIDES = ("Handoff", "Nurturing", "Budgets")


def eager(sandbox: Sandbox, email: str, *, since: int, at: int) -> str:
    """A director at a software company of 120, known since then (ms), who did so much around `at` as to be an MQL.

    Answers the Salesforce Lead's id.
    """
    salesforce, domain = sandbox.salesforce, email.partition("@")[2]
    about = {"Title": "Director of Sales", "NumberOfEmployees": 120, "Industry": "Technology"}
    name = {"FirstName": "Ana", "LastName": "Silva", "Email": email, "Company": domain, "Website": f"https://{domain}"}
    lead = salesforce.add("Lead", name | about, at=since)
    campaigns = [("Webinar", each, "Attended") for each in WEBINARS] + [
        ("Content", each, "Responded") for each in GUIDES
    ]
    for place, (kind, title, status) in enumerate(campaigns):
        campaign = salesforce.add("Campaign", {"Name": title, "Type": kind}, at=since)
        member = {"CampaignId": campaign, "LeadId": lead, "Status": status}
        salesforce.add("CampaignMember", member, at=at + place * 1_000)
    for place in range(3):
        values = {"WhoId": lead, "Subject": "Reply: yes", "TaskSubtype": "Email", "Status": "Completed"}
        salesforce.add("Task", values, at=at + 10_000 + place * 1_000)
    return lead
