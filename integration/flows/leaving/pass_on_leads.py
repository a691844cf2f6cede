"""Pass on leads: whom somebody owns who has left, and nobody has in hand who is there, gets another owner.

So does a lead that no person owns, where whoever had the last task about it has left. From `mql` on, customers
included. With `owner: set` whoever the routing finds becomes the owner in every CRM that knows the lead; each of them
gets one task that names all leads of that colleague. Where nobody is found, and with `owner: keep`, the manager gets
one task for all of them. It happens once for a lead and a leaver. In shadow mode it is recorded and not carried out.
What survives a crash: what is recorded of each lead, its new owner to be written, and the task that names it, in one
transaction.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection as Sql

from connectors.base.port import Unavailable
from integration.core.model import effect_keys
from integration.core.rules.calendar import after_working_days, in_working_time
from integration.flows.assigning.assign_tasks import Assigning
from integration.flows.base.running_playbook import following
from integration.flows.base.service import HasGoingLive, HasWake
from integration.flows.base.write_access import as_of_now
from integration.flows.leaving import find_heirs, leaving_words
from integration.flows.leaving.find_heirs import Heir
from integration.store.assigning import left_behind
from integration.store.assigning.left_behind import OF_SALES, LeftLead
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.crm import crm_users
from integration.store.crm.crm_users import UserAddress
from integration.store.events import decided_effects
from integration.store.events.decided_effects import EffectRow
from integration.store.outgoing import outbox, unassigned
from integration.store.outgoing.unassigned import Assigned
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant

log = structlog.get_logger()

_PAGE = 1_000
_AT_ONCE = 1_000
"""Leads of one person that are passed on in one transaction; the others follow the next time."""
_SHADOW = "shadow mode"
_MOST_URGENT = {stage: number for number, stage in enumerate(("sql", "sal", "mql", "customer"))}


class PassingOnLeads(Assigning, HasGoingLive, HasWake, Protocol):
    """What it takes to give the leads of somebody who has left to somebody else."""


def pass_on_leads(service: PassingOnLeads) -> int:
    """Give the leads of those who have left to others, or tell their manager; how many leads.

    Where a CRM cannot be asked who there is, it is tried again the next time.
    """
    service, now = following(as_of_now(service)), service.now()
    passed = 0
    for leaver, leads in sorted(_left(service).items()):
        try:
            passed += _pass_on(service, leaver, leads[:_AT_ONCE], now)
        except Unavailable as away:
            log.warning("leads of somebody who has left not passed on", code=away.receipt.code)
    for name in service.connections if passed else ():
        service.wake(f"deliver:{name}")
    return passed


def _left(service: PassingOnLeads) -> dict[UserAddress, list[LeftLead]]:
    """The leads of each who has left, as far as nothing was done about them; the most urgent first."""
    found: defaultdict[UserAddress, list[LeftLead]] = defaultdict(list)
    with service.store.read() as conn:
        readings = [crm_users.last_reading(conn, name) for name in service.connections]
    own = {each.own_user for each in readings if each is not None} - {""}
    for pages in (left_behind.owned_by_leavers, partial(left_behind.had_by_leavers, own=own)):
        for each in _new(service, pages):
            found[each.connection, each.user].append(each)
    return {who: sorted(leads, key=lambda each: (_MOST_URGENT[each.stage], each.id)) for who, leads in found.items()}


def _new(service: PassingOnLeads, pages: Callable[[Sql, int, str], list[LeftLead]]) -> Iterator[LeftLead]:
    """Those of all pages about whom nothing was done for the same leaver."""
    behind = ""
    while True:
        with service.store.read() as conn:
            page = pages(conn, _PAGE, behind)
            known = decided_effects.known(conn, [_key(each) for each in page])
        yield from (each for each in page if each.connection in service.connections and _key(each) not in known)
        if len(page) < _PAGE:
            return
        behind = page[-1].id


def _pass_on(service: PassingOnLeads, leaver: UserAddress, leads: Sequence[LeftLead], now: Instant) -> int:
    """Pass on the leads of one who has left; how many."""
    calendar = service.rules.playbook.calendar
    due = in_working_time(calendar, after_working_days(calendar, now, 1))
    with service.store.read() as conn:
        orphans = find_heirs.orphans(conn, service, leads, due)
        who = crm_users.by_id(conn, [leaver])[leaver].label
    found = find_heirs.prepared(service, orphans)
    with service.store.write() as conn:
        heirs = find_heirs.heirs(conn, service, orphans, found)
        batches: defaultdict[tuple[ConnectionName, str], list[Heir]] = defaultdict(list)
        for each in heirs:
            batches[each.orphan.home.name, each.given.user if each.given else ""].append(each)
        for _, batch in sorted(batches.items(), key=lambda each: each[0]):
            _store(conn, service, batch, _task(batch, who, due, now), who)
        _record(conn, leaver, heirs, now)
    return len(heirs)


def _store(conn: Sql, service: PassingOnLeads, batch: Sequence[Heir], task: Mapping[str, Any], who: str) -> None:
    """What is recorded of each lead, the task that names all of them, and the new owner of their records."""
    first, now = batch[0], int(task["at"])
    key, home = _key(first.orphan.lead), first.orphan.home.name
    shadow = _SHADOW if service.going_live.shadow else None
    with_others = [f"one task tells of {len(batch)} leads"] if len(batch) > 1 else []
    rows = [
        EffectRow(
            key=_key(each.orphan.lead),
            lead_id=each.orphan.lead.id,
            kind="task",
            at=now,
            payload={**task, **({} if each is first else {"joins": key})},
            because=(f"{who}, who had this lead, has left", *with_others),
            decided_at=now,
            withheld=shadow,
        )
        for each in batch
    ]
    new = set(decided_effects.add(conn, rows))
    unassigned.assign(conn, {_key(each.orphan.lead): each.given for each in batch if each.given is not None})
    if shadow is not None:
        return
    if key in new:
        told = outbox.NewOnce(key=key, lead_id=first.orphan.lead.id, payload=task)
        outbox.want_once(conn, home, "task", [told], now)
    wanted: defaultdict[ConnectionName, list[outbox.NewOnce]] = defaultdict(list)
    for each in batch:
        for name in {record.connection for record in each.orphan.records} & each.users.keys():
            mine = {"id": each.orphan.row.external_id, "user": each.users[name]}
            owner = outbox.NewOnce(
                key=f"owner:{_key(each.orphan.lead)}:{name}", lead_id=each.orphan.lead.id, payload=mine
            )
            wanted[name].append(owner)
    for name, owners in sorted(wanted.items()):
        outbox.want_once(conn, name, "owner", owners, now)


def _task(batch: Sequence[Heir], who: str, due: Instant, now: Instant) -> Mapping[str, Any]:
    """The task that names all these leads."""
    leads = [(each.orphan.lead.stage, _link(each)) for each in batch]
    given, lead = batch[0].given, batch[0].orphan.lead
    said = leaving_words.to_new_owner(who, leads) if given else leaving_words.to_manager(who, leads)
    return {
        "kind": "task",
        "at": now,
        "play": "",
        "step": 1,
        "channel": "task",
        "due_at": due,
        "assignee": _role(given),
        "priority": "normal",
        "subject": said.subject,
        "body": said.body,
        "left": {"connection": lead.connection, "user": lead.user},
    }


def _role(given: Assigned | None) -> str:
    """For whom the task is: kept for whoever a pool gave the leads to, for the account's owner, for the manager."""
    if given is None:
        return "manager"
    return "pool" if given.pool else "account_owner"


def _link(each: Heir) -> str:
    row = each.orphan.row
    return each.orphan.home.link(row.object, row.external_id) or f"{row.object} {row.external_id}"


def _record(conn: Sql, leaver: UserAddress, heirs: Sequence[Heir], now: Instant) -> None:
    """The audit trail says whose leads went to whom."""
    if not heirs:
        return
    name, user = leaver
    stages = {stage: sum(each.orphan.lead.stage == stage for each in heirs) for stage in OF_SALES}
    to: defaultdict[str, list[str]] = defaultdict(list)
    for each in heirs:
        whom = f"{each.given.connection}:{each.given.user}" if each.given else "manager"
        to[whom].append(each.orphan.lead.id)
    detail = {"stages": stages, "to": dict(to)}
    entry = Entry(at=now, actor="coldframe", action="pass_on", subject=f"leads of {name}:{user}", detail=detail)
    audit_trail.add(conn, [entry])


def _key(lead: LeftLead) -> str:
    return effect_keys.left(lead.id, lead.connection, lead.user)
