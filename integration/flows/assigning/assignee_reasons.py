"""Assignee reasons: why somebody is passed over or a task waits, in words, and what to do about it."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from mappings.values.identifiers import ConnectionName

Reason: TypeAlias = Literal[
    "no_owner",
    "no_account_owner",
    "no_manager",
    "queue",
    "left",
    "integration_user",
    "about_them",
    "elsewhere",
    "hidden",
    "no_route",
    "nobody_available",
]
"""Why somebody is passed over, or why a task waits."""

REMEDIES: Mapping[Reason, str] = {
    "no_owner": "give the lead, or its account, an owner in {home}",
    "no_account_owner": "give the account an owner in {home}",
    "no_manager": "set who manages {who} ({home}: the user's page), or close this in person",
    "queue": "let somebody take the lead over from {who}",
    "left": "give what {who} owned to somebody else",
    "integration_user": "give the lead to a person: {who} is the user as whom Coldframe signs in",
    "about_them": "set another manager: the task is about {who}",
    "elsewhere": "give {who} a user with the same e-mail in {home}",
    "hidden": "let the integration user see the user {who} in {home}",
    "no_route": "end the routes of routing.yaml with 'otherwise: POOL'",
    "nobody_available": "see who is away or full: coldframe routing show; put more people in {who}",
}
_WHY: Mapping[Reason, str] = {
    "no_owner": "no CRM names an owner of the lead or of its account",
    "no_account_owner": "no CRM names an owner of the account",
    "no_manager": "no CRM names their manager",
    "queue": "is a queue, which gets no tasks",
    "left": "has left",
    "integration_user": "is the integration user",
    "about_them": "is whom it is about",
    "elsewhere": "has no user in {home}",
    "hidden": "is not shown to the integration user",
    "no_route": "takes no route of routing.yaml",
    "nobody_available": "has nobody who may get it now",
}


def words(reason: Reason | None, home: ConnectionName) -> str:
    """Why somebody is passed over; "" without a reason."""
    return _WHY[reason].format(home=home) if reason else ""


def remedy(reason: str, home: ConnectionName) -> str:
    """What to do about a reason for which tasks wait, where several people are meant."""
    return next((text.format(who="them", home=home) for known, text in REMEDIES.items() if known == reason), "")
