"""Assignee rules: which person a task's role means, who is passed over and why. Pure: everything is given.

`owner` is the lead's owner, then the account's, then whoever the route says; `account_owner` the account's alone;
`worked_by` whoever had our last task about the lead, then as `owner`; `manager` the manager of whom the task is about,
by routing.yaml, by the CRM, of their pool; `pool` whoever the route says, and without routes the owner. No queue gets a
task, nobody who has left, nor the user as whom we sign in; an escalation never goes to whom it is about. Where nobody
is left, the task waits and says so.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from connectors.base.users import CrmUser
from integration.flows.assigning.assignee_case import Candidate, Case, Directory, person_key
from integration.flows.assigning.assignee_reasons import REMEDIES, Reason, words
from integration.routing.pool_turns import PoolTurns
from integration.routing.routing_rules import Pool
from integration.store.outgoing.unassigned import Assigned
from mappings.values.identifiers import ConnectionName

_OF_ROUTES = frozenset({"no_route", "nobody_available"})
_MOST_NAMED = 20
"""So many of those who were passed over are named; in a large pool the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What a look at one candidate gave: the user who gets the task, or why not."""

    who: str
    respect: str
    user: CrmUser | None = None
    reason: Reason | None = None
    why: str = ""
    """The reason in words of its own, where it has some."""
    pool: str = ""


def resolved(case: Case, directory: Directory, turns: PoolTurns) -> Assigned:
    """Who gets the task, and who was passed over before; or why nobody does, and the remedy. Counts in `turns`.

    Whoever a pool gave it to at an earlier try keeps it as long as they can get it at all: no second turn is taken.
    """
    if case.kept is not None and case.kept.pool and _keeps(case, case.kept, directory):
        return case.kept
    looks: list[_Look] = []
    for look in _looks(case, directory, turns):
        if look.user is not None:
            found = Assigned(
                role=case.role,
                because=look.respect,
                connection=case.home,
                user=look.user.id,
                name=look.user.name,
                email=look.user.email,
                timezone=look.user.timezone,
                pool=look.pool,
                passed_over=_passed_over(looks, case.home),
            )
            if case.kept is None or case.kept.user != found.user:
                turns.given(person_key(case.home, look.user))
            return found
        looks.append(look)
    nobody = _Look(who="the lead", respect="", reason=_nobody(case))
    first = next((look for look in looks if look.reason in _OF_ROUTES), looks[0] if looks else nobody)
    reason = first.reason or _nobody(case)
    return Assigned(
        role=case.role,
        passed_over=_passed_over(looks, case.home) or (("nobody", words(reason, case.home)),),
        waits=reason,
        remedy=REMEDIES[reason].format(who=first.who, home=case.home),
    )


def _looks(case: Case, directory: Directory, turns: PoolTurns) -> Iterator[_Look]:
    about = _persons(case.late, directory) if case.escalation else frozenset()
    routed = bool(turns.routing.routes)
    if case.role == "manager":
        lates = _distinct(case.late or case.owner, directory)
        for late in lates:
            yield from _managers(case, directory, turns, late, about or _persons([late], directory))
        for pool in _pools_of_late(case, directory, turns, lates):
            yield _look_for(case, directory, pool.manager, f"manager of pool {pool.name}", about)
        return
    owners = (*case.owner, *case.account_owner)
    chains: Mapping[str, Sequence[Candidate]] = {
        "account_owner": case.account_owner,
        "worked_by": (*case.worked, *owners),
        "pool": () if routed else owners,
    }
    for candidate in chains.get(case.role, owners):
        yield _look(case, directory, candidate, about)
    if routed and case.role != "account_owner":
        yield from _routed(case, directory, turns, about)


def _routed(case: Case, directory: Directory, turns: PoolTurns, about: frozenset[str]) -> Iterator[_Look]:
    """Whom the route says: an owner, whoever has or had the lead, whoever's turn it is in a pool."""
    route = case.route
    if route is None:
        yield _Look(who="the lead", respect="", reason="no_route")
        return
    rule = f"route on line {route.line}: {route.words}"
    if route.to:
        owners = case.account_owner if route.to == "account_owner" else case.owner
        for candidate in owners:
            look = _look(case, directory, candidate, about)
            yield replace(look, respect=f"{candidate.respect}, {rule}")
        if not owners:
            yield _Look(who="the lead", respect=rule, reason="no_owner" if route.to == "owner" else "no_account_owner")
    for pool in route.pools[:1]:
        for holder in case.holders:
            yield _again(case, directory, turns, holder, pool, about)
    for pool in route.pools:
        looks = {
            each: _look_for(case, directory, each, f"pool {pool}", about) for each in turns.routing.pools[pool].members
        }
        taken = turns.take(pool, case.due, partial(_unfit_member, case, looks))
        for each, why in taken.passed_over.items():
            yield replace(looks[each], user=None, why=why)
        if taken.person:
            yield replace(looks[taken.person], respect=f"turn in pool {pool}, {rule}", pool=pool)
        yield _Look(who=f"pool {pool}", respect="", reason="nobody_available")


