"""Record field changes: stores what is said of leads and accounts over time, and computes the current values.

What was said is kept with the time from which it holds, and by whom; the current fields are what counts of it
(`mappings.conflicts.field_conflicts`): the owner's word, or whatever was said last by that time, in whatever order it
came.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from sqlalchemy import Connection as Sql

from integration.store.overall import merging
from integration.store.people import accounts, field_changes, leads, other_emails
from integration.store.people.field_changes import ChangeRow
from integration.store.queues import dirty
from mappings.conflicts.field_conflicts import Owners, Said, apart, gathered, said_by
from mappings.model.canonical import Fields, Value
from mappings.translate.first_values import Fact, current
from mappings.values import emails
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant, Span

Subject = TypeVar("Subject", bound=str)
"""LeadId or AccountId."""


class ReportedFields(NamedTuple, Generic[Subject]):
    """What a source says of one lead or account (`subject`): the time from which it holds, its own key, the fields.

    `initial`: these are first values, which count from before everything that is known of whom they are about.
    """

    subject: Subject
    at: Instant
    key: str
    fields: Fields
    initial: bool = False


_Past: TypeAlias = dict[str, list[Said]]
"""By field, everything that was said of one lead or account."""


def change_leads(  # noqa: PLR0913 - what was said, and how it counts
    conn: Sql,
    now: Instant,
    rows: Sequence[ReportedFields[LeadId]],
    *,
    owners: Owners,
    rest: Span = 0,
    reported: bool = False,
) -> None:
    """Store what is new about leads. An echo says nothing new, and stores nothing.

    A reading says nothing new where it repeats the value at its time. A `reported` change is kept even
    then: one of before it may still be on its way, and webhooks come in any order. So are first values.
    """
    if not rows:
        return
    stored = {row.id: row for row in leads.get(conn, sorted({row.subject for row in rows}))}
    past = _facts((row.lead_id, row) for row in field_changes.history(conn, sorted(stored)))
    news = _new_rows(past, rows, owners, reported=reported)
    touched = sorted({row.subject for row in news})
    known = {lead: {**stored[lead].fields, **current(past[lead], owners)} for lead in touched}
    dirty.mark(conn, touched, now, rest=rest)
    dirty.mark_accounts(
        conn, sorted({AccountId(str(row.fields["account"])) for row in news if row.fields.get("account")}), now
    )
    accounts.forget(conn, _left(stored, known))
    field_changes.add(
        conn,
        [
            field_changes.NewChange(key=key, lead_id=lead, at=at, fields=fields, initial=initial)
            for lead, at, key, fields, initial in news
        ],
    )
    other_emails.add_former(conn, _former(stored, news, known))
    leads.set_fields(
        conn,
        [
            leads.LeadFields(
                id=lead,
                email=_text(known[lead], "email") or stored[lead].email,
                fields=known[lead],
                updated_at=now,
                account_id=_account(known[lead]),
                owner=_text(known[lead], "owner"),
            )
            for lead in touched
        ],
    )
    renamed = {email for lead in touched if (email := _text(known[lead], "email")) not in {None, stored[lead].email}}
    _join(conn, now, {str(email) for email in renamed})


def _account(fields: Fields) -> AccountId | None:
    held = _text(fields, "account")
    return AccountId(held) if held else None


def _left(stored: Mapping[LeadId, leads.LeadRow], known: Mapping[LeadId, Fields]) -> set[AccountId]:
    """The accounts that leads belong to no longer."""
    moved = [stored[lead].account_id for lead in known if stored[lead].account_id != _account(known[lead])]
    return {account for account in moved if account}


def _former(
    stored: Mapping[LeadId, leads.LeadRow], news: Sequence[ReportedFields[LeadId]], known: Mapping[LeadId, Fields]
) -> dict[str, LeadId]:
    """E-mails that leads once had and that are not their current one (e-mail → lead id).

    One that was only spelt otherwise by an earlier version is no address of theirs.
    """
    told = {(str(row.fields["email"]), row.subject) for row in news if row.fields.get("email")}
    told |= {(str(row.email), lead) for lead in known if (row := stored[lead]).email}
    now = {lead: _text(fields, "email") or stored[lead].email or "" for lead, fields in known.items()}
    return {email: lead for email, lead in sorted(told) if email not in {now[lead], *emails.casefolded(now[lead])}}


def _join(conn: Sql, now: Instant, renamed: Iterable[str]) -> None:
    """Whoever now has an e-mail of another lead, its first or a further one, is that lead: the older one lives on."""
    wanted = sorted(renamed)
    further = other_emails.secondary(conn, wanted)
    for email, first in leads.by_email(conn, further).items():
        older, other = sorted((first, further[email]))  # ids sort by age
        if older != other:
            merging.join(conn, other, older, now)
    for older, *others in leads.sharing(conn, wanted):
        for other in others:
            merging.join(conn, other, older, now)


def change_accounts(conn: Sql, now: Instant, rows: Sequence[ReportedFields[AccountId]], *, owners: Owners) -> None:
    """Store what differs from what is known of accounts, and mark everybody there for a new decision."""
    stored = {row.id: row for row in accounts.get(conn, sorted({row.subject for row in rows}))}
    past = _facts((row.account_id, row) for row in field_changes.history(conn, (), sorted(stored)))
    news = _new_rows(past, rows, owners, reported=False)
    touched = sorted({row.subject for row in news})
    known = {account: {**stored[account].fields, **current(past[account], owners)} for account in touched}
    dirty.mark(conn, sorted(accounts.members(conn, touched)), now)
    field_changes.add(
        conn,
        [
            field_changes.NewChange(key=key, account_id=account, at=at, fields=fields, initial=initial)
            for account, at, key, fields, initial in news
        ],
    )
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


def _facts(told: Iterable[tuple[Subject | None, ChangeRow]]) -> defaultdict[Subject, list[Fact]]:
    """What was said before of each lead or account."""
    found: defaultdict[Subject, list[Fact]] = defaultdict(list)
    for subject, row in told:
        if subject is not None:
            found[subject].append(Fact(row.at, row.key, row.fields, row.initial))
    return found


def _new_rows(
    past: defaultdict[Subject, list[Fact]], rows: Sequence[ReportedFields[Subject]], owners: Owners, *, reported: bool
) -> list[ReportedFields[Subject]]:
    """The rows that say something new, with only the fields that do; `past` is brought up to date."""
    said: dict[Subject, _Past] = {}
    news: list[ReportedFields[Subject]] = []
    for row in sorted(rows, key=lambda row: (row.at, row.key)):
        if row.subject not in said:
            said[row.subject] = gathered((fact.at, fact.key, fact.fields) for fact in past[row.subject])
        mine = said[row.subject]
        these = {name: said_by(row.at, row.key, value) for name, value in row.fields.items()}
        kept = reported or row.initial
        new = {
            name: this.value
            for name, this in these.items()
            if _new(mine.get(name, []), this, kept=kept, alone=apart(name, owners))
        }
        for name in new:
            mine.setdefault(name, []).append(these[name])
        if new:
            news.append(row._replace(fields=new))
            past[row.subject].append(Fact(row.at, row.key, new, row.initial))
    return news


def _new(said: Sequence[Said], this: Said, *, kept: bool, alone: bool) -> bool:
    """Whether something was not said before; of a reading, whether it differs from the value at its time.

    Where more than the last word counts, every connection counts by itself (`alone`): what one repeats after another
    is new from the one.
    """
    if kept:
        return this not in said
    before = max(
        (each for each in said if _when(each) <= _when(this) and (not alone or each.voice == this.voice)),
        key=_when,
        default=None,
    )
    return before is None or before.value != this.value


def _when(said: Said) -> tuple[Instant, str]:
    return said.at, said.key
