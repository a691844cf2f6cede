"""The derivation's walk: how far the derivation of everybody under a new version of the rules has come."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from integration.store.db import kept_values
from integration.store.db.json_codec import decode, encode
from integration.store.db.session import serialise
from integration.store.db.shards import Shard
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """How far the derivation of everybody under one version has come: accounts first, then leads, each by id.

    `accounts` and `leads` are the last ids seen; None once there are no more. `accounts_at_once` and `leads_at_once`
    are how many one batch takes, by how long the batches before have taken. Where lanes have several shards, `places`
    are how far each has come with its leads, and `leads` is None once all of them are through.
    """

    version: int
    accounts: str | None = ""
    leads: str | None = ""
    accounts_at_once: int = 10
    leads_at_once: int = 50
    places: tuple[str | None, ...] = ()

    @property
    def over(self) -> bool:
        """Whether everybody is derived under this version."""
        return self.accounts is None and self.leads is None


def walk(conn: Connection, version: int) -> Walk:
    """How far the derivation under a version has come."""
    stored = kept_values.of_service(conn, "rederivation")
    found = None if stored is None else decode(stored, Walk)
    return found if found is not None and found.version == version else Walk(version=version)


def walked(conn: Connection, found: Walk, at: Instant) -> None:
    """Everybody up to there is derived, or set aside."""
    kept_values.put_of_service(conn, "rederivation", encode(found), at)


def of_shard(found: Walk, shard: Shard) -> Walk:
    """The walk as it is for one shard; where the number of shards was another, its leads are gone through anew."""
    if shard.whole or found.leads is None:
        return found
    return replace(found, leads=found.places[shard.number] if len(found.places) == shard.of else "")


def walked_leads(conn: Connection, found: Walk, shard: Shard, at: Instant) -> None:
    """As `walked`, for the leads of one of several shards; what others have done meanwhile stays."""
    if shard.whole:
        walked(conn, found, at)
        return
    before = _in_force(conn, found.version)
    if before is not None:
        same = len(before.places) == shard.of
        places: list[str | None] = list(before.places) if same else [""] * shard.of
        places[shard.number] = found.leads
        through = all(place is None for place in places)
        leads_ = None if through else before.leads
        now = replace(before, leads=leads_, places=tuple(places), leads_at_once=found.leads_at_once)
        walked(conn, now, at)


def walked_accounts(conn: Connection, found: Walk, shard: Shard, at: Instant) -> None:
    """As `walked`, for the accounts; what shards have done with their leads meanwhile stays."""
    before = found if shard.whole else _in_force(conn, found.version)
    if before is not None:
        walked(conn, replace(before, accounts=found.accounts, accounts_at_once=found.accounts_at_once), at)


def _in_force(conn: Connection, version: int) -> Walk | None:
    """The walk of that version, which nobody else changes meanwhile; None where another version is in force by now."""
    serialise(conn, "rederivation")
    stored = kept_values.of_service(conn, "rederivation")
    found = Walk(version=version) if stored is None else decode(stored, Walk)
    return found if found.version == version else None
