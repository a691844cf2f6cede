"""A season's run: people act at their own times, and at every step of the clock the service does all that is due.

The clock jumps from one moment at which something happens to the next. At each, what leads did arrives by signed
webhook, HubSpot's webhooks are carried, every periodic job whose turn has come is done, and every lane that was woken
is drained: the scheduler's own table, the workers' own lanes.
"""

import heapq
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

from sqlalchemy import bindparam, exists, func, select

from integration.processes.jobs import PERIODIC, lanes
from integration.rig.season import season_team
from integration.rig.season.season_behaviour import Deed, life
from integration.rig.season.season_faults import KilledError, MortalStore, Trouble
from integration.rig.season.season_ground import Ground
from integration.rig.season.season_marketing import Marketing
from integration.rig.season.season_people import Lead, Records, leads
from integration.rig.season.season_plan import START
from integration.rig.season.season_sales import Sales
from integration.rig.stage.rig import activity
from integration.store.schema import tables
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, SECOND, Instant, Span

_AT_ONCE = 200
"""Activities in one delivery."""
_MOST_ROUNDS = 1_000
_TWINS, _NEW_EMAIL, _MERGED = 0.012, 0.01, 0.008
_DUE = (
    select(func.min(tables.leads.c.due)),
    select(func.min(tables.accounts.c.due)),
    select(func.min(tables.outbox.c.not_before)).where(tables.outbox.c.state == tables.NEW),
)
"""When something next falls due by itself."""
_MOMENT = 10 * SECOND
_SOON = select(
    exists().where(
        tables.outbox.c.state == tables.NEW, tables.outbox.c.not_before.between(bindparam("now"), bindparam("then"))
    )
)
"""Whether something waits for a few seconds: for what was just read to be decided, say."""
_SETTLING = 3 * HOUR
"""After the last day nobody does anything for so long, and the service finishes."""


