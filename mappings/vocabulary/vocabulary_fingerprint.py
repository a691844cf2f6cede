"""What a vocabulary means, as one short text: equal where the meaning is, whatever the file looks like."""

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from mappings.model.canonical import Field
from mappings.vocabulary.addresses import AddressGlob

if TYPE_CHECKING:
    from mappings.vocabulary.recognition import Line
    from mappings.vocabulary.value import Vocabulary


def fingerprint(vocabulary: "Vocabulary") -> str:
    """A digest of every word, line and rule."""
    rules = vocabulary.machine
    meaning = [
        _fields(vocabulary.lead),
        _fields(vocabulary.account),
        _fields(vocabulary.standing),
        {name: _fields(known) for name, known in vocabulary.activities.items()},
        dict(vocabulary.labels),
        [_line(line) for line in vocabulary.recognition.lines],
        [[each.pattern for each in rules.agents], sorted(rules.methods), rules.after_send],
        [rules.clicks.links, rules.clicks.times, rules.clicks.within],
        [rules.opens.times, rules.opens.within, rules.opens.apart],
    ]
    return blake2b(json.dumps(meaning, sort_keys=True).encode(), digest_size=8).hexdigest()


def _fields(fields: Mapping[str, Field]) -> dict[str, Any]:
    return {name: [field.kind, field.choices, field.label] for name, field in fields.items()}


def _line(line: "Line") -> list[Any]:
    glob = line.glob
    pattern = [glob.glob.pattern, glob.whole] if isinstance(glob, AddressGlob) else [glob.pattern]
    return [line.subject, pattern, line.to, line.gives]
