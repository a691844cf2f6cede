"""Urgent requests: people ask for a demo while everybody is derived anew, and sales has the task in its CRM soon."""

import time
from dataclasses import dataclass, field

from sqlalchemy import exists, select

from integration.rig.publish_drill import publish_ground
from integration.rig.publish_drill.living_past import live
from integration.rig.publish_drill.living_people import Person, Tell
from integration.rig.publish_drill.published_edits import LOWER_GATE, WORDS, living
from integration.rig.stage.rig import Rig, activity
from integration.store.events.playbook_versions import Texts
from integration.store.people import accounts
from integration.store.queues import derivation_walk
from integration.store.schema.tables import leads, outbox
from integration.wiring import clock
from integration.wiring.whole_service import Service
from mappings.values.identifiers import AccountId
from mappings.values.instant import DAY, SECOND, Instant

WITHIN = 30.0
"""Seconds within which a demo request has its task."""
_REQUESTS = 60
_SOON, _EVERY, _LATER = 10, 2.0, 30.0
"""So many ask every two seconds, the others every thirty, until everybody is derived anew."""
_ENOUGH_EMPLOYEES = 50
_PATIENCE = 3_600.0
_LOOK = 0.1


@dataclass(slots=True)
class UrgentRequests:
    """One re-derivation with requests in it; `waited` are the seconds from each until its task was in the CRM."""

    running: Rig
    leads: int
    seed: int
    tell: Tell
    waited: list[float] = field(default_factory=list)
    seconds: float = 0.0
    """From the publication until everybody was derived anew."""
    differences: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Live through the past, lower the gate, and ask for demos until everybody is derived anew."""
        self.running.tell("webhooks", {"url": ""})
        service = publish_ground.service_of(self.running)
        publish_ground.begin(service, service.now() - 60 * DAY)
        live(self.running, service, self.leads, self.seed, self.tell)
        people = self._askers(service)
        version = publish_ground.publish(
            service, Texts(playbook=LOWER_GATE.of(living()), vocabulary=WORDS), "playbook", LOWER_GATE.name
        )
        began, asked, next_at = time.monotonic(), dict[Person, Instant](), 0.0
        over, requests = False, 0
        while time.monotonic() < began + _PATIENCE and not (over and not asked):
            self.running.programs.watch()
            with service.store.read() as conn:
                walk = derivation_walk.walk(conn, version.number)
            if walk.over and not over:
                over, self.seconds = True, time.monotonic() - began
            if not over and people and time.monotonic() >= next_at:
                person = people.pop()
                requests += 1
                pause = _EVERY if requests < _SOON else _LATER
                asked[person], next_at = self._ask(person), time.monotonic() + pause
            self._answered(service, asked)
            done = self.leads if walk.leads is None else int(walk.leads.removeprefix("lead") or 0)
            self.tell(f"derived anew; {len(self.waited)} requests answered", done, self.leads)
            time.sleep(_LOOK)
        self.differences += [f"the request of {person.id} has no task in the CRM" for person in asked]
        self.differences += [f"a request waited {each:.1f} s for its task" for each in self.waited if each > WITHIN]
        if not self.waited:
            self.differences.append("nobody asked for a demo while leads were derived anew")

    def _askers(self, service: Service) -> list[Person]:
        """People all over the walk for whom sales has no task, at firms that are large enough."""
        none = ~exists().where(outbox.c.lead_id == leads.c.id, outbox.c.kind == "task")
        wanted = select(leads.c.id, leads.c.account_id).where(leads.c.stage == "inquiry", none).order_by(leads.c.id)
        with service.store.read() as conn:
            rows = conn.execute(wanted).all()
            firms = accounts.get(conn, sorted({AccountId(str(firm)) for _, firm in rows}))
        large = {firm.id for firm in firms if int(str(firm.fields.get("employees") or 0)) >= _ENOUGH_EMPLOYEES}
        found = [Person(int(lead.removeprefix("lead"))) for lead, firm in rows if firm in large]
        step = max(1, len(found) // _REQUESTS)
        chosen = found[::step][:_REQUESTS]
        return chosen[::2] + chosen[1::2]

    def _ask(self, person: Person) -> Instant:
        now = clock.now()
        item = activity(f"urgent-{person.number}", person.email, "demo_request", now, {})
        self.running.post([item], delivery=f"urgent-{person.number}").raise_for_status()
        return now

    def _answered(self, service: Service, asked: dict[Person, Instant]) -> None:
        """Those whose task has arrived in the CRM wait no longer."""
        arrived = select(outbox.c.lead_id).where(
            outbox.c.lead_id.in_([person.id for person in asked]), outbox.c.kind == "task", outbox.c.state == "sent"
        )
        with service.store.read() as conn:
            found = set(conn.execute(arrived).scalars())
        for person in [each for each in asked if each.id in found]:
            self.waited.append((clock.now() - asked.pop(person)) / SECOND)
