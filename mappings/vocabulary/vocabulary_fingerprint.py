"""What a vocabulary means, as one short text: equal where the meaning is, whatever the file looks like."""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from mappings.model.canonical import Field
from mappings.vocabulary.addresses import AddressGlob
from mappings.vocabulary.machine_rules import MachineRules
from mappings.vocabulary.recognition import Line


def fingerprint(
    records: Sequence[Mapping[str, Field]],
    activities: Mapping[str, Mapping[str, Field]],
    labels: Mapping[str, str],
    lines: Iterable[Line],
    machine: MachineRules,
) -> str:
    """A digest of every word, line and rule; `records` are the fields of leads, of accounts and of standings."""
    meaning = [
        *map(_fields, records),
        {name: _fields(known) for name, known in activities.items()},
        dict(labels),
        [_line(line) for line in lines],
        [[each.pattern for each in machine.agents], sorted(machine.methods), machine.after_send],
        [machine.clicks.links, machine.clicks.times, machine.clicks.within],
        [machine.opens.times, machine.opens.within, machine.opens.apart],
    ]
    return blake2b(json.dumps(meaning, sort_keys=True).encode(), digest_size=8).hexdigest()


def _fields(fields: Mapping[str, Field]) -> dict[str, Any]:
    return {name: [field.kind, field.choices, field.label] for name, field in fields.items()}


def _line(line: Line) -> list[Any]:
    glob = line.glob
    pattern = [glob.glob.pattern, glob.whole] if isinstance(glob, AddressGlob) else [glob.pattern]
    return [line.subject, pattern, line.to, line.gives]