@dataclass(slots=True)
class Season:
    """One season; `tell` is called every simulated day. What happened is kept for the checks."""

    ground: Ground
    tell: Callable[["Season"], None]
    daily: Callable[["Season"], None] = lambda _season: None
    """Called every simulated day, too: the checks that are cheap."""
    leads: list[Lead] = field(default_factory=list)
    whose: dict[str, Lead] = field(default_factory=dict)
    posted: dict[str, Deed] = field(default_factory=dict)
    """Every activity that was delivered, by the key that it is stored under."""
    day: int = 0
    steps: int = 0
    seconds: float = 0.0
    spent: Counter[str] = field(default_factory=Counter)
    """Seconds of this machine by lane, job, and whatever else was done."""
    sales: Sales = field(init=False)
    marketing: Marketing = field(init=False)
    records: Records = field(init=False)
    trouble: Trouble = field(init=False)
    service: Service = field(init=False)
    _mortal: MortalStore = field(init=False)
    _heap: list[tuple[Instant, int, Callable[[], None]]] = field(default_factory=list)
    _number: int = 0
    _said: list[dict[str, Any]] = field(default_factory=list)
    _next: dict[int, Instant] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ground = self.ground
        self._mortal = MortalStore(ground.store)
        self.service = replace(ground.service, store=cast("Any", self._mortal))
        self.marketing = Marketing(ground.clock, ground.chance, self.whose)
        self.sales = Sales(
            box=ground.box,
            team=ground.team,
            now=ground.clock,
            later=self.later,
            chance=ground.chance,
            whose=self.whose,
        )
        self.records = Records(ground.box, ground.team.sellers, ground.plan.seed)
        self.trouble = Trouble(ground.plan, ground.box, self._mortal, self.later)

    @property
    def end(self) -> Instant:
        """When the last day is over."""
        return START + self.ground.plan.days * DAY

    @property
    def kills(self) -> int:
        """How many workers were killed."""
        return self._mortal.kills

    def records_of(self, lead: Lead) -> list[tuple[str, str]]:
        """The records that the CRMs have of somebody, by CRM and id; one that was converted is there no more."""
        found = [("hubspot", lead.hubspot)] if lead.hubspot else []
        return [*found, ("salesforce", lead.salesforce)] if lead.salesforce else found

    def later(self, at: Instant, do: Callable[[], None]) -> None:
        """Have something done at an instant of the season."""
        self._number += 1
        heapq.heappush(self._heap, (at, self._number, do))

    def run(self) -> None:
        """From the first day to the last, and until nothing is left to do."""
        began = time.monotonic()
        self._begin()
        self._step()
        while True:
            at = self._next_step()
            self._live_until(at)
            self._step()
            self._days(at, began)
            if at >= self.end:
                break
        self._settle()
        self.seconds = time.monotonic() - began
        self.tell(self)

    def _begin(self) -> None:
        self.leads = leads(self.ground.plan)
        self.marketing.watch(self.ground.box)
        self.sales.watch()
        for lead in self.leads:
            self.later(lead.arrives, lambda lead=lead: self._arrive(lead))  # type: ignore[misc] # as in season_faults
        for seller in self.ground.team.sellers:
            if seller.leaves is not None:
                self.later(seller.leaves, lambda seller=seller: self._dismiss(seller))  # type: ignore[misc] # the same
        if self.ground.plan.faults:
            self.trouble.plan_all()

    def _dismiss(self, seller: season_team.Seller) -> None:
        season_team.dismiss(seller, self.ground.box)
        self.sales.leave(seller, 3 + seller.number % 5)

    def _arrive(self, lead: Lead) -> None:
        chance, now = self.ground.chance, self.ground.clock()
        self.records.arrive(lead, now)
        self.whose |= {each: lead for each in (lead.hubspot, lead.salesforce) if each}
        for deed in life(lead, self.ground.plan, self.end):
            self._plan(deed)
        share = chance.random()
        at = now + chance.randrange(1, 20) * DAY
        if share < _TWINS and lead.salesforce and lead.object == "Lead":
            self.later(at, lambda: self._twin(lead))
        elif share < _TWINS + _NEW_EMAIL:
            self.later(at, lambda: self.records.change_email(lead))

    def _twin(self, lead: Lead) -> None:
        self.whose[self.records.twin(lead, self.ground.clock())] = lead

    def _plan(self, deed: Deed) -> None:
        self.later(deed.at, lambda: self._do(deed))

    def _do(self, deed: Deed) -> None:
        if deed.lead.gone:
            return
        number = str(len(self.posted))
        self.posted[f"activities:{number}"] = deed
        self._said.append(activity(number, deed.lead.email, deed.type, deed.at, deed.properties))
        if deed.type == "unsubscribe":
            deed.lead.gone = True

    def _wanted(self) -> Instant:
        """The next instant at which something happens: somebody acts, or something falls due in the store."""
        found = [self._heap[0][0]] if self._heap else []
        with self.ground.store.read() as conn:
            for query in _DUE:
                at = conn.execute(query).scalar()
                if at:
                    found.append(int(at))
        return min(found, default=self.end)

    def _next_step(self) -> Instant:
        """When the service works next: when something happens, and less often while nobody in sales is at work."""
        now, wanted, plan = self.ground.clock(), self._wanted(), self.ground.plan
        at = _after(now, wanted, max(plan.quiet, plan.step))
        if self.ground.team.at_work(now, at):
            at = _after(now, wanted, plan.step)
        return min(at, self.end)

    def _live_until(self, at: Instant) -> None:
        """Whoever does something until then does it at its own time."""
        began = time.monotonic()
        while self._heap and self._heap[0][0] <= at:
            moment, _, do = heapq.heappop(self._heap)
            self.ground.clock.to(moment)
            do()
        self.ground.clock.to(at)
        self.spent["people"] += time.monotonic() - began  # type: ignore[assignment] # seconds
        for deed in self.marketing.answers():
            self._plan(deed)

    def _step(self) -> None:
        self.steps += 1
        said, self._said = self._said, []
        for start in range(0, len(said), _AT_ONCE):
            self._timed("activities", lambda start=start: self.ground.post(said[start : start + _AT_ONCE]))  # type: ignore[misc] # as above
        self._timed("hubspot's webhooks", self.ground.box.drain)
        for number, each in enumerate(PERIODIC):
            if self._next.get(number, 0) <= self.ground.clock():
                self._next[number] = self.ground.clock() + each.interval(self.ground.settings.poll_seconds) * SECOND
                self._safely(each.job.__name__, lambda each=each: each.work(self.service))  # type: ignore[misc] # as above
        self._drain()
        self._moment_later()

    def _moment_later(self) -> None:
        """What waits for seconds is done in this step, as the sweep sees to it; it would last until the next one."""
        now = self.ground.clock()
        with self.ground.store.read() as conn:
            soon = conn.execute(_SOON, {"now": now + 1, "then": now + _MOMENT}).scalar()
        if soon:
            self.ground.clock.to(now + _MOMENT)
            self._safely("sweep", lambda: PERIODIC[0].work(self.service))
            self._drain()

    def _drain(self) -> None:
        """Drain every lane that was woken, as workers do, until none is."""
        work = lanes(self.service)
        woken = self.ground.woken
        for _ in range(_MOST_ROUNDS):
            if not woken:
                return
            lane = next(iter(woken))
            del woken[lane]
            self._safely(lane, work[lane])
        msg = f"the lanes {list(woken)} are not drained after {_MOST_ROUNDS} rounds"
        raise RuntimeError(msg)

    def _safely(self, name: str, do: Callable[[], object]) -> None:
        """Do a job; where its worker is killed in it, another one finds what it left."""
        try:
            self._timed(name, do)
        except KilledError:
            self._mortal.revive()
            self.ground.woken.setdefault(name) if ":" in name or name in {"ingest", "advance"} else None

    def _timed(self, name: str, do: Callable[[], object]) -> None:
        began = time.monotonic()
        try:
            do()
        finally:
            self.spent[name] += time.monotonic() - began  # type: ignore[assignment] # seconds

    def _days(self, at: Instant, began: float) -> None:
        day = (at - START) // DAY
        if day > self.day:
            self.day = day
            self.seconds = time.monotonic() - began
            self.daily(self)
            self.tell(self)

    def _settle(self) -> None:
        """Let the clock go on for some hours in which nobody does anything more."""
        self._heap.clear()
        clock = self.ground.clock
        until = clock() + _SETTLING
        while clock() < until:
            clock.to(clock() + HOUR)
            self._step()


def _after(now: Instant, wanted: Instant, step: Span) -> Instant:
    """The first full step at which what is wanted has come, after now."""
    return max(-(-wanted // step), now // step + 1) * step
