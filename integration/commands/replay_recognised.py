"""Records as the vocabulary knows them: values read; what addresses, forms, events and types say filled in."""

from collections.abc import Iterable, Iterator

from integration.commands.replay_lines import ACTIVITY, LEAD, Record
from integration.core.fold import Unfoldable
from mappings.vocabulary.value import Vocabulary


def recognised(records: Iterable[Record], vocabulary: Vocabulary) -> Iterator[Record]:
    """The same records in the same order. Raises Unfoldable for one whose words cannot be made out."""
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
