"""Assignee case: one task to be given to somebody, and who is known. Values alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.base.users import CrmUser
from integration.routing.routing_rules import Route
from integration.store.outgoing.unassigned import Assigned
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody whom a CRM names: a user's id in a connection, and in what respect (`owner of the lead`)."""

    connection: ConnectionName
    user: str
    respect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One task: its `role`, the connection it is made in, and whom the CRMs name for its lead, the best first.

    `late` are those whom an escalation is about, `late_pool` the pool that gave the lead to them. `holders` are those
    who have, or had, the lead, whom a pool gives it to again. `kept` is what an earlier try to send the task has kept.
    """

    role: str
    home: ConnectionName
    owner: Sequence[Candidate] = ()
    account_owner: Sequence[Candidate] = ()
    worked: Sequence[Candidate] = ()
    late: Sequence[Candidate] = ()
    late_pool: str = ""
    holders: Sequence[Candidate] = ()
    escalation: bool = False
    route: Route | None = None
    due: Instant = 0
    kept: Assigned | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Who is known: users by (connection, id), people by e-mail in every connection, and our own users."""

    users: Mapping[tuple[ConnectionName, str], CrmUser]
    by_email: Mapping[str, Sequence[tuple[ConnectionName, CrmUser]]]
    own: Mapping[ConnectionName, str]

    def user(self, candidate: Candidate) -> CrmUser:
        """The user that a candidate names; of kind `unknown` where the CRM does not show them."""
        known = self.users.get((candidate.connection, candidate.user))
        return known or CrmUser(id=candidate.user, kind="unknown", active=False)

    def people(self, user: CrmUser, connection: ConnectionName) -> list[tuple[ConnectionName, CrmUser]]:
        """The same person in every connection, by e-mail; first where they were named."""
        others = self.by_email.get(user.email, ()) if user.email else ()
        return [(connection, user), *(each for each in others if each[0] != connection)]


def person_key(connection: ConnectionName, user: CrmUser) -> str:
    """What a person is known by in all connections: their e-mail, else their id in the one."""
    return user.email or f"{connection}:{user.id}"
