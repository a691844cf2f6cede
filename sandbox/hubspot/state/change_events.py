"""Change events for webhooks: one event per change, in HubSpot's shape [hubspot: webhooks]."""

import threading
import zlib
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

from sandbox.hubspot.state.stored_records import ENGAGEMENTS, OBJECT_TYPES, SINGULAR, Record
from sandbox.shared.seeded_random import Chance

SILENT = frozenset({"lastmodifieddate", "hs_lastmodifieddate", "createdate", "hs_createdate", "hs_object_id"})
_GENERIC = frozenset({"tasks", *ENGAGEMENTS})


class Source(Protocol):
    """Who made a change."""

    @property
    def source(self) -> str:
        """Such as `INTEGRATION`, `CRM_UI`, `IMPORT`."""

    @property
    def id(self) -> str:
        """A bare app id, or `userId:…`."""


class Events:
    """The events that no webhook has carried yet. Nothing is kept until somebody wants them."""

    def __init__(self, *, app_id: int, portal_id: int, chance: Chance) -> None:
        self.wanted = False
        self.silent: set[str] = {f"{name}.associationChange" for name in SINGULAR.values()}
        """Subscription types that the app has not subscribed to: `contact.creation`, `object.propertyChange` …"""
        self.unheard: set[str] = set(ENGAGEMENTS)
        """Object types about which no webhook is sent, since the app has subscribed to none of theirs."""
        self.subscribed: Mapping[str, frozenset[str]] = {}
        """By object type, the properties whose changes the app has subscribed to; of types not named, all."""
        self._app_id = app_id
        self._portal_id = portal_id
        self._chance = chance
        self._lock = threading.Lock()
        self._waiting: deque[dict[str, Any]] = deque()
        self.news = threading.Event()

    def created(self, record: Record, values: Mapping[str, str], origin: Source, at: int) -> None:
        """A record was created: its creation event comes after some of its own values [hubspot: webhooks]."""
        if not self.wanted or record.kind in self.unheard:
            return
        events = [
            self._change(record, name, value, origin, at)
            for name, value in values.items()
            if self._wanted(record, name)
        ]
        self._chance.shuffle(events)
        events.insert((len(events) + 1) // 2, self._plain(record, "creation", "CREATED", origin, at))
        self._keep(events)

    def changed(self, record: Record, values: Mapping[str, str], origin: Source, at: int) -> None:
        """Values changed; "" where one was cleared."""
        if not self.wanted or record.kind in self.unheard:
            return
        events = [
            self._change(record, name, value, origin, at)
            for name, value in values.items()
            if name not in SILENT and self._wanted(record, name)
        ]
        self._chance.shuffle(events)
        self._keep(events)

    def deleted(self, record: Record, origin: Source, at: int, *, private: bool = False) -> None:
        """A record went; `private` where it was erased for good."""
        if self.wanted and record.kind not in self.unheard:
            self._keep([self._plain(record, "privacyDeletion" if private else "deletion", "DELETED", origin, at)])

    def restored(self, record: Record, origin: Source, at: int) -> None:
        """A record came back from the recycle bin."""
        if self.wanted:
            self._keep([self._plain(record, "restore", "", origin, at)])

    def merged(self, survivor: Record, ended: Record, origin: Source, at: int) -> None:
        """Two records became one."""
        if not self.wanted:
            return
        event = self._plain(survivor, "merge", "", origin, at)
        event |= {
            "primaryObjectId": int(survivor.id),
            "mergedObjectIds": [int(ended.id)],
            "newObjectId": int(survivor.id),
            "numberOfPropertiesMoved": len(ended.values),
        }
        self._keep([event])

    def associated(self, one: Record, other: Record, origin: Source, at: int, *, removed: bool = False) -> None:
        """Two records were associated, or are no more; an event for either side that can be subscribed to."""
        if not self.wanted:
            return
        for here, there in ((one, other), (other, one)):
            if here.kind in _GENERIC:
                continue
            event = self._plain(here, "associationChange", "", origin, at)
            event |= {
                "associationType": f"{SINGULAR[here.kind]}_to_{SINGULAR[there.kind]}".upper(),
                "fromObjectId": int(here.id),
                "toObjectId": int(there.id),
                "associationRemoved": removed,
                "isPrimaryAssociation": False,
            }
            del event["objectId"]
            self._keep([event])

    def take(self, most: int) -> list[dict[str, Any]]:
        """Up to `most` events, oldest first; they count as taken."""
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            if not self._waiting:
                self.news.clear()
        return batch

    def __len__(self) -> int:
        return len(self._waiting)

    def _wanted(self, record: Record, name: str) -> bool:
        subscribed = self.subscribed.get(record.kind)
        return subscribed is None or name in subscribed

    def _keep(self, events: list[dict[str, Any]]) -> None:
        wanted = [event for event in events if event["subscriptionType"] not in self.silent]
        if not wanted:
            return
        with self._lock:
            self._waiting.extend(wanted)
            self.news.set()

    def _plain(self, record: Record, what: str, flag: str, origin: Source, at: int) -> dict[str, Any]:
        generic = record.kind in _GENERIC
        subscription = f"{'object' if generic else SINGULAR[record.kind]}.{what}"
        event: dict[str, Any] = {
            "eventId": self._chance.randint(1_000_000, 4_294_967_295),
            "subscriptionId": 2_000_000 + zlib.crc32(f"{record.kind} {subscription}".encode()) % 1_000_000,
            "portalId": self._portal_id,
            "appId": self._app_id,
            "occurredAt": at,
            "subscriptionType": subscription,
            "attemptNumber": 0,
            "objectId": int(record.id),
            "changeSource": origin.source,
            "sourceId": origin.id,
        }
        if flag:
            event["changeFlag"] = flag
        if generic:
            event |= {"objectTypeId": OBJECT_TYPES[record.kind], "isSensitive": False}
        return event

    def _change(self, record: Record, name: str, value: str, origin: Source, at: int) -> dict[str, Any]:
        event = self._plain(record, "propertyChange", "", origin, at)
        event["subscriptionId"] = 2_000_000 + zlib.crc32(f"{record.kind} {name}".encode()) % 1_000_000
        return event | {"propertyName": name, "propertyValue": value}
