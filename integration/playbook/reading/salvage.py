"""Salvage: goes on after mistakes of shape, with the same playbook without the parts that contain them."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from integration.playbook.language.report import Dropped, known
from integration.playbook.language.schema import PlaybookFile
from mappings.yaml_files.located_yaml import Located, Path

_STAND_INS: dict[str, Any] = {
    "language": 1,
    "name": "unnamed",
    "bands": {"hot": "total > 0", "warm": "total > 0"},
    "handoff": {"gate": "total > 0", "play": "handoff"},
    "plays": {"handoff": [{"call": "Call"}]},
}
"""What a playbook cannot do without; only ever used to find more mistakes."""
_ROUNDS = 50


def salvage(found: Located, context: Mapping[str, Any]) -> tuple[PlaybookFile | None, Dropped]:
    """What is left, and what was removed (so that it is not reported as missing); `context` as in reading."""
    value, dropped = deepcopy(found.value), Dropped()
    for _ in range(_ROUNDS):
        try:
            return PlaybookFile.model_validate(value, context=dict(context)), dropped
        except ValidationError as error:
            for each in error.errors(include_url=False, include_context=False, include_input=False):
                _drop(value, found, each["loc"], dropped, missing=each["type"] == "missing")
    return None, dropped


def _drop(value: dict[str, Any], found: Located, loc: Path, dropped: Dropped, *, missing: bool) -> None:
    """Take out the part at fault: the whole list for one of its items, since places count its items."""
    if missing and len(loc) == 1:
        _stand_in(value, str(loc[0]), dropped)
        return
    path = known(found, loc[:-1] if missing else loc)
    while path and isinstance(path[-1], int):
        path = path[:-1]
    if not path:
        return
    holder: Any = value
    for part in path[:-1]:
        if isinstance(holder, dict):
            holder = holder.get(str(part))
        elif isinstance(holder, list) and isinstance(part, int):
            holder = holder[part]
    if isinstance(holder, dict) and path[-1] in holder:
        gone = holder.pop(path[-1])
        dropped.places.add(path)
        dropped.names.add(str(path[-1]))
        if isinstance(gone, dict):
            dropped.names.update(str(key) for key in gone)
    if len(path) == 1:
        _stand_in(value, str(path[0]), dropped)


def _stand_in(value: dict[str, Any], key: str, dropped: Dropped) -> None:
    if key in _STAND_INS:
        value[key] = deepcopy(_STAND_INS[key])
        dropped.names.add("handoff")
