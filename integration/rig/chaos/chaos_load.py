"""The load of the chaos run: deliveries made beforehand, sent by senders that do not give up before a 2xx.

What real senders do, these do: a delivery that was not answered goes again with the same ids, and now and then one
that was answered goes again too, because the answer did not reach the sender.
"""

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random  # noqa: TID251 - seeded: the same load every time
from typing import Any

import requests

from integration.rig.stage.rig import activity
from integration.rig.stage.story import Scene, story
from mappings.values.instant import SECOND, Instant, Span

STORIES = 3
"""How many lives each lead leads at once, so that there is something to do all the time."""
DAYS = 21
_MOST = 6
_AGAIN = 0.06
_STRANGERS = 30
"""One person in this many is known to no CRM."""
_PAUSE = 0.25
_TIMEOUT = 8.0

Post = Callable[[Sequence[Mapping[str, Any]], str, float], requests.Response]
"""Send activities as a delivery of that id, giving up after so many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One delivery and when it is due."""

    id: str
    at: Instant
    items: tuple[dict[str, Any], ...]


def parcels(  # noqa: PLR0913 - the parts of a load
    emails: Sequence[str],
    *,
    seed: int,
    start: Instant,
    span: Span,
    name: str = "chaos",
    most: int = _MOST,
    lives: int = STORIES,
) -> list[Parcel]:
    """Three weeks of several believable lives per lead, pressed into `span` from `start` on.

    A delivery has at most so many activities, all ids begin with the `name`, and each lead leads so many lives at once.
    """
    chance = Random(seed)  # noqa: S311 - not cryptography
    strangers = [f"stranger.{number}@nobody-knows.example" for number in range(len(emails) // _STRANGERS + 1)]
    scenes = [scene for number in range(lives) for scene in story([*emails, *strangers], seed=seed + number)]
    scenes.sort(key=lambda scene: (scene.offset, scene.email, scene.type))
    items = [_item(f"{name}-{number}", scene, start, span) for number, scene in enumerate(scenes)]
    found: list[Parcel] = []
    while items:
        some, items = items[: (size := chance.randint(1, most))], items[size:]
        number = len(found)
        at = max(each[0] for each in some)
        found.append(Parcel(id=f"{name}-{seed}-{number}", at=at, items=tuple(each[1] for each in some)))
    again = [each for each in found if chance.random() < _AGAIN]
    late = [Parcel(id=each.id, at=each.at + chance.randrange(1, 20) * SECOND, items=each.items) for each in again]
    return sorted([*found, *late], key=lambda parcel: parcel.at)


def _item(id_: str, scene: Scene, start: Instant, span: Span) -> tuple[Instant, dict[str, Any]]:
    at = start + scene.offset * span // (DAYS * 24 * 3600 * SECOND)
    return at, activity(id_, scene.email, scene.type, at, scene.properties)


@dataclass(slots=True)
class Senders:
    """Threads that carry parcels when they are due, each until it is answered."""

    post: Callable[[], Post]
    now: Callable[[], Instant]
    waiting: "queue.SimpleQueue[Parcel]" = field(default_factory=queue.SimpleQueue)
    answered: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Activities by id, as they were sent in a delivery that was answered with 2xx."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """Attempts by what came of them: a status, or the name of what happened to the connection."""
    deliveries: int = 0
    again: int = 0
    refused: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, some: Sequence[Parcel], threads: int = 4) -> None:
        """Begin to send."""
        for parcel in some:
            self.waiting.put(parcel)
        self._threads = [threading.Thread(target=self._run, name="sender", daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def busy(self) -> bool:
        """Whether anything is still to be sent or answered."""
        return any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        post = self.post()
        while True:
            try:
                parcel = self.waiting.get_nowait()
            except queue.Empty:
                return
            wait = (parcel.at - self.now()) / SECOND
            if wait > 0:
                time.sleep(wait)
            self._carry(post, parcel)

    def _carry(self, post: Post, parcel: Parcel) -> None:
        """Send until it is answered with 2xx; a 4xx would be answered the same for ever."""
        tries = 0
        while True:
            tries += 1
            outcome = _sent(post, parcel)
            done = outcome.startswith("2")
            with self._lock:
                self.outcomes[outcome] += 1
                if done:
                    self.deliveries += 1
                    self.again += tries - 1
                    self.answered.update((item["id"], item) for item in parcel.items)
                elif outcome.startswith("4"):
                    self.refused.append(f"{parcel.id}: {outcome}")
                    return
            if done:
                return
            time.sleep(_PAUSE)


def _sent(post: Post, parcel: Parcel) -> str:
    try:
        answer = post(parcel.items, parcel.id, _TIMEOUT)
    except requests.RequestException as error:
        return type(error).__name__
    if answer.status_code == HTTPStatus.ACCEPTED and answer.json()["rejected"]:
        return f"4xx in a 202: {answer.json()['rejected']}"
    return str(answer.status_code)
