"""Whole objects by Bulk API 2.0: a query job is made, looked at until it is complete, and read part by part.

The cursor between two pages says which job it is and where its next part begins, so that whoever comes after a crash
goes on with the same job. A job that is gone, or has failed, is made anew and read from its beginning: what is read
twice adds nothing.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.base import Record, Unavailable, Verdict
from connectors.replies import Outcome, Refusal, Reply
from connectors.salesforce import faults, queries
from connectors.salesforce.session import SalesforceSession

PART = 500
"""Records in one part: what is stored in one transaction."""
_TRIES = 3
_ENDED = frozenset({"Failed", "Aborted"})
_NOT_FOUND = 404
_GONE = frozenset({"NOT_FOUND", "INVALID_QUERY_LOCATOR", "INVALIDJOBSTATE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the reading stands: a job, the locator of its next part ("" for the first), and which try this is."""

    job: str
    locator: str = ""
    tries: int = 1

    def __str__(self) -> str:
        return f"{self.job}/{self.locator}/{self.tries}"


def place(after: str) -> Place:
    """A cursor, read; ValueError for a text that is none."""
    job, locator, tries = after.split("/")
    return Place(job=job, locator=locator, tries=int(tries))


class Bulk:
    """Query jobs of one org."""

    def __init__(self, session: SalesforceSession) -> None:
        self._session = session

    def begin(self, object_name: str, fields: Sequence[str], *, tries: int = 1) -> Place | Refusal:
        """Make a job for every record of an object; deleted ones are left out."""
        body = {"operation": "query", "query": queries.everything(object_name, fields)}
        reply = faults.judged(self._session.post("jobs/query", body), idempotent=True)
        return reply if isinstance(reply, Refusal) else Place(job=str(reply.body["id"]), tries=tries)

    def state(self, at: Place) -> str:
        """`waiting`, `complete`, or `lost` where the job must be made anew. Raises Unavailable."""
        outcome = self._session.get(f"jobs/query/{at.job}")
        reply = faults.judged(outcome, idempotent=True)
        if isinstance(reply, Refusal):
            if _gone(outcome, reply):
                return "lost"
            raise Unavailable(reply.receipt(""))
        state = str(reply.body.get("state"))
        if state in _ENDED and at.tries >= _TRIES:
            said = str(reply.body.get("errorMessage") or "the job was ended")
            refusal = Refusal(verdict=Verdict.RETRY, code=f"BULK_{state.upper()}", message=said, outage=True)
            raise Unavailable(refusal.receipt(""))
        return "lost" if state in _ENDED else "complete" if state == "JobComplete" else "waiting"

    def part(self, object_name: str, fields: Sequence[str], at: Place) -> tuple[list[Record], Place | None] | None:
        """One part, and where the next begins (None after the last); None where the job is lost. Raises Unavailable."""
        asked = {"maxRecords": str(PART)} | ({"locator": at.locator} if at.locator else {})
        outcome = self._session.get(f"jobs/query/{at.job}/results", asked)
        if isinstance(outcome, Reply) and isinstance(outcome.body, str) and outcome.status == 200:  # noqa: PLR2004 -- OK
            locator = outcome.headers.get("sforce-locator", "null")
            found = rows(object_name, fields, outcome.body)
            return found, None if locator in {"null", ""} else replace(at, locator=locator)
        refusal = faults.judged(outcome, idempotent=True)
        if not isinstance(refusal, Refusal):
            refusal = Refusal(
                verdict=Verdict.RETRY, code="BULK_RESULT", message="a result that is not CSV", outage=True
            )
        if _gone(outcome, refusal):
            return None
        raise Unavailable(refusal.receipt(""))

    def end(self, at: Place) -> None:
        """Delete a job that was read; where that fails, Salesforce does so after seven days."""
        self._session.delete(f"jobs/query/{at.job}")


def rows(object_name: str, fields: Sequence[str], text: str) -> list[Record]:
    """The records of a part. Everything is text here, nothing is the empty text; a header line may be missing."""
    columns = queries.columns(fields)
    found: list[Record] = []
    for line in csv.reader(io.StringIO(text)):
        if line == columns or not line:
            continue
        held: dict[str, Any] = {name: value or None for name, value in zip(columns, line, strict=True)}
        found.append(queries.record(object_name, held, fields))
    return found


def _gone(outcome: Outcome, refusal: Refusal) -> bool:
    return isinstance(outcome, Reply) and (outcome.status == _NOT_FOUND or refusal.code in _GONE)
