"""The Salesforce connector: Salesforce behind the port."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from connectors.answers.examination_words import fields_findings
from connectors.answers.replies import TIMEOUT, Refusal, Timeout, refusal
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
from connectors.salesforce import SYSTEM, batches, creation, faults, queries, staff
from connectors.salesforce.api_session import RESOURCES, SalesforceSession
from connectors.salesforce.reads.bulk import Bulk, place
from connectors.salesforce.reads.reading import Reader, fitting, whole
from connectors.salesforce.reads.successors import followed
from connectors.salesforce.setup.examination import tasks_examined
from connectors.shared.batching import Recency, isolated, merged, owner_refused
from connectors.shared.sorting import answered, resolved
from mappings.values.emails import searched
from mappings.values.identifiers import ExternalId, System
from mappings.values.instant import Instant
from mappings.values.record_ids import full, genuine

BATCH = 200
FIND = 100


class SalesforceConnector:
    """A Salesforce org as the other rooms see it. One per worker process, for one thread."""

    def __init__(
        self, credential: Credential, *, timeout: Timeout = TIMEOUT, allowance: Allowance | None = None
    ) -> None:
        self._session = SalesforceSession(credential, timeout, allowance)
        self._bulk = Bulk(self._session)
        self._reader = Reader(self._session)
        self._staff = staff.Staff(self._reader.listed)
        self._recency = Recency()
        self.reports_deleted = True  # queries see the recycle bin

    @property
    def system(self) -> System:
        """`salesforce`."""
        return SYSTEM

    @property
    def limits(self) -> Limits:
        """Collections of 200; a hundred addresses fit into one query's address."""
        return Limits(fields=BATCH, tasks=BATCH, read=BATCH, find=FIND)

    @property
    def usage(self) -> Usage:
        """What Salesforce last said about its limits."""
        return self._session.usage

    def link(self, object_name: str, record_id: str, *, account: str) -> str:  # noqa: ARG002 - the port's
        """The record's page in the org: an id alone is enough, whatever the object."""
        return f"https://{self._session.host}/{record_id}" if genuine(SYSTEM, record_id) else ""

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def read(self, object_name: str, ids: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        """Records by id; fields this user cannot see are absent. Raises Unavailable."""
        wanted = list(dict.fromkeys(full(SYSTEM, one) for one in ids if genuine(SYSTEM, one)))
        if any("." in name for name in fields):
            found = self._reader.matching(object_name, fields, wanted, partial(queries.by_id, object_name))
        else:
            found = []
            for some in chunks(wanted, BATCH):
                found += self._reader.retrieved(object_name, some, fields)
        return self._peopled(object_name, found)

    def find(self, emails: Sequence[str], fields: Mapping[str, Sequence[str]]) -> Sequence[Record]:
        """Leads that are not converted, and contacts, by e-mail. Raises Unavailable."""
        wanted = searched(emails)
        found: list[Record] = []
        for object_name in queries.PEOPLE:
            if object_name in fields:
                people = partial(queries.people, object_name)
                found += self._reader.matching(object_name, fields[object_name], wanted, people)
        return found

    def changes(
        self, object_name: str, fields: Sequence[str], *, since: Instant, after: str = "", having: str = ""
    ) -> Page:
        """One page of the records modified at or after `since`, by rising id, those in the recycle bin too.

        Raises Unavailable.
        """
        asked = partial(queries.changed, object_name, since=since, after=after, having=having)
        try:
            found = self._reader.selected(object_name, fields, asked, bin_too=True)
        except Unavailable as refused:
            self._reader.settle(object_name, refused)
            raise
        following = found[-1].id if len(found) >= queries.PAGE else ""
        return Page(records=tuple(self._peopled(object_name, found)), after=following)

    def everything(self, object_name: str, fields: Sequence[str], *, after: str = "") -> Page:
        """One page of all records, of a Bulk API 2.0 query job that lives on over a crash. Raises Unavailable."""
        visible = self._reader.visible(object_name, fields)
        at = place(after) if after else None
        if at is None:
            return self._begun(object_name, visible)
        if not at.locator:
            state = self._bulk.state(object_name, at)
            if state == "waiting":
                return Page(records=(), after=after)
            if state == "lost":
                return self._begun(object_name, visible)
        part = self._bulk.part(object_name, visible, at)
        if part is None:
            return self._begun(object_name, visible)
        records, following = part
        if following is None:
            self._bulk.end(at)
        return Page(records=tuple(self._peopled(object_name, records)), after=str(following or ""))

    def _begun(self, object_name: str, fields: Sequence[str]) -> Page:
        """A page without records that names the new job, to be stored before it is waited for."""
        made = self._bulk.begin(object_name, fields)
        if isinstance(made, Refusal):
            refused = Unavailable(made.receipt(""))
            self._reader.settle(object_name, refused)
            raise refused
        return Page(records=(), after=str(made))

    def count(self, object_name: str) -> int:
        """How many records there are. Raises Unavailable."""
        outcome = self._session.get("query", {"q": queries.counted(object_name)})
        return int(whole(faults.judged(outcome, idempotent=True, has="totalSize"))["totalSize"] or 0)

    def _peopled(self, object_name: str, found: Sequence[Record]) -> list[Record]:
        """Opportunities with their contacts; other records as they are."""
        if object_name != "Opportunity" or not found:
            return list(found)
        linked: dict[str, list[tuple[str, ExternalId]]] = {}
        for some in chunks([record.id for record in found], FIND):
            for row in self._reader.rows(queries.roles(some)):
                contact = ("Contact", full(SYSTEM, str(row["ContactId"])))
                linked.setdefault(full(SYSTEM, str(row["OpportunityId"])), []).append(contact)
        return [replace(record, people=tuple(dict.fromkeys(linked.get(record.id, ())))) for record in found]

    def apply(self, writes: Sequence[Write]) -> Sequence[Receipt]:
        """Send one batch; answer every write, in order, without raising."""
        return answered(
            SYSTEM,
            writes,
            objects=queries.PEOPLE,
            fields=self._update,
            tasks=self._hand_over,
            rewrites=batches.rewriter(self.read, self._update).rewrite,
            people=partial(creation.make, self._session, self.find),
        )

    def objects(self) -> Sequence[str]:
        """The objects that this user sees. Raises Unavailable."""
        return queries.objects(whole(faults.judged(self._session.get("sobjects"), idempotent=True, has="sobjects")))

    def describe(self, object_name: str) -> Sequence[FieldInfo]:
        """The object's fields as this user sees them. Raises Unavailable."""
        return queries.fields(self._reader.description(object_name))

    def users(self, ids: Sequence[str] = ()) -> Sequence[CrmUser]:
        """Users and queues, those who have left too. Raises Unavailable."""
        with self._session.purse.for_people():  # a task waits for it
            return self._staff.users(ids)

    def own_user(self) -> str:
        """The integration user's id. Raises Unavailable."""
        with self._session.purse.for_people():
            return staff.own_id(whole(faults.judged(self._session.get(RESOURCES), idempotent=True)))

    def task_words(self) -> TaskWords:
        """As TaskStatus, TaskPriority and the describe of Task give them. Raises Unavailable."""
        with self._session.purse.for_people():
            return self._staff.task_words(self._reader.description("Task"))

    def examine(self, needed: Mapping[str, Sequence[str]]) -> Sequence[Finding]:
        """Check the token, the `needed` fields and whether tasks may be created; never raises."""
        findings: list[Finding] = []
        for object_name, names in needed.items():
            findings += fields_findings(self.system, "field", self, object_name, names)
        return [*findings, *tasks_examined(self, self._reader.description)]

    def _update(self, writes: Sequence[FieldWrite]) -> list[Receipt]:
        singles, into = merged(writes)
        sent = followed(self._query, singles, isolated(singles, self._update_batch, size=BATCH, recency=self._recency))
        return [replace(sent[place], key=write.key) for place, write in zip(into, writes, strict=True)]

    def _update_batch(self, writes: Sequence[FieldWrite]) -> list[Receipt] | Refusal:
        outcome = self._session.patch("composite/sobjects", batches.update_body(writes))
        reply = faults.judged(outcome, idempotent=True, has="")
        return reply if isinstance(reply, Refusal) else batches.written(writes, reply.body, unanswered=Verdict.RETRY)

    def _hand_over(self, writes: Sequence[TaskWrite]) -> list[Receipt]:
        """Somebody waits for a task: it may use part of what the day keeps for people."""
        with self._session.purse.for_people():
            return self._create(writes)

    def _create(self, writes: Sequence[TaskWrite]) -> list[Receipt]:
        # Looked for, not upserted again: that would open a task anew which sales has closed in the meantime.
        there = self._existing([write.key for write in writes if write.attempted])
        if isinstance(there, Refusal):
            return [there.of_all.receipt(write.key, write.id) for write in writes]
        missing = list({write.key: write for write in writes if write.key not in there}.values())
        sent = isolated(missing, self._upsert_batch, size=BATCH, recency=self._recency)
        sent = owner_refused(missing, sent, faults.of_owner)
        receipts = {receipt.key: receipt for receipt in self._settled(followed(self._query, missing, sent))}
        found = {key: Receipt(key=key, verdict=Verdict.DONE, id=record) for key, record in there.items()}
        return [(receipts | found)[write.key] for write in writes]

    def _upsert_batch(self, writes: Sequence[TaskWrite]) -> list[Receipt] | Refusal:
        path = f"composite/sobjects/Task/{queries.TASK_KEY}"
        reply = faults.judged(self._session.patch(path, batches.upsert_body(writes)), idempotent=False, has="")
        return reply if isinstance(reply, Refusal) else batches.written(writes, reply.body, unanswered=Verdict.UNCLEAR)

    def _settled(self, receipts: Sequence[Receipt]) -> list[Receipt]:
        """A refused key that stands in a task already is that task: somebody's earlier try went through."""
        doubtful = [receipt.key for receipt in receipts if receipt.code in faults.THERE_ALREADY]
        return resolved(receipts, doubtful, self._existing(doubtful))

    def _existing(self, keys: Sequence[str]) -> dict[str, ExternalId] | Refusal:
        found: dict[str, ExternalId] = {}
        for some in fitting(sorted(set(keys)), queries.tasks):
            rows = self._query(queries.tasks(some))
            if isinstance(rows, Refusal):
                return rows
            found |= {str(row.get(queries.TASK_KEY)): full(SYSTEM, str(row["Id"])) for row in rows}
        return found

    def _query(self, soql: str, *, bin_too: bool = False) -> list[Mapping[str, Any]] | Refusal:
        try:
            return self._reader.rows(soql, bin_too=bin_too)
        except Unavailable as away:
            return refusal(away.receipt)
