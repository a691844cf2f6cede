"""Offered: which words the CRMs' own fields take, as they were last described; looked at once an hour.

A portal may have renamed a stage: a word that is not offered is not sent, since it would refuse the whole record.
"""

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from integration.flows.service import Connection, Service
from integration.store import cursors
from mappings.instant import HOUR

Words: TypeAlias = Mapping[tuple[str, str], frozenset[str]]
"""By object and field; a field that takes any word is absent."""


def offered(service: Service, connection: Connection) -> Words:
    """The words of every picklist of the CRM's own that the mapping writes. Raises Unavailable."""
    name, now = f"offered:{connection.name}", service.now()
    asked = {each.name: [target.field for target in each.native] for each in connection.mapping.objects.values()}
    asked = {name: fields for name, fields in asked.items() if fields}
    with service.store.read() as conn:
        stored = cursors.get(conn, name)
    held: dict[str, Any] = json.loads(stored) if stored else {}
    if not held or held["at"] + HOUR <= now or held["asked"] != asked:
        found = {key: _described(connection, key, fields) for key, fields in asked.items()}
        held = {"at": now, "asked": asked, "found": found}
        with service.store.write() as conn:
            cursors.put(conn, name, json.dumps(held), now)
    return {
        (key, field): frozenset(words)
        for key, fields in held["found"].items()
        for field, words in fields.items()
        if words
    }


def _described(connection: Connection, object_name: str, fields: list[str]) -> dict[str, list[str]]:
    return {each.name: list(each.options) for each in connection.connector.describe(object_name) if each.name in fields}
