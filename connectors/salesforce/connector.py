"""Salesforce behind the port."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

from connectors.base import (
    Credential,
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
from connectors.batching import isolated, merged, unowned
from connectors.examination import fields_findings
from connectors.limits import Usage, chunks
from connectors.replies import TIMEOUT, Outcome, Refusal, Reply, Timeout, refusal
from connectors.salesforce import batches, creation, faults, queries
from connectors.salesforce.bulk import Bulk, place
from connectors.salesforce.examination import tasks_examined
from connectors.salesforce.session import SalesforceSession
from connectors.salesforce.successors import followed
from connectors.sorting import answered, resolved
from connectors.spending import Allowance
from mappings.catalogue import holder
from mappings.emails import searched
from mappings.instant import Instant
from mappings.record_ids import full, genuine

BATCH = 200
FIND = 100


class SalesforceConnector:
    """A Salesforce org as the house sees it. One per worker process, for one thread."""

    def __init__(
        self, credential: Credential, *, timeout: Timeout = TIMEOUT, allowance: Allowance | None = None
    ) -> None:
        self._session = SalesforceSession(credential, timeout, allowance)
        self._bulk = Bulk(self._session)
        self._seen: dict[str, frozenset[str]] = {}

    @property
    def system(self) -> str:
        """`salesforce`."""
        return "salesforce"

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
        return f"https://{self._session.host}/{record_id}" if genuine("salesforce", record_id) else ""

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def read(self, object_name: str, ids: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        """Records by id; fields this user cannot see are absent. Raises Unavailable."""
        wanted = list(dict.fromkeys(full("salesforce", one) for one in ids if genuine("salesforce", one)))
        found: list[Record] = []
        for some in chunks(wanted, BATCH):
            if any("." in name for name in fields):
                reply, visible = self._seeing(object_name, fields, partial(self._select_ids, object_name, some))
                found += [queries.record(object_name, row, visible) for row in self._pages(reply)]
                continue
            reply, visible = self._seeing(object_name, fields, partial(self._retrieve, object_name, some))
            found += [queries.record(object_name, row, visible) for row in _body(reply) if isinstance(row, dict)]
        return self._peopled(object_name, found)

    def find(self, emails: Sequence[str], fields: Mapping[str, Sequence[str]]) -> Sequence[Record]:
        """Leads that are not converted, and contacts, by e-mail. Raises Unavailable."""
        wanted = searched(emails)
        found: list[Record] = []
        for some in chunks(wanted, FIND):
            for object_name in queries.PEOPLE:
                if object_name not in fields:
                    continue
                reply, visible = self._seeing(
                    object_name, fields[object_name], partial(self._select, object_name, some)
                )
                found += [queries.record(object_name, row, visible) for row in self._pages(reply)]
        return found

    def changes(
        self, object_name: str, fields: Sequence[str], *, since: Instant, after: str = "", having: str = ""
    ) -> Page:
        """One page of the records modified at or after `since`, by rising id, those in the recycle bin too.

        Raises Unavailable.
        """

        def ask(visible: Sequence[str]) -> Outcome:
            return self._session.get("queryAll", {"q": queries.changed(object_name, visible, since, after, having)})

        reply, visible = self._seeing(object_name, fields, ask)
        found = [queries.record(object_name, row, visible) for row in self._pages(reply)]
        following = found[-1].id if len(found) >= queries.PAGE else ""
        return Page(records=tuple(self._peopled(object_name, found)), after=following)

    def everything(self, object_name: str, fields: Sequence[str], *, after: str = "") -> Page:
        """One page of all records, of a Bulk API 2.0 query job that lives on over a crash. Raises Unavailable."""
        visible = self._visible(object_name, fields)
        at = place(after) if after else None
        if at is None:
            return self._begun(object_name, visible)
        if not at.locator:
            state = self._bulk.state(at)
            if state == "waiting":
                return Page(records=(), after=after)
            if state == "lost":
                return self._begun(object_name, visible, tries=at.tries + 1)
        part = self._bulk.part(object_name, visible, at)
        if part is None:
            return self._begun(object_name, visible, tries=at.tries)
        records, following = part
        if following is None:
            self._bulk.end(at)
        return Page(records=tuple(self._peopled(object_name, records)), after=str(following or ""))

    def _begun(self, object_name: str, fields: Sequence[str], *, tries: int = 1) -> Page:
        """A page without records that tells the new job, to be kept before it is waited for."""
        made = self._bulk.begin(object_name, fields, tries=tries)
        if isinstance(made, Refusal):
            raise Unavailable(made.receipt(""))
        return Page(records=(), after=str(made))

    def count(self, object_name: str) -> int:
        """How many records there are. Raises Unavailable."""
        outcome = self._session.get("query", {"q": queries.counted(object_name)})
        return int(_body(faults.judged(outcome, idempotent=True)).get("totalSize") or 0)

    def _peopled(self, object_name: str, found: Sequence[Record]) -> list[Record]:
        """Opportunities with their contacts; other records as they are."""
        if object_name != "Opportunity" or not found:
            return list(found)
        linked: dict[str, list[tuple[str, str]]] = {}
        for some in chunks([record.id for record in found], FIND):
            reply = faults.judged(self._session.get("query", {"q": queries.roles(some)}), idempotent=True)
            for row in self._pages(reply):
                contact = ("Contact", full("salesforce", str(row["ContactId"])))
                linked.setdefault(full("salesforce", str(row["OpportunityId"])), []).append(contact)
        return [replace(record, people=tuple(dict.fromkeys(linked.get(record.id, ())))) for record in found]

    def apply(self, writes: Sequence[Write]) -> Sequence[Receipt]:
        """Send one batch; answer every write, in order, without raising."""
        return answered(
            "salesforce",
            writes,
            objects=queries.PEOPLE,
            fields=self._update,
            tasks=self._hand_over,
            people=partial(creation.make, self._session, self.find),
        )

    def objects(self) -> Sequence[str]:
        """The objects that this user sees. Raises Unavailable."""
        return queries.objects(_body(faults.judged(self._session.get("sobjects"), idempotent=True)))

    def describe(self, object_name: str) -> Sequence[FieldInfo]:
        """The object's fields as this user sees them. Raises Unavailable."""
        return queries.fields(self._description(object_name))

    def owners(self) -> Mapping[str, str]:
        """E-mail by the id of each active user. Raises Unavailable."""
        reply = faults.judged(self._session.get("query", {"q": queries.USERS}), idempotent=True)
        return {full("salesforce", str(row["Id"])): str(row.get("Email") or "") for row in self._pages(reply)}

    def examine(self, needed: Mapping[str, Sequence[str]]) -> Sequence[Finding]:
        """Check the token, the `needed` fields and whether tasks may be created; never raises."""
        findings: list[Finding] = []
        for object_name, names in needed.items():
            findings += fields_findings("Salesforce", "field", self, object_name, names)
        return [*findings, *tasks_examined(self, self._description)]

    def _description(self, object_name: str) -> Mapping[str, Any]:
        path = f"sobjects/{quote(object_name, safe='')}/describe"
        body: Mapping[str, Any] = _body(faults.judged(self._session.get(path), idempotent=True))
        return body

    def _seeing(
        self, object_name: str, fields: Sequence[str], ask: Callable[[Sequence[str]], Outcome]
    ) -> tuple[Reply | Refusal, list[str]]:
        """The reply, and the fields asked for: those this user could see when last looked.

        One field that a mapping names and the org hides would otherwise refuse the whole read. Where one has
        gone since, the object is described anew, once.
        """
        visible = self._visible(object_name, fields)
        reply = faults.judged(ask(visible), idempotent=True)
        if isinstance(reply, Refusal) and reply.code == "INVALID_FIELD":
            del self._seen[object_name]
            visible = self._visible(object_name, fields)
            reply = faults.judged(ask(visible), idempotent=True)
        return reply, visible

    def _visible(self, object_name: str, fields: Sequence[str]) -> list[str]:
        if object_name not in self._seen:
            self._seen[object_name] = frozenset(field.name for field in self.describe(object_name))
        return [name for name in fields if holder(name) in self._seen[object_name]]

    def _retrieve(self, object_name: str, ids: Sequence[str], fields: Sequence[str]) -> Outcome:
        path = f"composite/sobjects/{quote(object_name, safe='')}"
        return self._session.post(path, queries.retrieval(ids, fields))

    def _select_ids(self, object_name: str, ids: Sequence[str], fields: Sequence[str]) -> Outcome:
        return self._session.get("query", {"q": queries.by_id(object_name, ids, fields)})

    def _select(self, object_name: str, emails: Sequence[str], fields: Sequence[str]) -> Outcome:
        return self._session.get("query", {"q": queries.people(object_name, emails, fields)})

    def _pages(self, reply: Reply | Refusal) -> Iterator[Mapping[str, Any]]:
        while True:
            body = _body(reply)
            yield from body.get("records") or ()
            following = str(body.get("nextRecordsUrl") or "")
            if not following.startswith("/services/data/"):
                return
            reply = faults.judged(self._session.get(following), idempotent=True)

    def _update(self, writes: Sequence[FieldWrite]) -> list[Receipt]:
        singles, into = merged(writes)
        sent = followed(self._query, singles, isolated(singles, self._update_batch, size=BATCH))
        return [replace(sent[place], key=write.key) for place, write in zip(into, writes, strict=True)]

    def _update_batch(self, writes: Sequence[FieldWrite]) -> list[Receipt] | Refusal:
        outcome = self._session.patch("composite/sobjects", batches.update_body(writes))
        reply = faults.judged(outcome, idempotent=True)
        return reply if isinstance(reply, Refusal) else batches.written(writes, reply.body, unanswered=Verdict.RETRY)

    def _hand_over(self, writes: Sequence[TaskWrite]) -> list[Receipt]:
        """Somebody waits for a task: it may use part of what the day keeps for people."""
        with self._session.purse.for_people():
            return self._create(writes)

    def _create(self, writes: Sequence[TaskWrite]) -> list[Receipt]:
        # Looked for, not upserted again: that would open a task anew which sales has closed in the meantime.
        there = self._existing([write.key for write in writes if write.attempted])
        if isinstance(there, Refusal):
            return [there.receipt(write.key, write.id) for write in writes]
        missing = list({write.key: write for write in writes if write.key not in there}.values())
        sent = isolated(missing, self._upsert_batch, size=BATCH)
        sent = unowned(missing, sent, self._upsert_batch, of_owner=faults.of_owner, size=BATCH)
        receipts = {receipt.key: receipt for receipt in self._settled(followed(self._query, missing, sent))}
        found = {key: Receipt(key=key, verdict=Verdict.DONE, id=record) for key, record in there.items()}
        return [(receipts | found)[write.key] for write in writes]

    def _upsert_batch(self, writes: Sequence[TaskWrite]) -> list[Receipt] | Refusal:
        path = f"composite/sobjects/Task/{queries.TASK_KEY}"
        reply = faults.judged(self._session.patch(path, batches.upsert_body(writes)), idempotent=False)
        return reply if isinstance(reply, Refusal) else batches.written(writes, reply.body, unanswered=Verdict.UNCLEAR)

    def _settled(self, receipts: Sequence[Receipt]) -> list[Receipt]:
        """A refused key that stands in a task already is that task: somebody's earlier try went through."""
        doubtful = [receipt.key for receipt in receipts if receipt.code in faults.THERE_ALREADY]
        return resolved(receipts, doubtful, self._existing(doubtful))

    def _existing(self, keys: Sequence[str]) -> dict[str, str] | Refusal:
        found: dict[str, str] = {}
        for some in chunks(sorted(set(keys)), FIND):
            rows = self._query(queries.tasks(some))
            if isinstance(rows, Refusal):
                return rows
            found |= {str(row.get(queries.TASK_KEY)): full("salesforce", str(row["Id"])) for row in rows}
        return found

    def _query(self, soql: str, *, bin_too: bool = False) -> list[Mapping[str, Any]] | Refusal:
        outcome: Outcome = self._session.get("queryAll" if bin_too else "query", {"q": soql})
        try:
            return list(self._pages(faults.judged(outcome, idempotent=True)))
        except Unavailable as away:
            return refusal(away.receipt)


def _body(reply: Reply | Refusal) -> Any:
    if isinstance(reply, Refusal):
        raise Unavailable(reply.receipt(""))
    return reply.body
