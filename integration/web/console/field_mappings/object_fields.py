"""Live fields: the fields of one object as its CRM describes them, asked at most once in ten minutes and kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.base.port import FieldInfo, Unavailable
from integration.flows.base.service import Connection, HasStore
from integration.flows.crm_calls.hourly import Kept, readable
from integration.store.console import described_objects
from integration.store.db.json_codec import encode
from mappings.values.instant import MINUTE, Instant, Span

_FRESH: Span = 10 * MINUTE
_Described = Kept[tuple[FieldInfo, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFields:
    """The fields, and when the CRM was asked.

    `away` is what the CRM said where it did not answer; the fields are those of the last time then, or none.
    """

    at: Instant | None
    fields: tuple[FieldInfo, ...]
    away: str = ""

    @property
    def known(self) -> bool:
        """Whether the fields are known at all."""
        return self.at is not None

    def named(self, name: str) -> FieldInfo | None:
        """One field."""
        return next((each for each in self.fields if each.name == name), None)


def live_fields(service: HasStore, connection: Connection, object_name: str, *, anew: bool = False) -> LiveFields:
    """The fields of an object: one call to the CRM at most, and none while the last answer is fresh and not `anew`."""
    now = service.now()
    with service.store.read() as conn:
        stored = described_objects.last(conn, connection.name, object_name)
    kept = None if stored is None else readable(stored, _Described)
    if kept is not None and not anew and kept.at + _FRESH > now:
        return LiveFields(at=kept.at, fields=kept.value)
    try:
        kept = _Described(at=now, asked=object_name, value=tuple(connection.connector.describe(object_name)))
    except Unavailable as away:
        said = f"{away.receipt.code} {away.receipt.message}".strip()
        return LiveFields(at=kept.at if kept else None, fields=kept.value if kept else (), away=said)
    with service.store.write() as conn:
        described_objects.put(conn, connection.name, object_name, encode(kept), now)
    return LiveFields(at=kept.at, fields=kept.value)


def offered(field: FieldInfo | None) -> Sequence[tuple[str, str]]:
    """The values that a picklist offers, each with what people see."""
    return list(_offered(field)) if field is not None else []


def _offered(field: FieldInfo) -> Iterator[tuple[str, str]]:
    for at, value in enumerate(field.options):
        yield value, field.labels[at] if at < len(field.labels) else value
