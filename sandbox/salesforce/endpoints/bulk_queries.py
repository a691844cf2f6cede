"""Bulk API 2.0, its queries: a job is made, worked on for a while, and gives its result as CSV, part by part."""

import csv
import io
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.soql.soql_answer import Finder
from sandbox.salesforce.soql.soql_parser import parse
from sandbox.salesforce.state.org import Org, Values
from sandbox.salesforce.state.refusals import Refused, no_resource
from sandbox.shared import sandbox_clock
from sandbox.shared.http_call import Answer, Call, reply

MOST = 10_000
"""Rows in one part of a result where the caller asks for no other number."""
_JOBS = 50
_STATES = ("UploadComplete", "InProgress", "JobComplete")


@dataclass(slots=True, kw_only=True)
class Job:
    """A query job. `looks` says how often its state was asked for: it moves on by that."""

    id: str
    object: str
    operation: str
    query: str
    created: str
    columns: Sequence[str]
    rows: Sequence[Values]
    show: Callable[[Values], Mapping[str, Any]]
    version: str
    looks: int = 0
    state: str = "UploadComplete"
    error: str = ""


class Bulk:
    """The endpoints under `/jobs/query`.

    `failing` is the number of jobs to come that will fail, with `message`; `looks` how often a job is found at work
    before it is complete.
    """

    def __init__(self, org: Org) -> None:
        self.org = org
        self.finder = Finder(org)
        self.failing = 0
        self.message = ""
        self.looks = 1
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._number = 0

    def expire(self) -> None:
        """All jobs are gone, as after seven days."""
        self._jobs.clear()

    def create(self, call: Call, version: str) -> Answer:
        """POST a query; refused at once where it cannot be understood."""
        wish = call.json()
        operation, text = str(wish.get("operation")), str(wish.get("query") or "")
        if operation not in {"query", "queryAll"}:
            raise Refused(code="INVALIDOPERATION", message=f"Unsupported operation: {operation}")
        query = parse(text)
        if query.fields == ("COUNT()",) or query.offset:
            raise Refused(code="API_ERROR", message="Aggregate Relationships not supported in Bulk Query")
        show = self.finder.shower(query, version)
        rows = self.finder.find(query, bin_too=operation == "queryAll")
        self._number += 1
        job = Job(
            id=f"7507Q{self._number:010d}AAA",
            object=self.org.named(query.object),
            operation=operation,
            query=text,
            created=sandbox_clock.offset(self.org.now()),
            columns=query.fields,
            rows=rows,
            show=show,
            version=version,
        )
        if self.failing:
            self.failing -= 1
            job.error = self.message or "InternalServerError : Retried more than fifteen times"
        self._jobs[job.id] = job
        while len(self._jobs) > _JOBS:
            self._jobs.popitem(last=False)
        return reply(self._job_body(job))

    def read(self, call: Call, version: str, id_: str) -> Answer:
        """GET a job's state."""
        del call, version
        job = self._job(id_)
        job.looks += 1
        if job.state not in {"Failed", "Aborted"}:
            place = 2 if job.looks > self.looks + 1 else min(job.looks - 1, 1)
            job.state = "Failed" if job.error and place else _STATES[place]
        body = self._job_body(job)
        if job.state == "JobComplete":
            body |= {"numberRecordsProcessed": len(job.rows), "retries": 0, "totalProcessingTime": 334}
        if job.state == "Failed":
            body["errorMessage"] = job.error
        return reply(body)

    def change(self, call: Call, version: str, id_: str) -> Answer:
        """PATCH `{"state": "Aborted"}`."""
        del version
        job = self._job(id_)
        if call.json().get("state") != "Aborted":
            raise Refused(code="INVALIDJOBSTATE", message="A query job can only be aborted")
        job.state = "Aborted"
        return reply(self._job_body(job))

    def delete(self, call: Call, version: str, id_: str) -> Answer:
        """DELETE a job that has ended."""
        del call, version
        job = self._job(id_)
        if job.state not in {"JobComplete", "Failed", "Aborted"}:
            raise Refused(code="INVALIDJOBSTATE", message=f"Deleting a job in state {job.state} is not allowed")
        del self._jobs[job.id]
        return Answer(status=204)

    def results(self, call: Call, version: str, id_: str) -> Answer:
        """GET a part of the result: CSV with a header line, and where the next part begins, `null` after the last."""
        del version
        job = self._job(id_)
        if job.state != "JobComplete":
            raise Refused(code="INVALIDJOBSTATE", message=f"The job is not complete: {job.state}")
        start, most = _number(call.argument("locator"), 0), _number(call.argument("maxRecords"), MOST)
        if not 0 <= start < max(1, len(job.rows)) or most < 1:
            raise Refused(code="INVALID_QUERY_LOCATOR", message="invalid query locator")
        part = job.rows[start : start + most]
        end = start + len(part)
        headers = (
            ("Sforce-Locator", str(end) if end < len(job.rows) else "null"),
            ("Sforce-NumberOfRecords", str(len(part))),
        )
        return Answer(body=_csv(job, part), headers=headers, kind="text/csv")

    def _job(self, id_: str) -> Job:
        job = self._jobs.get(id_)
        if job is None:
            raise no_resource()
        return job

    def _job_body(self, job: Job) -> dict[str, Any]:
        return {
            "id": job.id,
            "operation": job.operation,
            "object": job.object,
            "createdById": self.org.api_user,
            "createdDate": job.created,
            "systemModstamp": job.created,
            "state": job.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(job.version.removeprefix("v")),
            "lineEnding": "LF",
            "columnDelimiter": "COMMA",
        }


def _number(text: str, default: int) -> int:
    if not text:
        return default
    if not text.isascii() or not text.isdigit():
        raise Refused(code="INVALID_QUERY_LOCATOR", message="invalid query locator")
    return int(text)


def _csv(job: Job, rows: Sequence[Values]) -> bytes:
    sink = io.StringIO()
    writer = csv.writer(sink, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(job.columns)
    for row in rows:
        shown = job.show(row)
        writer.writerow([_text(_value(shown, name)) for name in job.columns])
    return sink.getvalue().encode(errors="surrogatepass")


def _value(shown: Mapping[str, Any], name: str) -> Any:
    relation, _, last = name.rpartition(".")
    held: Any = shown.get(relation) or {} if relation else shown
    low = last.lower()
    return next((value for key, value in held.items() if key.lower() == low), None)


def _text(value: Any) -> str:
    """Nothing is an empty field; times end in Z here, where REST writes +0000."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).replace("+0000", "Z") if isinstance(value, str) and value.endswith("+0000") else str(value)
