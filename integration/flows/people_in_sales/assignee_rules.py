"""Assignee rules: which person a task's role means, who is passed over and why. Pure: everything is given.

Until routing.yaml comes: `owner` is the lead's owner, then the account's; `account_owner` the account's alone;
`worked_by` whoever had our last task about the lead, then the owner; `manager` the manager of whom the task is about;
`pool` has no pool yet, and is the owner. No queue gets a task, nobody who has left, nor the user as whom we sign in; an
escalation never goes to whom it is about. Where nobody is left, the task waits and says so.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from connectors.base.users import CrmUser
from integration.store.outgoing.unassigned import Assigned
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
]
"""Why somebody is passed over, or why a task waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody whom a CRM names: a user's id in a connection, and in what respect (`owner of the lead`)."""

    connection: ConnectionName
    user: str
    respect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One task: its `role`, the connection it is made in, and whom the CRMs name for its lead, the best first.

    `late` are those whom an escalation is about.
    """

    role: str
    home: ConnectionName
    owner: Sequence[Candidate] = ()
    account_owner: Sequence[Candidate] = ()
    worked: Sequence[Candidate] = ()
    late: Sequence[Candidate] = ()
    escalation: bool = False


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


_REMEDIES: Mapping[Reason, str] = {
    "no_owner": "give the lead, or its account, an owner in {home}",
    "no_account_owner": "give the account an owner in {home}",
    "no_manager": "set who manages {who} ({home}: the user's page), or close this in person",
    "queue": "let somebody take the lead over from {who}",
    "left": "give what {who} owned to somebody else",
    "integration_user": "give the lead to a person: {who} is the user as whom Coldframe signs in",
    "about_them": "set another manager: the task is about {who}",
    "elsewhere": "give {who} a user with the same e-mail in {home}",
    "hidden": "let the integration user see the user {who} in {home}",
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
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What a look at one candidate gave: the user who gets the task, or why not."""

    who: str
    respect: str
    user: CrmUser | None = None
    reason: Reason | None = None


def resolved(case: Case, directory: Directory) -> Assigned:
    """Who gets the task, and who was passed over before; or why nobody does, and the remedy."""
    looks: list[_Look] = []
    for look in _looks(case, directory):
        if look.user is not None:
            return Assigned(
                role=case.role,
                because=look.respect,
                connection=case.home,
                user=look.user.id,
                name=look.user.name,
                email=look.user.email,
                timezone=look.user.timezone,
                passed_over=_passed_over(looks, case.home),
            )
        looks.append(look)
    first = looks[0] if looks else _Look(who="the lead", respect="", reason=_nobody(case))
    reason = first.reason or _nobody(case)
    return Assigned(
        role=case.role,
        passed_over=_passed_over(looks, case.home) or (("nobody", _WHY[reason].format(home=case.home)),),
        waits=reason,
        remedy=_REMEDIES[reason].format(who=first.who, home=case.home),
    )


def remedy(reason: str, home: ConnectionName) -> str:
    """What to do about a reason for which tasks wait, where several people are meant."""
    return next((text.format(who="them", home=home) for known, text in _REMEDIES.items() if known == reason), "")


def _looks(case: Case, directory: Directory) -> Iterator[_Look]:
    about = _persons(case.late, directory) if case.escalation else frozenset()
    if case.role == "manager":
        for late in _distinct(case.late or case.owner, directory):
            yield from _managers(case, directory, late, about or _persons([late], directory))
        return
    chains: Mapping[str, Sequence[Candidate]] = {
        "account_owner": case.account_owner,
        "worked_by": (*case.worked, *case.owner, *case.account_owner),
    }
    for candidate in chains.get(case.role, (*case.owner, *case.account_owner)):
        yield _look(case, directory, candidate, about)


def _managers(case: Case, directory: Directory, late: Candidate, about: frozenset[str]) -> Iterator[_Look]:
    """The manager of somebody, in the connection that names one: HubSpot names none. Nobody manages a queue, or us."""
    person = directory.user(late)
    reason = _unfit(directory, late, person, frozenset())
    if reason not in {None, "left"}:
        yield _Look(who=person.label, respect=late.respect, reason=reason)
        return
    named = [
        Candidate(connection=connection, user=user.manager, respect=f"manager of {person.label}")
        for connection, user in directory.people(person, late.connection)
        if user.manager
    ]
    for manager in named[:1]:
        yield _look(case, directory, manager, about)
    if not named:
        yield _Look(who=person.label, respect=late.respect, reason="no_manager")


def _look(case: Case, directory: Directory, candidate: Candidate, about: frozenset[str]) -> _Look:
    user = directory.user(candidate)
    reason = _unfit(directory, candidate, user, about)
    if reason is not None:
        return _Look(who=user.label, respect=candidate.respect, reason=reason)
    for connection, same in directory.people(user, candidate.connection):
        fits = same.active and same.kind == "person" and same.id != directory.own.get(connection, "")
        if connection == case.home and fits:
            return _Look(who=user.label, respect=candidate.respect, user=same)
    return _Look(who=user.label, respect=candidate.respect, reason="elsewhere")


def _unfit(directory: Directory, candidate: Candidate, user: CrmUser, about: frozenset[str]) -> Reason | None:
    tests: tuple[tuple[Reason, Callable[[], bool]], ...] = (
        ("hidden", lambda: user.kind == "unknown"),
        ("queue", lambda: user.kind != "person"),
        ("left", lambda: not user.active),
        ("integration_user", lambda: user.id == directory.own.get(candidate.connection, "")),
        ("about_them", lambda: _person(candidate.connection, user) in about),
    )
    return next((reason for reason, holds in tests if holds()), None)


def _persons(candidates: Sequence[Candidate], directory: Directory) -> frozenset[str]:
    return frozenset(_person(each.connection, directory.user(each)) for each in candidates)


def _person(connection: ConnectionName, user: CrmUser) -> str:
    """What a person is known by in all connections: their e-mail, else their id in the one."""
    return user.email or f"{connection}:{user.id}"


def _distinct(candidates: Sequence[Candidate], directory: Directory) -> Sequence[Candidate]:
    """Each of them once, by the first candidate that names them."""
    people = {_person(each.connection, directory.user(each)): each for each in reversed(candidates)}
    return [each for each in candidates if each in people.values()]


def _passed_over(looks: Sequence[_Look], home: ConnectionName) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"{look.who} ({look.respect})" if look.respect else look.who, _WHY[look.reason].format(home=home))
        for look in looks
        if look.reason is not None
    )


def _nobody(case: Case) -> Reason:
    return {"account_owner": "no_account_owner"}.get(case.role, "no_owner")  # type: ignore[return-value] # its own words
