"""The budget for request bodies: how long each may take to arrive, how many bytes all may take, and who gives way."""

import asyncio
from dataclasses import dataclass
from typing import Any


class NoRoomError(Exception):
    """The bodies being received need more memory than the budget has."""


@dataclass(slots=True, eq=False)
class Place:
    """What is set aside for one request: `size` bytes, until it is answered; its body must be there by `due`."""

    task: "asyncio.Task[Any]"
    size: int
    due: float
    late: bool = False


class Room:
    """So many bytes for all requests together. Only the event loop uses it.

    A body that arrives as it should takes milliseconds. So if there is no room, the request that has been arriving for
    the longest is cancelled, and never one whose body is there already.
    """

    def __init__(self, size: int) -> None:
        self._left = size
        self._arriving: dict[Place, None] = {}
        """In the order in which they began."""

    def enter(self, place: Place) -> None:
        """A request begins to arrive. Raises NoRoomError."""
        self._arriving[place] = None
        self._left -= place.size
        self._make_room(place)

    def grow(self, place: Place, size: int) -> None:
        """A request that does not say its length has brought `size` more bytes. Raises NoRoomError."""
        place.size += size
        self._left -= size
        self._make_room(place)

    def arrived(self, place: Place) -> None:
        """A request's body is there."""
        del self._arriving[place]

    def leave(self, place: Place) -> None:
        """A request is over; its bytes are free again."""
        self._arriving.pop(place, None)
        self._left += place.size
        place.size = 0

    def cancel_late(self, now: float) -> None:
        """Cancel every request whose body should be there by now."""
        for place in list(self._arriving):
            if place.due > now:
                return
            place.late = True
            self._cancel(place)

    def _make_room(self, asker: Place) -> None:
        while self._left < 0:
            oldest = next(iter(self._arriving))
            if oldest is asker:
                raise NoRoomError
            self._cancel(oldest)

    def _cancel(self, place: Place) -> None:
        self.leave(place)
        place.task.cancel()
