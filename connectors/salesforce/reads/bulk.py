"""Reads whole objects by Bulk API 2.0: a query job is made, polled until it is complete, and read part by part.

The cursor between two pages says which job it is and where its next part begins, so that whoever comes after a crash
goes on with the same job. A job that is gone, or has failed, is made anew and read from its beginning: what is read
twice adds nothing.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.answers.replies import Refusal, Reply
from connectors.base.port import Record, Unavailable, Verdict
from connectors.salesforce import faults, queries
from connectors.salesforce.api_session import SalesforceSession
from mappings.values import lenient_json

PART = 500
"""Records in one part: what is stored in one transaction."""
_TRIES = 3
_ENDED = frozenset({"Failed", "Aborted"})
_OK = 200
_NO_CSV = Refusal(verdict=Verdict.RETRY, code="BULK_RESULT", message="a result that is not CSV", outage=True)
csv.field_size_limit(2**31 - 1)  # 131,072 characters as a rule, and a long text of Salesforce's may have more
_GONE = frozenset({"NOT_FOUND", "INVALID_QUERY_LOCATOR", "INVALIDJOBSTATE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the reading stands: a job, and the locator of its next part ("" for the first)."""

    job: str
    locator: str = ""

    def __str__(self) -> str:
        return f"{self.job}/{self.locator}"


def place(after: str) -> Place:
    """A cursor, read; ValueError for a text that is none."""
    job, locator, *_ = after.split("/")  # earlier versions had a third
    return Place(job=job, locator=locator)


class Bulk:
    """Query jobs of one org."""

    def __init__(self, session: SalesforceSession) -> None:
        self._session = session
        self._lost: dict[str, int] = {}
        """How many jobs have come to nothing one after another, by object."""

    def begin(self, object_name: str, fields: Sequence[str]) -> Place | Refusal:
        """Make a job for every record of an object; deleted ones are left out."""
        body = {"operation": "query", "query": queries.everything(object_name, fields)}
        reply = faults.judged(self._session.post("jobs/query", body), idempotent=True, has="id")
        return reply if isinstance(reply, Refusal) else Place(job=str(reply.body["id"]))

    def state(self, object_name: str, at: Place) -> str:
        """`waiting`, `complete`, or `lost` where the job must be made anew. Raises Unavailable."""
        outcome = self._session.get(f"jobs/query/{at.job}")
        reply = faults.judged(outcome, idempotent=True, has="state")
        if isinstance(reply, Refusal):
            if reply.code not in _GONE:
                raise Unavailable(reply.receipt(""))
            self._losing(object_name, reply)
            return "lost"
        state = str(reply.body["state"])
        if state in _ENDED:
            said = str(reply.body.get("errorMessage") or "the job was ended")
            self._losing(object_name, Refusal(verdict=Verdict.RETRY, code=f"BULK_{state.upper()}", message=said))
            return "lost"
        return "complete" if state == "JobComplete" else "waiting"

    def part(self, object_name: str, fields: Sequence[str], at: Place) -> tuple[list[Record], Place | None] | None:
        """One part, and where the next begins (None after the last); None where the job is lost. Raises Unavailable."""
        asked = {"maxRecords": str(PART)} | ({"locator": at.locator} if at.locator else {})
        outcome = self._session.get(f"jobs/query/{at.job}/results", asked)
        found = _read(object_name, fields, outcome) if isinstance(outcome, Reply) else None
        if isinstance(outcome, Reply) and found is not None:
            self._lost.pop(object_name, None)
            locator = outcome.headers.get("sforce-locator", "null")
            return found, None if locator in {"null", ""} else replace(at, locator=locator)
        refusal = faults.judged(outcome, idempotent=True)
        if not isinstance(refusal, Refusal):
            refusal = _NO_CSV
        if refusal.code not in _GONE:
            raise Unavailable(refusal.receipt(""))
        self._losing(object_name, refusal)
        return None

    def _losing(self, object_name: str, refusal: Refusal) -> None:
        """A job has come to nothing; where it was not the first, that is no accident. Raises Unavailable then."""
        lost = self._lost.pop(object_name, 0) + 1
        if lost >= _TRIES:
            raise Unavailable(replace(refusal, verdict=Verdict.RETRY, outage=True).receipt(""))
        self._lost[object_name] = lost

    def end(self, at: Place) -> None:
        """Delete a job that was read; where that fails, Salesforce does so after seven days."""
        self._session.delete(f"jobs/query/{at.job}")


def _read(object_name: str, fields: Sequence[str], reply: Reply) -> list[Record] | None:
    """The records of a reply; None where it is not the CSV that was asked for, or not the whole of it."""
    if reply.status != _OK or not reply.headers.get("content-type", "").startswith("text/csv"):
        return None
    try:
        found = rows(object_name, fields, str(reply.body))
    except ValueError:
        return None
    stated = reply.headers.get("sforce-numberofrecords", "")
    return None if stated.isdecimal() and int(stated) != len(found) else found


def rows(object_name: str, fields: Sequence[str], text: str) -> list[Record]:
    """The records of a part. Everything is text here, nothing is the empty text; a header line may be missing.

    NULs may stand at the end. ValueError where a line has not as many values as were asked for.
    """
    columns = queries.columns(fields)
    found: list[Record] = []
    for line in csv.reader(io.StringIO(lenient_json.text(text).rstrip("\ufffd\r\n"), newline="")):
        if line == columns or not line:
            continue
        held: dict[str, Any] = {name: value or None for name, value in zip(columns, line, strict=True)}
        found.append(queries.record(object_name, held, fields))
    return found
