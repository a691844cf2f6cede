"""Look-ups: which of our tasks HubSpot already has, by our key in each.

Search is not asked: its index lags, and a task created a moment ago would be missed. Where the key is a
unique property it is read by; else the tasks of each person are, which HubSpot knows at once.
"""

from collections.abc import Sequence

from connectors.answers.replies import Outcome, Refusal
from connectors.base.limits import chunks
from connectors.base.port import TaskWrite
from connectors.hubspot import faults, queries
from connectors.hubspot.api_session import HubSpotSession
from connectors.hubspot.linked import linked
from mappings.values.identifiers import ExternalId

BATCH = 100


class Tasks:
    """Looks before creating; remembers whether this portal's key property is unique."""

    def __init__(self, session: HubSpotSession) -> None:
        self._session = session
        self._unique = True

    @property
    def unique(self) -> bool:
        """Whether the key is a unique property, as far as is known."""
        return self._unique

    def find(self, writes: Sequence[TaskWrite]) -> dict[str, ExternalId] | Refusal:
        """Task ids by key for those writes whose task is there already."""
        if not writes:
            return {}
        found = self._by_key(writes) if self._unique else self._by_person(writes)
        if self._unique and isinstance(found, Refusal) and faults.not_unique(found):
            self._unique = False
            return self._by_person(writes)
        return found

    def _by_key(self, writes: Sequence[TaskWrite]) -> dict[str, ExternalId] | Refusal:
        found: dict[str, ExternalId] = {}
        for some in chunks(sorted({write.key for write in writes}), BATCH):
            outcome = self._session.read("tasks", queries.read_body(some, [queries.TASK_KEY], by=queries.TASK_KEY))
            refused = noted(found, outcome)
            if refused:
                return refused
        return found

    def _by_person(self, writes: Sequence[TaskWrite]) -> dict[str, ExternalId] | Refusal:
        ids: list[str] = []
        for name in sorted({write.object for write in writes}):
            people = sorted({write.id for write in writes if write.object == name})
            found = linked(self._session, queries.kind(name), "tasks", people)
            if isinstance(found, Refusal):
                return found
            ids += [task for tasks in found.values() for task in tasks]
        held: dict[str, ExternalId] = {}
        for some in chunks(list(dict.fromkeys(ids)), BATCH):
            refused = noted(held, self._session.read("tasks", queries.read_body(some, [queries.TASK_KEY])))
            if refused:
                return refused
        wanted = {write.key for write in writes}
        return {key: record for key, record in held.items() if key in wanted}


def noted(found: dict[str, ExternalId], outcome: Outcome, object_name: str = "task") -> Refusal | None:
    """Put the keys of a batch read down with their records; why that is not possible, or not all of it."""
    reply = faults.judged(outcome, idempotent=True, has="results")
    if isinstance(reply, Refusal):
        return reply
    partial = faults.incomplete(reply.body)
    if partial:
        return partial
    for record in queries.records(object_name, reply.body, [queries.TASK_KEY]):
        key = record.fields[queries.TASK_KEY]
        if key:
            found[str(key)] = record.id
    return None
