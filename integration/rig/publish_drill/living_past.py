"""The living past: six weeks of leads' histories, stored and decided as they would have been at the time.

Who they are is stored first, then what they did in the order of time, and the engine decides day by day. When the
drill begins, people are on tracks, tasks are open and clocks run, and sales has answered most of what it got.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random  # noqa: TID251 - seeded: the same past every time
from typing import Any

from integration.flows.base import running_playbook
from integration.flows.deciding.advance import turn
from integration.rig.publish_drill.living_people import AT_ONCE, SYSTEM, Person, Tell, known, parts
from integration.rig.stage.rig import Rig
from integration.rig.stage.story import Scene, story
from integration.store.crm import connection_pauses
from integration.store.db.errors import StoreBusyError
from integration.store.db.json_codec import encode
from integration.store.events import activities
from integration.store.events.activities import NewActivity
from integration.store.queues import dirty, leases
from integration.store.queues.leases import Lease
from integration.wiring.whole_service import Service
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND, Instant

DAYS = 42
_DECIDED = (8, 5, 2, 0)
"""So many days before the drill the engine decides; what is older than a day before the first of them is history."""
_DAILY: tuple[tuple[float, str, dict[str, Any]], ...] = (
    (0.30, "email_open", {"campaign": "monthly letter"}),
    (0.20, "email_open", {"campaign": "case studies"}),
    (0.12, "email_click", {"campaign": "monthly letter", "url": "/blog/handoff"}),
    (0.08, "guided_tour", {"chapter": "scoring"}),
    (0.06, "page_view", {"url": "https://www.acme.example/lizenzen/jahr"}),
    (0.05, "page_view", {"page": "integrations", "url": "/integrations"}),
    (0.04, "page_view", {"page": "pricing", "url": "/pricing"}),
)
"""What a lead does besides its story: how many of them, what, and its properties."""


def live(  # noqa: PLR0913 - whose past, how rich, and where
    running: Rig, service: Service, count: int, seed: int, tell: Tell, *, busy: int = 1
) -> list[Person]:
    """Store and decide six weeks of so many leads; `tell` gets what is being done, how far it is, and of how much.

    `busy`: they do so many times as much beside their stories.
    """
    people, now = [Person(number) for number in range(count)], service.now()
    lease = _alone(running, service)
    with service.store.write() as conn:
        connection_pauses.stop(conn, SYSTEM, "the past is lived through", now=now)
    known(running, service.store, people, now - DAYS * DAY, seed, tell)
    deeds = list(_deeds(people, now, seed, busy))
    begun = 0
    for days in _DECIDED:
        then = now - days * DAY
        end = next((place for place in range(begun, len(deeds)) if deeds[place].at > then), len(deeds))
        for some in parts(deeds[begun:end], AT_ONCE):
            with service.store.write() as conn:
                leases.extend(conn, lease)
                dirty.mark(conn, {LeadId(str(each.lead_id)) for each in some}, then)
                dirty.mark_accounts(conn, {_account(each) for each in some}, then)
                activities.add(conn, some)
            begun += len(some)
            tell("what they did", begun, len(deeds))
        moment = replace(service, now=_standing(then), lanes=replace(service.lanes, sleep=lambda _seconds: None))
        following = running_playbook.following(moment)
        while _patiently(turn, following, lease):
            tell(f"decided as of {days} days ago", begun, len(deeds))
    with service.store.write() as conn:
        leases.release(conn, lease)
        connection_pauses.go(conn, SYSTEM, now)
    service.wake(f"deliver:{SYSTEM}")
    return people


def _alone(running: Rig, service: Service) -> Lease:
    """The lease by which nobody else decides meanwhile; a worker that has it now gives it back after its turn."""
    taken: list[Lease] = []

    def took() -> bool:
        with service.store.write() as conn:
            lease = leases.take(conn, "advance", "past", MINUTE)
        taken.extend([lease] if lease else [])
        return bool(taken)

    if not running.wait(took, seconds=MINUTE // SECOND, every=0.1):
        msg = "another process has been deciding for a minute"
        raise RuntimeError(msg)
    return taken[0]


def _patiently(step: Callable[[Service, Lease], bool], service: Service, lease: Lease) -> bool:
    """A turn; again where another process has been writing for so long that there was none."""
    try:
        return step(service, lease)
    except StoreBusyError:
        return True


def _standing(moment: Instant) -> Callable[[], Instant]:
    return lambda: moment


def _account(deed: NewActivity) -> AccountId:
    return Person(int(str(deed.lead_id).removeprefix("lead"))).account


def _deeds(people: Sequence[Person], now: Instant, seed: int, busy: int) -> Iterator[NewActivity]:
    """What everybody did until now, by time."""
    chance, start = Random(f"deeds {seed}"), now - DAYS * DAY  # noqa: S311 - not cryptography
    by_email = {each.email: each for each in people}
    scenes = story(list(by_email), seed=seed, days=DAYS)
    scenes += [scene for each in people for _ in range(busy) for scene in _daily(each, chance)]
    scenes += [scene for each in scenes if each.type == "demo_request" for scene in _answers(each, chance)]
    scenes = [each for each in scenes if start + each.offset < now - HOUR]
    scenes.sort(key=lambda scene: (scene.offset, scene.email, scene.type))
    for number, scene in enumerate(scenes):
        yield NewActivity(
            key=f"activities:past-{number}",
            lead_id=by_email[scene.email].id,
            at=start + scene.offset,
            type=scene.type,
            properties=scene.properties,
            source="activities",
            named=encode({"email": scene.email}),
        )


def _daily(person: Person, chance: Random) -> Iterator[Scene]:
    for share, kind, properties in _DAILY:
        while chance.random() < share:
            at = chance.randrange(DAYS * 24 * 60) * MINUTE + chance.randrange(60) * SECOND
            yield Scene(offset=at, email=person.email, type=kind, properties=properties)


def _answers(asked: Scene, chance: Random) -> Iterator[Scene]:
    """What sales made of a demo request: most are called, some are won, some come back, some are forgotten."""
    share, at = chance.random(), asked.offset + chance.randrange(1, 30) * HOUR

    def said(kind: str, after: int, **properties: Any) -> Scene:
        return Scene(offset=at + after, email=asked.email, type=kind, properties=properties)

    yield said("call_attempt", 0, outcome="connected" if share < 0.7 else "no_answer")  # noqa: PLR2004 - seven in ten
    if share < 0.5:  # noqa: PLR2004 - half are accepted
        yield said("sales_accepted", HOUR)
        if share < 0.3:  # noqa: PLR2004 - most of them qualified
            yield said("sales_qualified", 2 * DAY)
            yield said("opportunity_created", 2 * DAY + HOUR, opportunity=f"of {asked.email}", amount=9_000)
        if share < 0.2:  # noqa: PLR2004 - some won
            yield said("opportunity_won", 6 * DAY, opportunity=f"of {asked.email}", amount=9_000)
        elif share < 0.3:  # noqa: PLR2004 - and some lost
            yield said("opportunity_lost", 6 * DAY, opportunity=f"of {asked.email}", reason="price")
    elif share < 0.7:  # noqa: PLR2004 - a fifth come back
        yield said("sales_rejected", HOUR, reason=chance.choice(("timing", "budget", "priority", "no_response")))
    elif share > 0.97:  # noqa: PLR2004 - hardly anybody has enough
        yield said("unsubscribe", HOUR)
