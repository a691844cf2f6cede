"""The Tooling API's custom fields, and the records behind permission sets.

Tooling rather than the Metadata API: JSON over the session that all other calls use, with its timeouts; the
Metadata API uses SOAP over a client of its own, and deploys are answered by polling.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.answers.replies import Outcome, Refusal, Reply
from connectors.base.port import Unavailable
from connectors.salesforce import SYSTEM, faults, queries
from connectors.salesforce.api_session import SalesforceSession
from connectors.salesforce.setup.field_shapes import holder
from mappings.values.record_ids import full, genuine

_NO_CONTENT = 204
_CHUNK = 200


class Definitions(SalesforceSession):
    """As the session it extends, with the calls that provisioning needs. Readers raise Unavailable."""

    def delete(self, path: str) -> Outcome:
        """DELETE."""
        return self._call("DELETE", path)

    def query(self, soql: str, *, tooling: bool = False) -> list[Mapping[str, Any]]:
        """All rows of a query."""
        rows: list[Mapping[str, Any]] = []
        outcome = self.get("tooling/query" if tooling else "query", {"q": soql})
        while True:
            body = whole(outcome)
            rows += body.get("records") or ()
            following = str(body.get("nextRecordsUrl") or "")
            if not following.startswith("/services/data/"):
                return rows
            outcome = self.get(following)

    def metadata(self, field_id: str) -> Mapping[str, Any]:
        """A custom field's definition."""
        found = whole(self.get(f"tooling/sobjects/CustomField/{field_id}")).get("Metadata")
        return found if isinstance(found, dict) else {}

    def user(self) -> tuple[str, str]:
        """(id, user name) of the user that the token belongs to; blank where the token's scopes hide them."""
        outcome = self.get("/services/oauth2/userinfo")
        body = outcome.body if isinstance(outcome, Reply) and isinstance(outcome.body, dict) else {}
        found = str(body.get("user_id") or "")
        if not genuine(SYSTEM, found):
            return "", ""
        return full(SYSTEM, found), str(body.get("preferred_username") or found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Defined:
    """A custom field that is there, whether this user sees it or not."""

    id: str
    metadata: Mapping[str, Any]


def defined(session: Definitions, fields: Mapping[str, Sequence[str]]) -> dict[str, Defined]:
    """The custom fields among `fields` (per object) and all whose names begin as ours do, by `Lead.Name__c`."""
    holders = sorted({holder(name) for name in fields})
    soql = (
        "SELECT Id, DeveloperName, NamespacePrefix, TableEnumOrId FROM CustomField "  # noqa: S608 -- quoted  # nosec B608
        f"WHERE TableEnumOrId IN {queries.listed(holders)}"
    )
    wished = {f"{holder(name)}.{one}" for name, names in fields.items() for one in names}
    found: dict[str, Defined] = {}
    for row in session.query(soql, tooling=True):
        prefix = f"{row['NamespacePrefix']}__" if row.get("NamespacePrefix") else ""
        name = f"{row['TableEnumOrId']}.{prefix}{row['DeveloperName']}__c"
        ours = str(row["DeveloperName"]).casefold().startswith("coldframe_")
        if (name in wished or ours) and genuine(SYSTEM, str(row["Id"])):
            found[name] = Defined(id=str(row["Id"]), metadata=session.metadata(str(row["Id"])))
    return found


def whole(outcome: Outcome) -> Mapping[str, Any]:
    """The body of a reply. Raises Unavailable."""
    reply = faults.judged(outcome, idempotent=True)
    if isinstance(reply, Refusal):
        raise Unavailable(reply.receipt(""))
    return reply.body if isinstance(reply.body, dict) else {}


def refused(outcome: Outcome) -> Refusal | None:
    """Why a change was not made; None where it was, also without a body (204)."""
    if isinstance(outcome, Reply) and outcome.status == _NO_CONTENT:
        return None
    reply = faults.judged(outcome, idempotent=True)
    return reply if isinstance(reply, Refusal) else _row_refused(reply.body)


def created_many(session: Definitions, records: Sequence[Mapping[str, Any]]) -> Refusal | None:
    """Create records in one go, each by itself; the first refusal, with how many were refused."""
    for start in range(0, len(records), _CHUNK):
        some = list(records[start : start + _CHUNK])
        found = refused(session.post("composite/sobjects", {"allOrNone": False, "records": some}))
        if found:
            return found
    return None


def changed_many(session: Definitions, records: Sequence[Mapping[str, Any]]) -> Refusal | None:
    """As `created_many`, for records that are there."""
    for start in range(0, len(records), _CHUNK):
        some = list(records[start : start + _CHUNK])
        found = refused(session.patch("composite/sobjects", {"allOrNone": False, "records": some}))
        if found:
            return found
    return None


def _row_refused(body: Any) -> Refusal | None:
    rows = body if isinstance(body, list) else [body]
    errors = [row["errors"] for row in rows if isinstance(row, dict) and row.get("success") is False]
    return faults.row(errors[0]) if errors else None
