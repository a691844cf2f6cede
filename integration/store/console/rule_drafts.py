"""Rule drafts: rules that somebody is about to publish in the console, and what they would do. Kept for a week."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from integration.store.db.json_codec import decode, encode
from integration.store.events.playbook_versions import Terms
from integration.store.schema.kept_tables import console_drafts
from mappings.values.instant import DAY, Instant, Span

KEPT: Span = 7 * DAY
"""How long a draft is known after it was made."""
_PRUNE_SIZE = 200

State: TypeAlias = Literal["working", "ready", "failed", "published"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft of the file that `subject` names (see rule_files.py); `result` is what it would do, as JSON's values.

    `done` of `total` leads are looked at while the state is `working`. `over` is the version that it was compared with.
    """

    id: str
    subject: str
    body: str
    terms: Terms
    over: int | None
    made_at: Instant
    state: State = "working"
    done: int = 0
    total: int = 0
    result: dict[str, Any]


_c = console_drafts.c
_ADD = insert(console_drafts)
_GET = select(*_c).where(_c.id == bindparam("which"))
_STEP = (
    update(console_drafts)
    .where(_c.id == bindparam("which"), _c.state == "working")
    .values(done=bindparam("so_far"), total=bindparam("of_all"))
)
_END = (
    update(console_drafts).where(_c.id == bindparam("which")).values(state=bindparam("ended"), result=bindparam("said"))
)
_OLD = select(_c.id).where(_c.made_at < bindparam("before")).limit(_PRUNE_SIZE)
_PRUNE = delete(console_drafts).where(_c.id.in_(_OLD.scalar_subquery()))


def add(conn: Connection, draft: Draft) -> None:
    """Store a new draft, and forget old ones."""
    conn.execute(_PRUNE, {"before": draft.made_at - KEPT})
    row = {
        "id": draft.id,
        "subject": draft.subject,
        "body": draft.body,
        "terms": encode({**asdict(draft.terms), "over": draft.over}),
        "made_at": draft.made_at,
        "state": draft.state,
        "done": draft.done,
        "total": draft.total,
        "result": encode(draft.result),
    }
    conn.execute(_ADD, [row])


def get(conn: Connection, id_: str) -> Draft | None:
    """The draft of this id; None where there is none."""
    row = conn.execute(_GET, {"which": id_}).mappings().one_or_none()
    if row is None:
        return None
    terms = decode(row["terms"], dict[str, Any])
    over = terms.pop("over")
    result = decode(row["result"], dict[str, Any])
    return Draft(**{**row, "terms": Terms(**terms), "result": result}, over=over)


def step(conn: Connection, id_: str, done: int, total: int) -> None:
    """Store how far the look at the leads has come."""
    conn.execute(_STEP, {"which": id_, "so_far": done, "of_all": total})


def end(conn: Connection, draft: Draft, state: State, result: dict[str, Any]) -> Draft:
    """Store how it ended."""
    conn.execute(_END, {"which": draft.id, "ended": state, "said": encode(result)})
    return replace(draft, state=state, result=result)