def _unfit_member(case: Case, looks: Mapping[str, _Look], member: str) -> str:
    """Why a member of a pool can get nothing, whoever's turn it is."""
    return words(looks[member].reason, case.home)


def _again(  # noqa: PLR0913, PLR0917 - a look has these parts
    case: Case, directory: Directory, turns: PoolTurns, holder: Candidate, pool: str, about: frozenset[str]
) -> _Look:
    """Whoever has or had the lead gets it again, as long as they may get a task of a pool at all."""
    look = _look(case, directory, holder, about)
    why = turns.why_not(person_key(case.home, look.user), case.due) if look.user is not None else ""
    return replace(look, user=None, why=why) if why else replace(look, pool=pool)


def _keeps(case: Case, kept: Assigned, directory: Directory) -> bool:
    """Whether somebody who was to get the task at an earlier try still can."""
    about = _persons(case.late, directory) if case.escalation else frozenset()
    candidate = Candidate(connection=kept.connection, user=kept.user, respect=kept.because)
    return kept.connection == case.home and _look(case, directory, candidate, about).user is not None


def _pools_of_late(case: Case, directory: Directory, turns: PoolTurns, lates: Sequence[Candidate]) -> list[Pool]:
    """Pools with a manager: the one that gave the lead to whoever is late, those they are in, the route's."""
    names = [case.late_pool] if case.late_pool else []
    for late in lates:
        names += [pool.name for pool in turns.routing.pools_of(directory.user(late).email)]
    names += case.route.pools if case.route else []
    pools = turns.routing.pools
    return [pools[name] for name in dict.fromkeys(names) if name in pools and pools[name].manager]


def _managers(
    case: Case, directory: Directory, turns: PoolTurns, late: Candidate, about: frozenset[str]
) -> Iterator[_Look]:
    """The manager of somebody: routing.yaml's, else that of the connection that names one. A queue and we have none."""
    person = directory.user(late)
    reason = _unfit(directory, late, person, frozenset())
    if reason not in {None, "left"}:
        yield _Look(who=person.label, respect=late.respect, reason=reason)
        return
    respect = f"manager of {person.label}"
    said = turns.routing.person(person.email).manager if person.email else ""
    if said:
        yield _look_for(case, directory, said, respect, about)
    named = [
        Candidate(connection=connection, user=user.manager, respect=respect)
        for connection, user in directory.people(person, late.connection)
        if user.manager
    ]
    for manager in named[:1]:
        yield _look(case, directory, manager, about)
    if not named and not said:
        yield _Look(who=person.label, respect=late.respect, reason="no_manager")


def _look_for(case: Case, directory: Directory, email: str, respect: str, about: frozenset[str]) -> _Look:
    """As `_look`, of somebody who is known by their e-mail: whoever of this e-mail can get the task, if anybody."""
    there = [user for connection, user in directory.by_email.get(email, ()) if connection == case.home]
    candidates = [Candidate(connection=case.home, user=user.id, respect=respect) for user in there]
    looks = [_look(case, directory, candidate, about) for candidate in candidates]
    nobody = _Look(who=email, respect=respect, reason="elsewhere")
    return next((look for look in looks if look.user is not None), looks[0] if looks else nobody)


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
        ("about_them", lambda: person_key(candidate.connection, user) in about),
    )
    return next((reason for reason, holds in tests if holds()), None)


def _persons(candidates: Sequence[Candidate], directory: Directory) -> frozenset[str]:
    return frozenset(person_key(each.connection, directory.user(each)) for each in candidates)


def _distinct(candidates: Sequence[Candidate], directory: Directory) -> Sequence[Candidate]:
    """Each of them once, by the first candidate that names them."""
    people = {person_key(each.connection, directory.user(each)): each for each in reversed(candidates)}
    return [each for each in candidates if each in people.values()]


def _passed_over(looks: Sequence[_Look], home: ConnectionName) -> tuple[tuple[str, str], ...]:
    named = [
        (f"{look.who} ({look.respect})" if look.respect else look.who, look.why or words(look.reason, home))
        for look in looks
        if look.why or look.reason
    ]
    others = len(named) - _MOST_NAMED
    return (*named[:_MOST_NAMED], *([(f"{others} others", "may not get it now")] if others > 0 else []))


def _nobody(case: Case) -> Reason:
    return {"account_owner": "no_account_owner"}.get(case.role, "no_owner")  # type: ignore[return-value] # its own words
