"""Counted changes: which field changes of leads and accounts altered a value that is in force, and from when.

From when first values count, `mappings.translate.first_values` says; what counts, `mappings.conflicts.field_conflicts`
judges. A change of which nothing counts stays an event all the same: what comes before it later on is late, and
everything is derived anew.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection as Sql

from integration.store.people import field_changes
from integration.store.people.field_changes import ChangeRow
from mappings.conflicts.field_conflicts import Owners, Ownership, contested, in_effect
from mappings.translate.first_values import Fact, dated
from mappings.values.instant import Instant


def counting(told: Sequence[ChangeRow], owners: Owners, since: Instant | None = None) -> list[ChangeRow]:
    """The changes of one lead or account, in order, with only the fields that changed what counts.

    First values count from `since`, or from the first change where that is earlier. Whatever counts from the very
    beginning is one change: nobody is born without a source and given one in the same instant.
    """
    rows = {row.key: row for row in told}
    facts = dated([Fact(row.at, row.key, row.fields, row.initial) for row in told], owners, since)
    effective = in_effect([(fact.at, fact.key, fact.fields) for fact in facts], owners)
    found: list[ChangeRow] = []
    for fact, fields in zip(facts, effective, strict=True):
        row = replace(rows[fact.key], at=fact.at, fields=fields)
        if found and fact.at == found[0].at:
            first = found[0]
            found[0] = replace(first, fields={**first.fields, **fields}, seq=max(first.seq, row.seq))
        else:
            found.append(row)
    return found


def fresh(conn: Sql, told: Sequence[ChangeRow], ownership: Ownership) -> list[ChangeRow]:
    """As `counting`, of the last changes of several leads and accounts; earlier ones are read where needed."""
    doubtful = [change for change in told if _contested(change, ownership)]
    if not doubtful:
        return list(told)
    leads = {change.lead_id for change in doubtful if change.lead_id}
    accounts = {change.account_id for change in doubtful if change.account_id}
    by_subject: defaultdict[tuple[str | None, str | None], list[ChangeRow]] = defaultdict(list)
    for change in field_changes.history(conn, leads, accounts):
        by_subject[change.lead_id, change.account_id].append(change)
    judged = {
        change.seq: change
        for (lead, _), mine in by_subject.items()
        for change in counting(mine, ownership.lead if lead else ownership.account)
    }
    return [judged.get(change.seq, change) for change in told]


def _contested(change: ChangeRow, ownership: Ownership) -> bool:
    owners = ownership.lead if change.lead_id else ownership.account
    return any(contested(name, owners) for name in change.fields)
