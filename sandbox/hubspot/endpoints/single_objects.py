"""Single records: read, list, create, change, archive, merge, erase."""

from collections.abc import Sequence
from typing import Any

from sandbox.hubspot.state import associations
from sandbox.hubspot.state.dated_paths import OBJECTS
from sandbox.hubspot.state.portal import Origin, Portal
from sandbox.hubspot.state.refusals import Refused, absent, malformed
from sandbox.hubspot.state.stored_records import CREATED, MODIFIED, SHOWN, SINGULAR, Record
from sandbox.shared.http_call import Answer, Call, reply

PAGE = 100
LONGEST_URL = 16_000


def projection(kind: str, asked: Sequence[str]) -> tuple[str, ...]:
    """The properties to show: those asked for and three that always come; or HubSpot's own choice."""
    if not asked:
        return SHOWN[kind]
    return tuple(dict.fromkeys((*asked, CREATED[kind], MODIFIED[kind], "hs_object_id")))


def _asked(call: Call) -> list[str]:
    named = call.arguments().get("properties", [])
    return [name for value in named for name in value.split(",") if name]


def _linked(call: Call, record: Record) -> dict[str, Any]:
    names = [name for value in call.arguments().get("associations", []) for name in value.split(",") if name]
    found: dict[str, Any] = {}
    for name in names:
        kind = associations.kind_named(name)
        listed = associations.listed(record, kind)
        if listed["results"]:
            found[kind] = listed
    return {"associations": found} if found else {}


class Objects:
    """The endpoints under `/crm/objects/<version>/<kind>` that are about one record."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def named(self, call: Call, kind: str, id_: str) -> Record:
        """The record that the path names, by id or by `idProperty`. Raises Refused."""
        shelf = self.portal.shelves[kind]
        by = call.argument("idProperty")
        if by and not shelf.unique(by) and by != "hs_object_id":
            raise not_unique(by)
        if call.flag("archived") and id_ in shelf.archived:
            return shelf.archived[id_]
        record = shelf.find_by(by, id_) if by else shelf.find(id_)
        if record is None:
            raise absent(id_)
        return record

    def read(self, call: Call, kind: str, id_: str) -> Answer:
        """GET one record."""
        kind = associations.kind_named(kind)
        record = self.named(call, kind, id_)
        return reply(record.shown(projection(kind, _asked(call))) | _linked(call, record))

    def listing(self, call: Call, kind: str) -> Answer:
        """GET a page of records by rising id; `after` is the id to go on behind."""
        kind = associations.kind_named(kind)
        limit = number(call.argument("limit"), "limit", 10)
        if not 0 < limit <= PAGE:
            raise Refused(status=400, category="VALIDATION_ERROR", message=f"limit must be between 1 and {PAGE}")
        shelf = self.portal.shelves[kind]
        after = number(call.argument("after"), "after", 0)
        held = shelf.archived if call.flag("archived") else shelf.records
        page = [record for id_, record in held.items() if int(id_) > after]
        page.sort(key=lambda record: int(record.id))
        more, page = len(page) > limit, page[:limit]
        names = projection(kind, _asked(call))
        body: dict[str, Any] = {"results": [one.shown(names) | _linked(call, one) for one in page]}
        if more:
            link = f"{OBJECTS}/{kind}?limit={limit}&after={page[-1].id}"
            body["paging"] = {"next": {"after": page[-1].id, "link": link}}
        return reply(body)

    def create(self, call: Call, kind: str) -> Answer:
        """POST a new record, with associations."""
        kind = associations.kind_named(kind)
        record = created(self.portal, kind, call.json(), self.portal.api)
        return reply(record.shown(tuple(record.values)), 201)

    def update(self, call: Call, kind: str, id_: str) -> Answer:
        """PATCH a record's properties."""
        kind = associations.kind_named(kind)
        record = self.named(call, kind, id_)
        values = self.portal.settle(kind, call.json().get("properties"))
        self.portal.requirements.check(kind, values, record.values)
        self.portal.claim(kind, values, record)
        self.portal.update(record, values, self.portal.api)
        return reply(record.shown(projection(kind, tuple(values))))

    def archive(self, call: Call, kind: str, id_: str) -> Answer:
        """DELETE a record; deleting twice is no error."""
        del call
        kind = associations.kind_named(kind)
        record = self.portal.shelves[kind].records.get(id_)
        if record is not None:
            self.portal.archive(record, self.portal.api)
        return Answer(status=204)

    def merge(self, call: Call, kind: str) -> Answer:
        """POST two ids of which one ends."""
        kind = associations.kind_named(kind)
        body = call.json()
        shelf = self.portal.shelves[kind]
        pair = [str(body.get("primaryObjectId")), str(body.get("objectIdToMerge"))]
        found = [shelf.find(id_) for id_ in pair]
        for id_, record in zip(pair, found, strict=True):
            if record is None:
                raise absent(id_)
        survivor, ended = found
        if survivor is None or ended is None or survivor is ended:
            raise Refused(status=400, category="VALIDATION_ERROR", message="Cannot merge a record with itself.")
        self.portal.merge(survivor, ended, self.portal.api)
        return reply(survivor.shown(SHOWN[kind]))

    def erase(self, call: Call, kind: str) -> Answer:
        """POST the id (or e-mail) of a contact to delete for good."""
        kind = associations.kind_named(kind)
        body = call.json()
        by, id_ = str(body.get("idProperty") or ""), str(body.get("objectId"))
        shelf = self.portal.shelves[kind]
        record = shelf.find_by(by, id_) if by else shelf.find(id_)
        if record is not None:
            self.portal.erase(record, self.portal.api)
        return Answer(status=204)


def number(value: Any, name: str, default: int) -> int:
    """A whole number from a query argument or a body; `default` where it is missing. Raises Refused."""
    if value is None or value == "":
        return default
    try:
        return int(value)
    except (TypeError, ValueError) as trouble:
        why = f"{name} must be a number"
        raise malformed(why) from trouble


def created(portal: Portal, kind: str, wish: dict[str, Any], origin: Origin) -> Record:
    """A new record from a create call's body or one of its inputs. Raises Refused."""
    values = portal.settle(kind, wish.get("properties"))
    require(kind, values)
    portal.requirements.check(kind, values, None)
    links = associations.wanted(wish.get("associations"), kind, portal.shelves)
    if kind == "leads" and not any(other.kind == "contacts" for other, _ in links):
        why = "a lead must be associated with a contact or company"
        raise malformed(why)
    portal.claim(kind, values, None)
    record = portal.create(kind, values, origin)
    for other, numbers in links:
        portal.link(record, other, numbers, origin=origin)
    return record


def require(kind: str, values: dict[str, str]) -> None:
    """Refuse a new record without what its type must have."""
    needed = {"deals": ("dealname",), "contacts": (), "companies": (), "leads": ("hs_lead_name",)}
    missing = [name for name in needed.get(kind, ("hs_timestamp",)) if not values.get(name)]
    if missing:
        raise Refused(
            status=400,
            category="VALIDATION_ERROR",
            message=f"Error creating {SINGULAR[kind].upper()}. Some required properties were not set.",
            context={"properties": missing},
        )
    if kind == "contacts" and not any(values.get(name) for name in ("email", "firstname", "lastname")):
        why = "a contact wants at least one of email, firstname, lastname"
        raise malformed(why)


def not_unique(name: str) -> Refused:
    """400: a property that does not identify a record was used as if it did."""
    return Refused(
        status=400,
        category="VALIDATION_ERROR",
        message=f"Property '{name}' is not a unique property: idProperty must name one with unique values.",
    )
