"""The order in which records were last changed: what is new since a time is found without looking at all of them."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any


class ChangeOrder:
    """Ids of each object's records in the order of their last change, by the time that the record itself says."""

    def __init__(self) -> None:
        self._stamps: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._last: dict[str, str] = {}
        self._mixed: set[str] = set()
        """Objects with changes of the past: their order says nothing."""

    def note(self, object_name: str, record: Mapping[str, Any]) -> None:
        """A record was made or changed."""
        stamps, id_, stamp = self._stamps[object_name], record["Id"], record["SystemModstamp"]
        stamps.pop(id_, None)
        stamps[id_] = stamp
        if stamp < self._last.get(object_name, ""):
            self._mixed.add(object_name)
        self._last[object_name] = stamp

    def since(self, object_name: str, stamp: str) -> list[str]:
        """The ids of those changed at that time or later, by id; of all where changes came out of order."""
        stamps = self._stamps[object_name]
        if object_name in self._mixed:
            return sorted(stamps)
        found = []
        for id_ in reversed(stamps):
            if stamps[id_] < stamp:
                break
            found.append(id_)
        return sorted(found)
