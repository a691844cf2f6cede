"""Merging: two leads that are one person, in two steps.

`join` makes everything the winner's that arrived and will arrive. `settle` moves what was decided and carried out;
it belongs to whoever decides about leads, since nothing may be decided for either of them meanwhile.
"""

from sqlalchemy import Connection, Text, bindparam, delete, func, select, update

from integration.core.model import effect_keys
from integration.store.assigning import assigned_tasks
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.db.numbering import numbers
from integration.store.outgoing import outbox
from integration.store.overall import merged_tasks, merged_touches
from integration.store.people import accounts, checkpoints, field_changes, leads, other_emails, record_references
from integration.store.queues import dirty
from integration.store.schema.tables import activities, alerts, assignments, clock_runs, dead_letters, effects
from integration.store.schema.tables import changes as changed
from integration.store.schema.tables import dirty as marks
from integration.store.schema.tables import leads as people
from integration.store.schema.tables import outbox as outgoing
from mappings.conflicts import field_conflicts
from mappings.conflicts.field_conflicts import Owners
from mappings.translate.first_values import Fact, current
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant

_NOBODY: Owners = field_conflicts.NOBODY.lead

_loser = bindparam("loser", type_=Text)
_winner = bindparam("winner", type_=Text)
_EMAIL = select(people.c.email).where(people.c.id == _loser)
_GIVE_EMAIL = (
    update(people).where(people.c.id == _winner).values(email=func.coalesce(people.c.email, bindparam("mail")))
)
_FOLLOW = update(people).where(people.c.merged_into == _loser).values(merged_into=_winner)
_WAITING = (
    select(people.c.id, people.c.merged_into, marks.c.seq)
    .select_from(people.join(marks, marks.c.lead_id == people.c.id))
    .where(people.c.merged_into.is_not(None))
    .order_by(people.c.id)
    .limit(bindparam("n"))
)
_DEEDS = select(activities.c.seq).where(activities.c.lead_id == _loser).order_by(activities.c.seq)
_RENUMBER_DEED = (
    update(activities).where(activities.c.seq == bindparam("old")).values(seq=bindparam("new"), lead_id=_winner)
)
_SAME = delete(changed).where(
    changed.c.lead_id == _loser,
    changed.c.key.in_(select(changed.c.key).where(changed.c.lead_id == _winner).scalar_subquery()),
)
_TOLD = select(changed.c.seq).where(changed.c.lead_id == _loser).order_by(changed.c.seq)
_RENUMBER_TOLD = update(changed).where(changed.c.seq == bindparam("old")).values(seq=bindparam("new"), lead_id=_winner)
_EFFECTS = select(effects.c.key).where(effects.c.lead_id == _loser)
_TAKEN = select(effects.c.key).where(effects.c.lead_id == _winner)
_RENAME = update(effects).where(effects.c.key == bindparam("old")).values(key=bindparam("new"))
_MOVE_EFFECTS = update(effects).where(effects.c.lead_id == _loser).values(lead_id=_winner)
_UNSENT = delete(outgoing).where(
    outgoing.c.lead_id == _loser,
    outgoing.c.kind == "task",
    outgoing.c.key == bindparam("twin"),
    outgoing.c.state == "new",
    outgoing.c.attempted.is_(False),
)
_SENT = select(outgoing.c.connection, outgoing.c.external_id).where(
    outgoing.c.key == bindparam("twin"),
    outgoing.c.kind == "task",
    outgoing.c.state == "sent",
    outgoing.c.external_id.is_not(None),
)
_NO_FIELDS = delete(outgoing).where(outgoing.c.lead_id == _loser, outgoing.c.kind == "fields")
_MOVE_TASKS = update(outgoing).where(outgoing.c.lead_id == _loser).values(lead_id=_winner)
_MOVE_LETTERS = update(dead_letters).where(dead_letters.c.lead_id == _loser).values(lead_id=_winner)
_MOVE_ALERTS = update(alerts).where(alerts.c.lead_id == _loser).values(lead_id=_winner)
_MOVE_ASSIGNMENTS = update(assignments).where(assignments.c.lead_id == _loser).values(lead_id=_winner)
_NO_RUNS = delete(clock_runs).where(clock_runs.c.lead_id == _loser)
_REST = update(people).where(people.c.id == _loser).values(state=None, due=None)
_ANEW = update(people).where(people.c.id == _winner).values(state=None)


