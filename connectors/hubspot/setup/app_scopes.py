"""The scopes that Coldframe's app needs in HubSpot: the one place that names them. Pure.

Signing in, the project's files and `coldframe doctor` take them from here.
"""

from mappings.model.compiled_mapping import CrmMapping

SCOPES = (
    "oauth",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.companies.read",
    "crm.objects.companies.write",
    "crm.objects.deals.read",
    "crm.objects.owners.read",
    "crm.schemas.contacts.read",
    "crm.schemas.contacts.write",
    "crm.schemas.companies.read",
    "crm.schemas.companies.write",
    "crm.schemas.deals.read",
)
"""What reading, writing and provisioning need. Tasks, calls, meetings and e-mails come with contacts."""
LISTS = ("crm.lists.read", "crm.lists.write")
"""What the ready views need: lists of contacts, in every edition. Signing in does without, an app's files have them."""
OPT_OUTS = "communication_preferences.statuses.batch.write"
"""What ending all e-mail subscriptions of a person needs. Accounts with Marketing Hub Enterprise have it."""
OPT_OUT_PROPERTY = "hs_email_optout"
LEADS = ("crm.objects.leads.read", "crm.schemas.leads.read")
NEW_LEADS = ("crm.objects.leads.write", "crm.schemas.leads.write")
"""What reading and creating HubSpot's leads (0-136) needs. Accounts with Sales Hub Professional have them."""


def further(mapping: CrmMapping) -> tuple[str, ...]:
    """The scopes that a mapping needs beside those: for opt-outs that it writes, for leads that it reads."""
    writes = {target.field for found in mapping.objects.values() for target in found.write}
    opt_outs = (OPT_OUTS,) if OPT_OUT_PROPERTY in writes else ()
    return (*opt_outs, *of_leads(mapping))


def of_leads(mapping: CrmMapping) -> tuple[str, ...]:
    """The scopes that a mapping needs for HubSpot's own leads, which it reads or has created; none without them."""
    return (*(LEADS if "lead" in mapping.objects else ()), *(NEW_LEADS if mapping.handovers else ()))
