"""The HubSpot connector: HubSpot behind the port."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from connectors.answers.examination_words import fields_findings, unavailable
from connectors.answers.replies import TIMEOUT, Outcome, Refusal, Reply, Timeout
from connectors.base.concerns import Concern
from connectors.base.credentials import Credential
from connectors.base.limits import Usage, chunks
from connectors.base.port import (
    FieldInfo,
    FieldWrite,
    Finding,
    Limits,
    Page,
    Receipt,
    Record,
    TaskWrite,
    Unavailable,
    Verdict,
    Write,
)
from connectors.base.spending import Allowance
from connectors.base.task_words import TaskWords
from connectors.base.users import CrmUser
from connectors.hubspot import SYSTEM, batches, creation, faults, linked, queries, staff
from connectors.hubspot.api_session import HubSpotSession
from connectors.hubspot.lookups import Tasks
from connectors.hubspot.own_ways import call_outcomes, consent, handed_leads, lifecycle
from connectors.shared.batching import Recency, isolated, merged, owner_refused
from connectors.shared.sorting import answered, resolved
from mappings.values.emails import searched
from mappings.values.identifiers import ExternalId, System
from mappings.values.instant import Instant
from mappings.values.record_ids import genuine

BATCH = 100
_UNSORTED = Refusal(
    verdict=Verdict.RETRY, code="NOT_SORTED", message="a search that does not come by rising id", outage=True
)


class HubSpotConnector:
    """A HubSpot account as the other rooms see it. One per worker process, for one thread."""

    def __init__(
        self, credential: Credential, *, timeout: Timeout = TIMEOUT, allowance: Allowance | None = None
    ) -> None:
        self._session = HubSpotSession(credential, timeout, allowance)
        self._tasks = Tasks(self._session)
        self._recency = Recency()
        self.reports_deleted = False  # search knows no deleted records, and no webhook tells of tasks [hubspot: search]

    @property
    def system(self) -> System:
        """`hubspot`."""
        return SYSTEM

    @property
    def limits(self) -> Limits:
        """A hundred of everything [hubspot: batches]."""
        return Limits(fields=BATCH, tasks=BATCH, read=BATCH, find=BATCH)

    @property
    def usage(self) -> Usage:
        """What HubSpot last said about its limits."""
        return self._session.usage

    def link(self, object_name: str, record_id: str, *, account: str) -> str:
        """The record's page in the portal `account`."""
        known = account.isascii() and account.isdigit() and genuine(SYSTEM, record_id)
        return queries.page_address(account, object_name, record_id) if known else ""

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def read(self, object_name: str, ids: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        """Records by id; one that was merged away comes under its survivor's id. Raises Unavailable."""
        wanted = [one for one in dict.fromkeys(ids) if genuine(SYSTEM, one)]
        found: list[Record] = []
        for some in chunks(wanted, BATCH):
            body = _whole(self._session.read(queries.kind(object_name), queries.read_body(some, fields)))
            found += queries.records(object_name, body, fields)
        return self._peopled(object_name, found)

    def find(self, emails: Sequence[str], fields: Mapping[str, Sequence[str]]) -> Sequence[Record]:
        """Contacts by e-mail: a batch read by that property, which search's lag and 5 a second do not touch.

        Raises Unavailable.
        """
        wanted = searched(emails)
        asked = fields.get("contact", ())
        found: list[Record] = []
        for some in chunks(wanted, BATCH):
            body = _whole(self._session.read("contacts", queries.read_body(some, asked, by="email")))
            found += queries.records("contact", body, asked)
        return found

    def changes(
        self, object_name: str, fields: Sequence[str], *, since: Instant, after: str = "", having: str = ""
    ) -> Page:
        """One page of the records modified at or after `since`, by rising id; deleted ones do not come.

        Raises Unavailable.
        """
        asked = queries.changed_body(object_name, fields, since, after, having)
        body = _body(self._session.search(queries.kind(object_name), asked))
        found = queries.records(object_name, body, fields)
        if not queries.rising(found):
            raise Unavailable(_UNSORTED.receipt(""))
        following = found[-1].id if found and queries.after(body) else ""
        return Page(records=tuple(self._peopled(object_name, found)), after=following)

    def everything(self, object_name: str, fields: Sequence[str], *, after: str = "") -> Page:
        """One page of all records by rising id, with their people. Raises Unavailable.

        The listing, not search: search goes no further than 10,000 a query, takes five calls a second for the whole
        account, lags behind, and does not bring associations along.
        """
        along = ["contacts"] if object_name in queries.PEOPLED else []
        kind = queries.kind(object_name)
        outcome = self._session.page(kind, sorted(set(fields)), linked=along, after=after, limit=BATCH)
        found, crowded, following = queries.page(object_name, _body(outcome), fields)
        people = self._contacts(object_name, crowded)
        whole = [replace(each, people=people[each.id]) if each.id in people else each for each in found]
        return Page(records=tuple(whole), after=following)

    def count(self, object_name: str) -> int:
        """About how many records there are, as search knows them. Raises Unavailable."""
        found = _body(self._session.search(queries.kind(object_name), queries.counted_body()), has="total")
        return int(found["total"] or 0)

    def _peopled(self, object_name: str, found: Sequence[Record]) -> list[Record]:
        """Deals and activities with their contacts; other records as they are."""
        if object_name not in queries.PEOPLED:
            return list(found)
        people = self._contacts(object_name, [record.id for record in found])
        return [replace(record, people=people.get(record.id, ())) for record in found]

    def _contacts(self, object_name: str, ids: Sequence[str]) -> dict[str, tuple[tuple[str, ExternalId], ...]]:
        """All contacts by record. Raises Unavailable."""
        found = linked.linked(self._session, queries.kind(object_name), "contacts", ids)
        if isinstance(found, Refusal):
            raise Unavailable(found.receipt(""))
        return {record: queries.people(contacts) for record, contacts in found.items()}

    def apply(self, writes: Sequence[Write]) -> Sequence[Receipt]:
        """Send one batch; answer every write, in order, without raising."""
        return answered(
            SYSTEM,
            writes,
            objects=batches.ASSOCIATIONS,
            fields=self._update,
            tasks=self._hand_over,
            rewrites=batches.rewriter(self.read, self._update).rewrite,
            people=partial(creation.make, self._session, self.find),
            handovers=partial(handed_leads.make, self._session),
        )

    def objects(self) -> Sequence[str]:
        """The standard objects that mappings know."""
        return tuple(queries.KINDS)

    def describe(self, object_name: str) -> Sequence[FieldInfo]:
        """The object's properties; of calls with the outcomes that the portal has. Raises Unavailable."""
        found = queries.fields(_body(self._session.properties(queries.kind(object_name))))
        return call_outcomes.with_outcomes(self._session, found) if object_name == "call" else found

    def users(self, ids: Sequence[str] = ()) -> Sequence[CrmUser]:
        """Every owner, those who are archived too; there is no asking for some of them in one call."""
        with self._session.purse.for_people():  # a task waits for it
            found = [each for archived in (False, True) for each in self._owners(archived=archived)]
        return [each for each in found if not ids or each.id in ids]

    def _owners(self, *, archived: bool) -> list[CrmUser]:
        found: list[CrmUser] = []
        after = ""
        while True:
            body = _body(self._session.owners(after, archived=archived))
            found += [staff.owner(each, archived=archived) for each in body.get("results") or () if each.get("id")]
            after = queries.after(body)
            if not after:
                return found

    def own_user(self) -> str:
        """None: an app owns no records."""
        return ""

    def task_words(self) -> TaskWords:
        """As the properties of tasks offer them. Raises Unavailable."""
        with self._session.purse.for_people():
            return staff.task_words(self.describe("task"))

    def examine(self, needed: Mapping[str, Sequence[str]]) -> Sequence[Finding]:
        """Check the token, the `needed` properties and whether tasks may be created; never raises."""
        findings: list[Finding] = []
        for object_name, names in needed.items():
            findings += fields_findings(self.system, "property", self, object_name, names)
        return [*findings, *self._task_findings(), *consent.examined(self._session)]

    def _task_findings(self) -> list[Finding]:
        findings = fields_findings(self.system, "property", self, "task", [queries.TASK_KEY], advised=_advised)
        # A batch of nothing is refused as empty where tasks may be created, and for want of a scope where not.
        reply = faults.judged(self._session.create("tasks", {"inputs": []}), idempotent=True)
        if isinstance(reply, Reply) or reply.concern is Concern.RECORD:
            return [*findings, Finding(subject="create tasks", ok=True, detail="allowed")]
        return [*findings, unavailable(self.system, "create tasks", reply.receipt(""))]

    def _update(self, writes: Sequence[FieldWrite]) -> list[Receipt]:
        by_object: dict[str, list[int]] = {}
        singles, into = merged(writes)
        for place, write in enumerate(singles):
            by_object.setdefault(write.object, []).append(place)
        outcomes: dict[int, Receipt] = {}
        for places in by_object.values():
            some = [singles[place] for place in places]
            sent = self._written(consent.apart(some))
            sent = lifecycle.settled(self._session, some, sent)
            outcomes.update(zip(places, consent.settled(self._session, some, sent), strict=True))
        return [replace(outcomes[place], key=write.key) for place, write in zip(into, writes, strict=True)]

    def _written(self, writes: Sequence[FieldWrite]) -> list[Receipt]:
        """Properties in batches; a write of none is done."""
        full = [place for place, write in enumerate(writes) if write.fields]
        sent = isolated([writes[place] for place in full], self._update_batch, size=BATCH, recency=self._recency)
        done = dict(zip(full, sent, strict=True))
        return [
            done.get(place, Receipt(key=write.key, verdict=Verdict.DONE, id=write.id))
            for place, write in enumerate(writes)
        ]

    def _update_batch(self, writes: Sequence[FieldWrite]) -> list[Receipt] | Refusal:
        outcome = self._session.update(queries.kind(writes[0].object), batches.update_body(writes))
        reply = faults.judged(outcome, idempotent=True, has="results")
        return reply if isinstance(reply, Refusal) else batches.updated(writes, reply.body)

    def _hand_over(self, writes: Sequence[TaskWrite]) -> list[Receipt]:
        """Somebody waits for a task: it may use part of what the day keeps for people."""
        with self._session.purse.for_people():
            return self._create(writes)

    def _create(self, writes: Sequence[TaskWrite]) -> list[Receipt]:
        doubtful = [write for write in writes if write.attempted]
        there = self._tasks.find(doubtful)
        if isinstance(there, Refusal):
            # Without having looked, creating could make a second task.
            return [there.of_all.receipt(write.key, write.id) for write in writes]
        missing = list({write.key: write for write in writes if write.key not in there}.values())
        sent = isolated(missing, self._create_batch, size=BATCH, recency=self._recency)
        sent = owner_refused(missing, sent, faults.of_owner)
        made = {receipt.key: receipt for receipt in sent}
        found = {key: Receipt(key=key, verdict=Verdict.DONE, id=record) for key, record in there.items()}
        return [(found | made)[write.key] for write in writes]

    def _create_batch(self, writes: Sequence[TaskWrite]) -> list[Receipt] | Refusal:
        outcome = self._session.create("tasks", batches.create_body(writes))
        reply = faults.judged(outcome, idempotent=False, has="results")
        if isinstance(reply, Reply):
            return self._settled(writes, batches.created(writes, reply.body))
        if len(writes) == 1 and faults.taken(reply.code, reply.message):
            return self._settled(writes, [reply.receipt(writes[0].key, writes[0].id)])
        # Some may have been made, and only a unique key keeps a half that is sent again from making them twice.
        return reply if self._tasks.unique else reply.undivided

    def _settled(self, writes: Sequence[TaskWrite], receipts: Sequence[Receipt]) -> list[Receipt]:
        """A key that stands in another task already is that task: somebody's earlier try went through."""
        refused = {
            receipt.key
            for receipt in receipts
            if receipt.verdict is Verdict.PERMANENT and faults.taken(receipt.code, receipt.message)
        }
        there = self._tasks.find([write for write in writes if write.key in refused])
        return resolved(receipts, refused, there)


def _advised(field: FieldInfo) -> Finding | None:
    if field.unique:
        return None
    remedy = "a unique property makes a second task impossible: recreate it with 'require unique values'"
    return Finding(subject=f"task.{field.name}", ok=True, detail="not unique", remedy=remedy)


def _whole(outcome: Outcome) -> Mapping[str, Any]:
    body = _body(outcome, has="results")
    partial = faults.incomplete(body)
    if partial:
        raise Unavailable(partial.receipt(""))
    return body


def _body(outcome: Outcome, *, has: str = "results") -> Mapping[str, Any]:
    reply = faults.judged(outcome, idempotent=True, has=has)
    if isinstance(reply, Refusal):
        raise Unavailable(reply.receipt(""))
    body: Mapping[str, Any] = reply.body
    return body
