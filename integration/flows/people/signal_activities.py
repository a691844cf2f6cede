"""Signal activities: which activities account signals look at, and how what they derive is stored and read."""

from integration.core.rules.playbook_rules import Playbook
from integration.core.scoring.mail_rules import IN_MAIL
from integration.store.events.activities import NewActivity
from mappings.model.canonical import Activity
from mappings.values.identifiers import AccountId, LeadId


def relevant(playbook: Playbook) -> frozenset[str]:
    """The activity types that any account signal of a playbook looks at."""
    return frozenset(name for signal in playbook.account_signals for match in signal.signal for name in match.types)


def looked_at_by(types: frozenset[str]) -> frozenset[str]:
    """These types, and those by which a machine's are recognised among them."""
    return types if types.isdisjoint(IN_MAIL) else types | IN_MAIL


def derived_activity(row: NewActivity) -> Activity:
    """What was derived, as an event of its lead: as it is read once it is stored."""
    return Activity(row.key, row.lead_id or "", row.at, row.type, row.properties, row.account_id or "", derived=True)


def as_row(activity: Activity) -> NewActivity:
    """A derived activity as it is stored."""
    return NewActivity(
        key=f"derived:{activity.id}",
        lead_id=LeadId(activity.lead),
        account_id=AccountId(activity.account) if activity.account else None,
        at=activity.at,
        type=activity.type,
        properties=activity.properties,
        source="derived",
        derived=True,
    )
