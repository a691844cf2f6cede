"""Written tasks: what we wrote into the tasks of a CRM, to tell it from what people write there."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from integration.store.db.dialects import among
from integration.store.db.json_codec import decode, listed
from integration.store.schema.tables import outbox

WRITTEN = "written"
"""In what is stored of a task: its text as it was written, where that says more than its `body`."""

_OURS = ("answering", WRITTEN, "body")
"""Where what is stored of a task says what we wrote into it, before and by now."""
_TEXTS = select(outbox.c.key, outbox.c.payload).where(among(outbox.c.key, "keys"), outbox.c.kind == "task")


def written(payload: Mapping[str, Any]) -> str:
    """What stands in the CRM of a task that is stored so, as plain text, unless somebody has changed it there."""
    return str(payload.get(WRITTEN) or payload["body"])


def texts(conn: Connection, keys: Iterable[str]) -> dict[str, str]:
    """All that we wrote into each of these tasks, as plain text."""
    found = {key: decode(payload, dict[str, Any]) for key, payload in conn.execute(_TEXTS, {"keys": listed(keys)})}
    return {key: "\n".join(str(told.get(name) or "") for name in _OURS) for key, told in found.items()}
