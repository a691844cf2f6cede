"""Versions of the rules: every playbook and vocabulary that was ever in force, and how many leads are derived by it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Literal, Self, TypeAlias

from sqlalchemy import BigInteger, Connection, RowMapping, and_, bindparam, func, insert, select, update

from integration.core.rules.lineage import Kind, Roots
from integration.store.db.dialects import among
from integration.store.db.json_codec import decode, encode, listed
from integration.store.db.shards import ALL, Shard, within
from integration.store.queues.derivation_walk import Walk, walk, walked
from integration.store.schema.tables import accounts, dirty_accounts, leads, versions
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant
from mappings.yaml_files.yaml_fingerprint import fingerprint as fingerprint_of

What: TypeAlias = Literal["playbook", "vocabulary", "mapping", "routing"]
"""What a publication changes. Mappings, and further kinds of files, stand among the `files` of a version."""
DERIVING: tuple[What, ...] = ("playbook", "vocabulary")
"""What decides: the versions that say by whom the playbook in force was put there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileInForce:
    """A file of a version beside playbook and vocabulary: since when it counts, and whether a start put it in force."""

    text: str
    fingerprint: str
    since: Instant = 0
    by_start: bool = False

    @classmethod
    def of(cls, text: str, *, by_start: bool = False) -> Self:
        """A file that is to be put in force."""
        return cls(text=text, fingerprint=fingerprint_of(text), by_start=by_start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Of a publication: who published what and why, and how those who pass the gate now are handed to sales.

    `quiet`: not at all; else at most `tasks_per_hour` (None: as the setting says, 0: all at once).
    """

    author: str
    reason: str
    what: What = "playbook"
    quiet: bool = False
    tasks_per_hour: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What a version says: playbook, vocabulary (None: the one that each process was started with), and files."""

    playbook: str
    vocabulary: str | None = None
    files: tuple[tuple[str, FileInForce], ...] = ()
    """By kind and what each is of (`mapping:hubspot`, `mapping:hubspot:emea`); only those that were published."""

    def having(self, files: Mapping[str, FileInForce]) -> Self:
        """The same with these files beside those that it has, or in their place."""
        return replace(self, files=tuple(sorted({**dict(self.files), **files}.items())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(Terms):
    """One version: `number` grows by every change, `at` is since when it is in force."""

    number: int
    fingerprint: str
    format: int
    at: Instant
    roots: Roots | None = None
    """What keys of effects call its tracks, plays and clocks; None where it was published before renames."""
    files: Mapping[str, FileInForce] = field(default_factory=dict)
    """As in Texts."""


_v, _l, _a = versions.c, leads.c, accounts.c
_NEWEST = select(
    *(_v.number, _v.fingerprint, _v.format, _v.author, _v.reason, _v.at, _v.what, _v.quiet, _v.tasks_per_hour),
    *(_v.roots, _v.files),
).order_by(_v.number.desc())
_CURRENT = _NEWEST.limit(1)
_BY_NUMBER = _NEWEST.where(_v.number == bindparam("of"))
_AT = _NEWEST.where(_v.at <= bindparam("moment")).limit(1)
_TEXTS = select(_v.text, _v.vocabulary, _v.files).where(_v.number == bindparam("of"))
_ADD = insert(versions).returning(versions.c.number)
_ADOPT = update(versions).where(_v.number == bindparam("of")).values(files=bindparam("given"))
_WHO = select(_v.author).where(_v.what.in_(DERIVING)).order_by(_v.number.desc()).limit(1)
_AT_START = (
    select(_v.vocabulary)
    .where(_v.author == bindparam("who"), _v.what.in_(DERIVING))
    .order_by(_v.number.desc())
    .limit(1)
)
_ROOTS = dict[Kind, dict[str, str]]
_FILES = dict[str, FileInForce]
_older = bindparam("number", type_=BigInteger)
_otherwise = and_(_l.merged_into.is_(None), _l.stage.is_not(None), _l.version.is_distinct_from(_older))
"""Decided about under another version: nobody new has to be derived anew."""
_LEADS = select(_l.id).where(_l.id > bindparam("after"), _otherwise).order_by(_l.id).limit(bindparam("n"))
_LEADS_SHARD = _LEADS.where(within(_l.id))
_ACCOUNTS = (
    select(_a.id)
    .where(_a.id > bindparam("after"), _a.version.is_distinct_from(_older))
    .order_by(_a.id)
    .limit(bindparam("n"))
)
_ACCOUNTS_OF = (
    select(_a.id)
    .join(leads, _l.account_id == _a.id)
    .where(among(_l.id, "ids"), _a.version.is_distinct_from(_older))
    .distinct()
    .order_by(_a.id)
)
_ACCOUNTS_MARKED = (
    select(_a.id)
    .join(dirty_accounts, dirty_accounts.c.account_id == _a.id)
    .where(_a.version.is_distinct_from(_older), dirty_accounts.c.since <= bindparam("now"))
    .limit(1)
)
_STILL = select(_l.id).where(among(_l.id, "ids"), _l.id > bindparam("after"), _otherwise)
_LEFT = select(func.count()).select_from(leads).where(_otherwise)
_OF_ACCOUNTS = update(accounts).where(among(_a.id, "ids")).values(version=bindparam("number"))


def current(conn: Connection) -> Version | None:
    """The version in force; None before the first."""
    return _version(conn.execute(_CURRENT).mappings().one_or_none())


def at(conn: Connection, moment: Instant) -> Version | None:
    """The version that was in force then; None before the first."""
    return _version(conn.execute(_AT, {"moment": moment}).mappings().one_or_none())


def by_number(conn: Connection, number: int) -> Version | None:
    """The version of that number; None where there is none."""
    return _version(conn.execute(_BY_NUMBER, {"of": number}).mappings().one_or_none())


def files(conn: Connection) -> Mapping[str, FileInForce]:
    """The files of the version in force; none before the first."""
    found = current(conn)
    return found.files if found is not None else {}


def every(conn: Connection) -> list[Version]:
    """All versions, newest first."""
    return [found for row in conn.execute(_NEWEST).mappings() if (found := _version(row)) is not None]


def _version(row: RowMapping | None) -> Version | None:
    if row is None:
        return None
    roots = row["roots"]
    parts = {"roots": None if roots is None else decode(roots, _ROOTS), "files": _files(row["files"])}
    return Version(**{**row, **parts})


def _files(stored: str | None) -> dict[str, FileInForce]:
    return {} if stored is None else decode(stored, _FILES)


def author(conn: Connection) -> str:
    """Who put the playbook and the vocabulary in force; "" before the first version."""
    return str(conn.execute(_WHO).scalar() or "")


def vocabulary_of_start(conn: Connection, author: str) -> str | None:
    """The vocabulary of the last version that this author put there, a start; None where it has none."""
    return conn.execute(_AT_START, {"who": author}).scalar()


def adopt(conn: Connection, number: int, files: Mapping[str, FileInForce]) -> None:
    """A version has these files: they were in force with it before such files were versions."""
    conn.execute(_ADOPT, {"of": number, "given": encode(files)})


def texts(conn: Connection, number: int) -> Texts:
    """A version as its author wrote it."""
    playbook, vocabulary, files = conn.execute(_TEXTS, {"of": number}).one()
    return Texts(playbook=str(playbook), vocabulary=vocabulary, files=tuple(sorted(_files(files).items())))


def publish(  # noqa: PLR0913 - the parts of a version
    conn: Connection,
    terms: Terms,
    said: Texts,
    *,
    fingerprint: str,
    format_: int,
    at: Instant,
    roots: Roots | None = None,
) -> Version:
    """From now on this version is in force, and everybody is to be derived under it."""
    row = {**asdict(terms), "fingerprint": fingerprint, "format": format_, "at": at}
    stored = {**row, "text": said.playbook, "vocabulary": said.vocabulary}
    stored["roots"] = None if roots is None else encode(roots)
    stored["files"] = encode(dict(said.files)) if said.files else None
    number = int(conn.execute(_ADD, stored).scalar_one())
    walked(conn, Walk(version=number), at)
    return Version(number=number, roots=roots, files=dict(said.files), **row)


def leads_after(conn: Connection, after: str, version: int, limit: int, shard: Shard = ALL) -> list[LeadId]:
    """The next leads, by id, that were decided about under another version."""
    asked = {"after": after, "number": version, "n": limit}
    if shard.whole:
        return list(conn.execute(_LEADS, asked).scalars())
    return list(conn.execute(_LEADS_SHARD, asked | shard.asked).scalars())


def to_be_derived(conn: Connection, lead_ids: Iterable[LeadId], version: int | None) -> set[LeadId]:
    """Those of these leads to whom the derivation under a version, which is under way, has not come yet."""
    wanted = sorted(lead_ids)
    found = walk(conn, version) if wanted and version is not None else None
    if found is None or found.leads is None:
        return set()
    asked = {"ids": listed(wanted), "after": found.leads, "number": version}
    return set(conn.execute(_STILL, asked).scalars())


def accounts_after(conn: Connection, after: str, version: int, limit: int) -> list[AccountId]:
    """The next accounts, by id, whose signals were derived under another version."""
    return list(conn.execute(_ACCOUNTS, {"after": after, "number": version, "n": limit}).scalars())


def accounts_of(conn: Connection, lead_ids: Iterable[LeadId], version: int) -> list[AccountId]:
    """The accounts of these leads, by id, whose signals were derived under another version."""
    wanted = list(lead_ids)
    return list(conn.execute(_ACCOUNTS_OF, {"ids": listed(wanted), "number": version}).scalars()) if wanted else []


def accounts_marked(conn: Connection, version: int, now: Instant) -> bool:
    """Whether an account is marked whose signals were derived under another version."""
    return conn.execute(_ACCOUNTS_MARKED, {"number": version, "now": now}).first() is not None


def derived(conn: Connection, account_ids: Sequence[AccountId], version: int | None) -> None:
    """The signals of these accounts are derived under this version."""
    if account_ids:
        conn.execute(_OF_ACCOUNTS, {"ids": listed(account_ids), "number": version})


def derived_otherwise(conn: Connection, version: int) -> int:
    """How many leads were decided about under another version; one pass over all leads."""
    return int(conn.execute(_LEFT, {"number": version}).scalar_one())


def left(conn: Connection, version: int) -> int:
    """How many leads are still to be derived under a version; one pass over all leads, unless the walk is over."""
    if walk(conn, version).over:
        return 0
    return derived_otherwise(conn, version)
