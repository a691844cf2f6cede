"""Told: what is said of leads and accounts over time, and what holds now because of it.

What was said is kept with the time from which it holds, and by whom; the current fields are what counts of it
(`mappings.conflicts`): the owner's word, or whatever was said last by that time, in whatever order it came.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import Connection as Sql

from integration.store import accounts, changes, dirty, leads, merging
from integration.store.changes import ChangeRow
from mappings.canonical import Fields, Value
from mappings.conflicts import Owners, Said, contested, gathered, judge, speaker
from mappings.instant import Instant, Span

Told: TypeAlias = tuple[str, Instant, str, Fields]
"""(lead or account id, time from which it holds, the source's key of the fact, canonical fields)"""
_Past: TypeAlias = dict[str, list[Said]]
"""By field, everything that was said of one lead or account."""


def change_leads(  # noqa: PLR0913 - what is told, and how it counts
    conn: Sql, now: Instant, rows: Sequence[Told], *, owners: Owners, rest: Span = 0, reported: bool = False
) -> None:
    """Store what is new about leads. An echo says nothing new, and stores nothing.

    A reading says nothing new where it repeats what held at its time. A `reported` change is kept even
    then: one of before it may still be on its way, and webhooks come in any order.
    """
    stored = {row.id: row for row in leads.get(conn, sorted({lead for lead, *_ in rows}))}
    past = _past((row.lead_id, row) for row in changes.history(conn, sorted(stored)))
    news = _news(past, rows, owners, reported=reported)
    touched = sorted({lead for lead, *_ in news})
    known = {lead: {**stored[lead].fields, **_counting(past[lead], owners)} for lead in touched}
    dirty.mark(conn, touched, now, rest=rest)
    dirty.mark_accounts(conn, sorted({str(diff["account"]) for *_, diff in news if diff.get("account")}), now)
    changes.add(conn, [changes.NewChange(key=key, lead_id=lead, at=at, fields=diff) for lead, at, key, diff in news])
    for lead in touched:
        email = stored[lead].email
        if email and _text(known[lead], "email") not in {None, email}:
            merging.former(conn, email, lead)
    leads.set_fields(
        conn,
        [
            leads.LeadFields(
                id=lead,
                email=_text(known[lead], "email") or stored[lead].email,
                fields=known[lead],
                updated_at=now,
                account_id=_text(known[lead], "account"),
                owner=_text(known[lead], "owner"),
            )
            for lead in touched
        ],
    )
    renamed = {email for lead in touched if (email := _text(known[lead], "email")) not in {None, stored[lead].email}}
    _join(conn, now, {str(email).casefold() for email in renamed})


def _join(conn: Sql, now: Instant, emails: Iterable[str]) -> None:
    """Whoever now has the e-mail of another lead is that lead: the older one lives on."""
    for older, *others in leads.sharing(conn, emails):
        for other in others:
            merging.join(conn, other, older, now)


def change_accounts(conn: Sql, now: Instant, rows: Sequence[Told], *, owners: Owners) -> None:
    """Store what differs from what is known of accounts, and mark everybody there for a new decision."""
    stored = {row.id: row for row in accounts.get(conn, sorted({account for account, *_ in rows}))}
    past = _past((row.account_id, row) for row in changes.history(conn, (), sorted(stored)))
    news = _news(past, rows, owners, reported=False)
    touched = sorted({account for account, *_ in news})
    known = {account: {**stored[account].fields, **_counting(past[account], owners)} for account in touched}
    dirty.mark(conn, sorted(accounts.members(conn, touched)), now)
    changes.add(conn, [changes.NewChange(key=key, account_id=each, at=at, fields=diff) for each, at, key, diff in news])
    accounts.set_fields(
        conn,
        [
            accounts.AccountFields(
                id=account,
                domain=_text(known[account], "domain") or stored[account].domain,
                fields=known[account],
                updated_at=now,
            )
            for account in touched
        ],
    )


def _text(fields: Mapping[str, Value], name: str) -> str | None:
    value = fields.get(name)
    return None if value is None else str(value)


def _past(told: Iterable[tuple[str | None, ChangeRow]]) -> dict[str, _Past]:
    """What was said before of each lead or account."""
    facts: dict[str, list[tuple[Instant, str, Fields]]] = {}
    for subject, row in told:
        facts.setdefault(subject or "", []).append((row.at, row.key, row.fields))
    return {subject: gathered(rows) for subject, rows in facts.items()}


def _news(past: dict[str, _Past], rows: Sequence[Told], owners: Owners, *, reported: bool) -> list[Told]:
    """The rows that say something new, with only the fields that do; `past` is brought up to date."""
    news: list[Told] = []
    for subject, at, key, fields in sorted(rows, key=lambda row: (row[1], row[2])):
        mine = past.setdefault(subject, {})
        said = {name: Said(at, key, speaker(key), value) for name, value in fields.items()}
        new = {
            name: this.value
            for name, this in said.items()
            if _new(mine.get(name, []), this, reported=reported, alone=contested(name, owners))
        }
        for name in new:
            mine.setdefault(name, []).append(said[name])
        if new:
            news.append((subject, at, key, new))
    return news


def _new(said: Sequence[Said], this: Said, *, reported: bool, alone: bool) -> bool:
    """Whether something was not said before; of a reading, whether it differs from what held at its time.

    Where more than the last word counts, every system speaks for itself (`alone`): what one repeats after another is
    news of the one.
    """
    if reported:
        return this not in said
    before = max(
        (each for each in said if _when(each) <= _when(this) and (not alone or each.system == this.system)),
        key=_when,
        default=None,
    )
    return before is None or before.value != this.value


def _counting(mine: _Past, owners: Owners) -> dict[str, Value]:
    """What counts of every field, whenever it came."""
    return {name: judge(name, said, owners).value for name, said in mine.items()}


def _when(said: Said) -> tuple[Instant, str]:
    return said.at, said.key
