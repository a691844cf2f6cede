"""Records as the vocabulary knows them: what their addresses, forms, events and types say is filled in."""

from collections.abc import Iterable, Iterator

from integration.commands.replay_lines import ACTIVITY, Record
from integration.core.fold import Unfoldable
from mappings.vocabulary.value import Vocabulary


def recognised(records: Iterable[Record], vocabulary: Vocabulary) -> Iterator[Record]:
    """The same records in the same order. Raises Unfoldable for one whose words cannot be made out."""
    known = vocabulary.recognised
    for record in records:
        if record[1] == ACTIVITY:
            at, kind, event, lead, account, what, properties = record
            try:
                of_type, filled = known(what, properties)
            except Exception as error:
                raise Unfoldable(lead, event, error) from error
            if of_type is not what or filled is not properties:
                yield (at, kind, event, lead, account, of_type, dict(filled))
                continue
        yield record
