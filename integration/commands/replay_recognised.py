"""Records as the vocabulary knows them: what their addresses, forms, events and types say is filled in."""

from collections.abc import Iterable, Iterator

from integration.commands.replay_lines import ACTIVITY, Record
from mappings.vocabulary.value import Vocabulary


def recognised(records: Iterable[Record], vocabulary: Vocabulary) -> Iterator[Record]:
    """The same records in the same order."""
    known = vocabulary.recognised
    for record in records:
        if record[1] == ACTIVITY:
            at, kind, event, lead, account, what, properties = record
            of_type, filled = known(what, properties)
            if of_type is not what or filled is not properties:
                yield (at, kind, event, lead, account, of_type, dict(filled))
                continue
        yield record
