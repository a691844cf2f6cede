"""A bench of the console: an installation is lived through, copied to two sizes, and every page is read at both."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import func, select

from integration.rig.bench.bench_memory import MemoryWatch
from integration.rig.console_bench import copied_leads
from integration.rig.console_bench.console_reader import ConsoleReader, Reading
from integration.rig.publish_drill import living_past
from integration.rig.publish_drill.publish_ground import begin, service_of
from integration.rig.stage.rig import Rig
from integration.store.schema import tables
from integration.web.console.access.new_link import new_link
from mappings.values.instant import DAY

Tell = Callable[[str, int, int], None]
MOST_SECONDS = 0.3
MOST_GROWTH = 5.0
MOST_MEMORY = 200_000_000
_TOO_SHORT = 0.02
"""Growth is judged of pages that take longer than so many seconds at the larger size: below, it is the machine's."""


@dataclass(slots=True, kw_only=True)
class Size:
    """What was measured with so many leads."""

    leads: int
    activities: int
    pages: list[Reading] = field(default_factory=list)
    web: int = 0
    """Bytes that the web process had at most."""


@dataclass(slots=True)
class ConsoleBench:
    """One run: so many leads are lived through and copied up to `small`, then up to `large`."""

    running: Rig
    lived: int
    small: int
    large: int
    busy: int
    times: int
    tell: Tell
    sizes: list[Size] = field(default_factory=list)

    def run(self) -> None:
        """Everything; `sizes` has the figures."""
        service = service_of(self.running)
        begin(service, service.now() - (living_past.DAYS + 1) * DAY)
        living_past.live(self.running, service, self.lived, 2026, self.tell, busy=self.busy)
        there = 1
        for leads in (self.small, self.large):
            copies = max(1, leads // self.lived)
            copied_leads.multiply(self.running.store, there, copies, partial(self._copied, copies))
            there = copies
            self.sizes.append(self._measured())

    def _copied(self, copies: int, done: int) -> None:
        self.tell("copies", done, copies)

    def _measured(self) -> Size:
        running = self.running
        with running.store.read() as conn:
            counted = [conn.execute(select(func.count()).select_from(each)).scalar_one() for each in _COUNTED]
        size = Size(leads=counted[0], activities=counted[1])
        with MemoryWatch(lambda: {"web": running.programs.pids()["web"]}) as watch:
            reader = ConsoleReader(running.url, new_link(running.settings, running.store, service_of(running).now()))
            try:
                kinds = reader.pages()
                done = iter(range(len(kinds)))
                size.pages = reader.read(kinds, self.times, lambda kind: self.tell(kind, next(done), len(kinds)))
            finally:
                reader.close()
        size.web = watch.peaks.get("web", 0)
        return size


_COUNTED = (tables.leads, tables.activities)


def differences(bench: ConsoleBench) -> list[str]:
    """What is not as promised, in words; none where everything is."""
    small, large = bench.sizes
    before = {each.kind: each for each in small.pages}
    found = [
        f"{each.kind} takes {each.p95 * 1000:.0f} ms (p95) with {large.leads:,} leads"
        for each in large.pages
        if each.p95 > MOST_SECONDS
    ]
    grown = partial(_grown, before)
    found += [
        f"{each.kind} takes {grown(each):.1f} times what it takes with {small.leads:,} leads"
        for each in large.pages
        if each.p95 > _TOO_SHORT and grown(each) > MOST_GROWTH
    ]
    if large.web > MOST_MEMORY:
        found.append(f"the web process had {large.web / 1e6:.0f} MB")
    return found


def _grown(before: dict[str, Reading], page: Reading) -> float:
    was = before.get(page.kind)
    return page.p95 / was.p95 if was is not None else 1.0
