"""Changed fields: what a lead and its account are known by from now on, and the points that follow from it."""

from integration.core.compiled.context import Context
from integration.core.model.events import AccountChanged, LeadChanged
from integration.core.scoring import field_points, scores
from mappings.model.canonical import Fields, Value
from mappings.values.identifiers import AccountId


def of_lead(context: Context, event: LeadChanged) -> None:
    """Fields of the lead take new values. Who changes its account knows nothing of the new one yet."""
    state = context.state
    account = event.fields.get("account", state.account)
    if account != state.account:
        state.company = {}
        state.account = AccountId(str(account or ""))
    changes = context.table.lead_changes
    given = field_points.fulfilled(changes, state.fields, event) if changes else []
    _take(state.fields, event.fields)
    scores.refit(context)
    if given:
        field_points.give(context, event, given)


def of_account(context: Context, event: AccountChanged) -> None:
    """Fields of the account take new values; of another account than before, all of them."""
    state = context.state
    if event.account != state.account:
        state.account, state.company = event.account, {}
    changes = context.table.account_changes
    given = field_points.fulfilled(changes, state.company, event) if changes else []
    _take(state.company, event.fields)
    scores.refit(context)
    if given:
        field_points.give(context, event, given)


def _take(known: dict[str, Value], new: Fields) -> None:
    for name, value in new.items():
        if value is None:
            known.pop(name, None)
        else:
            known[name] = value
