"""Reads records with the vocabulary: values, what addresses and names mean, and which activities are machines'."""

from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import TypeAlias

from integration.commands.replaying.history_file.replay_lines import ACTIVITY, LEAD, Record
from integration.core.compiled.context import Unfoldable
from integration.core.scoring.machines import Sight, judged
from integration.core.scoring.mail_rules import JUDGED
from mappings.vocabulary.value import Vocabulary

Recognised: TypeAlias = tuple[Record, str]
"""A record, and the rule by which no person did what it says; "" for a person's, and for what is no activity."""


def recognised(records: Iterable[Record], vocabulary: Vocabulary) -> Iterator[Recognised]:
    """The same records in the same order, which is that of time. Raises Unfoldable where words cannot be made out."""
    return judged(vocabulary.machine, _read(records, vocabulary), itemgetter(0), _sight)


def _read(records: Iterable[Record], vocabulary: Vocabulary) -> Iterator[Record]:
    known, of_lead, of_account = vocabulary.recognised, vocabulary.readings.lead, vocabulary.readings.account
    for record in records:
        at, kind, event, lead, account, what, fields = record
        try:
            if kind == ACTIVITY:
                of_type, filled = known(what, fields)
            else:
                of_type, filled = what, (of_lead if kind == LEAD else of_account)(fields)
        except Exception as error:
            raise Unfoldable(lead, event, error) from error
        if of_type is what and filled is fields:
            yield record
        else:
            yield (at, kind, event, lead, account, of_type, dict(filled))


def _sight(record: Record) -> Sight | None:
    what = record[5]  # "" of what is no activity
    return (record[3] or f"viewer at {record[4]}", what, record[6]) if what in JUDGED else None
