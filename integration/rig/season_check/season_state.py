"""The state of a season at one moment: the store's rows as they are, and the open work that stands in the CRMs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from integration.core.model.state import LeadState
from integration.flows.history import load_events
from integration.rig.season.season_run import Season
from integration.rig.season.season_sales import Given
from integration.store.db.json_codec import decode
from integration.store.schema import tables
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant

_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadSeen:
    """One lead that is still itself: its row, its state, and its records by connection and id."""

    id: str
    email: str
    stage: str
    state: LeadState | None
    records: Sequence[tuple[str, str, str]]
    says: Mapping[str, str | None]
    """What its records are to say: its track, stage, segment and band."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectSeen:
    """One decided effect."""

    key: str
    lead: str
    kind: str
    at: Instant
    payload: Mapping[str, Any]
    withheld: str | None
    assigned: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonState:
    """Everything that the checks look at, read once."""

    season: Season
    now: Instant
    leads: Mapping[str, LeadSeen]
    survivor: Mapping[str, str]
    """The lead that each merged one has become."""
    effects: Mapping[str, EffectSeen]
    outbox: Mapping[str, Mapping[str, Any]]
    """Rows of the outbox by their keys."""
    open_tasks: Mapping[str, Sequence[Given]]
    """Our tasks that are open in a CRM, by lead."""
    open_deals: frozenset[str]
    """Contacts of Salesforce with an open opportunity."""
    alerts: Sequence[str]
    letters: Sequence[tuple[str, str, str]]
    _rows: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    _accounts: dict[str, list[str]] = field(default_factory=dict)

    def lead_of(self, key: str) -> str:
        """The lead that a task's key names, as it is now."""
        lead = key.partition("/")[0]
        while lead in self.survivor:
            lead = self.survivor[lead]
        return lead

    def moved(self, key: str) -> str:
        """The key of the same cause for the lead that it is about now."""
        return f"{self.lead_of(key)}/{key.partition('/')[2]}"

    def is_waiting(self, key: str) -> bool:
        """Whether a task has yet to be sent."""
        return any(row["state"] == "new" and self.moved(row["key"]) == key for row in self.rows_of(self.lead_of(key)))

    def accounts_of(self, email: str) -> Sequence[str]:
        """Salesforce's accounts of the company at which an address is."""
        if not self._accounts:
            for id_, account in self.season.ground.box.salesforce.org.records["Account"].items():
                domain = str(account.get("Website") or "").removeprefix("https://www.")
                self._accounts.setdefault(domain, []).append(id_)
        return self._accounts.get(email.partition("@")[2], ())

    def rows_of(self, lead: str) -> Sequence[Mapping[str, Any]]:
        """The rows of the outbox about a lead."""
        if not self._rows:
            for row in self.outbox.values():
                self._rows.setdefault(row["lead_id"], []).append(row)
        return self._rows.get(lead, ())


def read(season: Season) -> SeasonState:
    """The state as it is now."""
    with season.ground.store.read() as conn:
        people = conn.execute(
            select(
                *(tables.leads.c[name] for name in ("id", "email", "stage", "track", "segment", "band")),
            ).where(tables.leads.c.merged_into.is_(None))
        ).all()
        survivor = dict(
            conn.execute(
                select(tables.leads.c.id, tables.leads.c.merged_into).where(tables.leads.c.merged_into.is_not(None))
            ).all()
        )
        ids = [LeadId(each.id) for each in people]
        states: dict[LeadId, LeadState] = {}
        for start in range(0, len(ids), _AT_ONCE):
            states |= load_events.states_of(conn, ids[start : start + _AT_ONCE])
        records: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
        _r = tables.references.c
        for row in conn.execute(
            select(_r.connection, _r.object, _r.external_id, _r.lead_id).where(
                _r.lead_id.is_not(None), _r.deleted.is_(False)
            )
        ):
            records[row.lead_id].append((row.connection, row.object, row.external_id))
        _e = tables.effects.c
        effects = {
            row.key: EffectSeen(
                key=row.key,
                lead=row.lead_id,
                kind=row.kind,
                at=row.at,
                payload=decode(row.payload, dict[str, Any]),
                withheld=row.withheld,
                assigned=None if row.assigned is None else decode(row.assigned, dict[str, Any]),
            )
            for row in conn.execute(select(_e.key, _e.lead_id, _e.kind, _e.at, _e.payload, _e.withheld, _e.assigned))
        }
        _o = tables.outbox.c
        waiting = {
            row["key"]: dict(row)
            for row in conn.execute(
                select(
                    *(_o.key, _o.kind, _o.lead_id, _o.state, _o.waits, _o.error, _o.connection, _o.not_before),
                    _o.external_id,
                )
            ).mappings()
        }
        alerts = list(conn.execute(select(tables.alerts.c.key)).scalars())
        _d = tables.dead_letters.c
        letters = list(conn.execute(select(_d.stage, _d.source, _d.reason).where(_d.replayed_at.is_(None))))
    leads = {
        each.id: LeadSeen(
            id=each.id,
            email=each.email or "",
            stage=each.stage or "",
            state=states.get(LeadId(each.id)),
            records=records.get(each.id, []),
            says={"track": each.track, "stage": each.stage, "segment": each.segment, "band": each.band},
        )
        for each in people
    }
    found = SeasonState(
        season=season,
        now=season.ground.clock(),
        leads=leads,
        survivor=survivor,
        effects=effects,
        outbox=waiting,
        open_deals=_open_deals(season),
        open_tasks={},
        alerts=alerts,
        letters=letters,
    )
    tasks: defaultdict[str, list[Given]] = defaultdict(list)
    for each in season.sales.tasks.values():
        if season.sales.is_open(each):
            tasks[found.lead_of(each.key)].append(each)
    object.__setattr__(found, "open_tasks", tasks)
    return found


def _open_deals(season: Season) -> frozenset[str]:
    records = season.ground.box.salesforce.org.records
    live = {id_ for id_, deal in records["Opportunity"].items() if not deal.get("IsClosed")}
    roles = records["OpportunityContactRole"].values()
    return frozenset(str(role["ContactId"]) for role in roles if role.get("OpportunityId") in live)