def join(conn: Connection, loser: LeadId, winner: LeadId, at: Instant, owners: Owners = _NOBODY) -> None:
    """From now on `loser` is `winner`: by reference, and by an e-mail of which nothing else is known.

    `owners` names the system whose value counts for each field, now that more records describe one person.
    """
    both = {"loser": loser, "winner": winner}
    email = conn.execute(_EMAIL, {"loser": loser}).scalar()
    dirty.mark(conn, [loser, winner], at)
    homes = leads.homes(conn, [loser, winner])
    record_references.move(conn, loser, winner)
    other_emails.move(conn, loser, winner)
    if email:
        other_emails.add_former(conn, {email: winner})
        conn.execute(_GIVE_EMAIL, {"winner": winner, "mail": email})
    conn.execute(_SAME, both)
    for held, renumber in ((_DEEDS, _RENUMBER_DEED), (_TOLD, _RENUMBER_TOLD)):
        old = list(conn.execute(held, {"loser": loser}).scalars())
        if old:
            # New numbers, above all that anybody has seen.
            rows = zip(old, numbers(conn, len(old)), strict=True)
            conn.execute(renumber, [{"old": one, "new": new, "winner": winner} for one, new in rows])
    _set_fields(conn, winner, at, owners)
    accounts.forget(conn, [account for _, account in (*homes, *leads.homes(conn, [winner]))])
    conn.execute(_FOLLOW, both)
    leads.merge(conn, loser, winner)


def waiting(conn: Connection, limit: int) -> list[tuple[LeadId, LeadId, int]]:
    """(loser, winner, the loser's mark) of those that were joined and not settled yet."""
    return [(loser, winner, mark) for loser, winner, mark in conn.execute(_WAITING, {"n": limit})]


def settle(conn: Connection, loser: LeadId, winner: LeadId, at: Instant) -> None:
    """What was decided for `loser` was decided for `winner`, who is to be decided anew from the beginning.

    What was carried out for the loser counts as carried out for the winner: keys are renamed, and no second task
    comes of the same cause. Of a task that both had, the loser's is not made, or closed where it stands already. Of a
    touch that both had, one goes out.
    """
    both = {"loser": loser, "winner": winner}
    dirty.mark(conn, [winner], at)
    same = _move_effects(conn, loser, winner)
    merged_touches.settle(conn, loser, winner, same)
    twins = merged_tasks.settle(conn, loser, winner, same, at)
    assigned_tasks.close(conn, twins, at)
    for twin in twins:
        conn.execute(_UNSENT, {"loser": loser, "twin": twin})
        for connection, task in conn.execute(_SENT, {"twin": twin}).all():
            closing = outbox.NewOnce(key=f"closing:{twin}", lead_id=winner, payload={"id": task})
            outbox.want_once(conn, connection, "closing", [closing], at)
    conn.execute(_NO_FIELDS, {"loser": loser})
    conn.execute(_MOVE_TASKS, both)
    conn.execute(_MOVE_LETTERS, both)
    conn.execute(_MOVE_ALERTS, both)
    conn.execute(_MOVE_ASSIGNMENTS, both)
    conn.execute(_NO_RUNS, {"loser": loser})  # the winner's are found again when it is decided anew
    conn.execute(_REST, {"loser": loser})
    conn.execute(_ANEW, {"winner": winner})
    checkpoints.forget(conn, [loser, winner])
    for connection, those in record_references.met(conn, [winner]).items():
        outbox.want_fields(conn, connection, those, at)
    audit_trail.add(
        conn, [Entry(at=at, actor="coldframe", action="merge", subject=f"lead {winner}", detail={"was": loser})]
    )


def _move_effects(conn: Connection, loser: LeadId, winner: LeadId) -> list[str]:
    taken = set(conn.execute(_TAKEN, {"winner": winner}).scalars())
    twins = []
    for key in list(conn.execute(_EFFECTS, {"loser": loser}).scalars()):
        if not effect_keys.belongs(key, loser):
            continue
        new = effect_keys.moved(key, winner)
        if new in taken:
            twins.append(key)
        else:
            conn.execute(_RENAME, {"old": key, "new": new})
    conn.execute(_MOVE_EFFECTS, {"loser": loser, "winner": winner})
    return twins


def _set_fields(conn: Connection, winner: LeadId, at: Instant, owners: Owners) -> None:
    """The current fields are what all values of both come to."""
    (row,) = leads.get(conn, [winner])
    told = field_changes.history(conn, [winner])
    fields = current((Fact(change.at, change.key, change.fields, change.initial) for change in told), owners)
    known = {name: value for name, value in fields.items() if value is not None}
    account, owner = known.get("account"), known.get("owner")
    email = str(known.get("email") or row.email or "") or None
    leads.set_fields(
        conn,
        [
            leads.LeadFields(
                id=winner,
                email=email,
                fields=known,
                updated_at=at,
                account_id=None if account is None else AccountId(str(account)),
                owner=None if owner is None else str(owner),
            )
        ],
    )
