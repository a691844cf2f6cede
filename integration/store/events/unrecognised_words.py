"""Unrecognised words: words that came in and that no vocabulary has, where they stood, how often, and when.

What was sent is kept elsewhere, as it was sent. This is the tally by which a person learns of a misspelt type, or of an
address that nothing recognises. It holds at most `MOST` words of each kind; what comes after that is counted together,
under no word. A delivery that is sent twice is counted twice.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Literal, NamedTuple, TypeAlias

from sqlalchemy import Connection, bindparam, case, delete, func, select, tuple_

from integration.store.db.dialects import among, upsert
from integration.store.db.json_codec import listed
from integration.store.schema.tables import unrecognised
from mappings.values.instant import Instant

Kind: TypeAlias = Literal["type", "property", "value", "field", "address", "form", "asset", "event", "outcome"]
"""An activity's type, the name or the value of a property, a value of a lead's or account's field, and so on.

An `outcome` is a CRM's, of a call or a meeting; its place is `object.field`, and no line of a mapping reads it.
"""

MOST = 500
"""How many different words of one kind are counted apart."""
LONGEST = 200
"""Characters of a word or place that are kept; an ellipsis stands where something is missing."""
OTHERS = ""
"""The word, and the place, under which what is too much is counted."""


class Word(NamedTuple):
    """A word, and where it stood: the type of a property, `type.property` of a value, "" where there is no place."""

    kind: Kind
    place: str
    word: str


class Seen(NamedTuple):
    """How often a word has come in, and when first and last."""

    word: Word
    times: int
    first_at: Instant
    last_at: Instant


_u = unrecognised.c
_COLUMNS = (_u.kind, _u.place, _u.word, _u.times, _u.first_at, _u.last_at)
_KEY = tuple_(_u.kind, _u.place, _u.word)
_NOTE = upsert(
    unrecognised,
    ["kind", "place", "word"],
    lambda new: {
        "times": _u.times + new.times,
        "first_at": case((_u.first_at <= new.first_at, _u.first_at), else_=new.first_at),
        "last_at": case((_u.last_at >= new.last_at, _u.last_at), else_=new.last_at),
    },
    columns=[each.name for each in _COLUMNS],
)
_HELD = select(_u.kind, func.count()).where(among(_u.kind, "kinds"), _u.word != OTHERS).group_by(_u.kind)
_OF_KINDS = select(_u.kind, _u.place, _u.word).where(among(_u.kind, "kinds"))
_COUNTS = select(_u.kind, func.sum(_u.times)).group_by(_u.kind).order_by(_u.kind)
_OFTENEST = select(*_COLUMNS).order_by(_u.times.desc(), _u.kind, _u.place, _u.word).limit(bindparam("n"))
_OFTENEST_OF = _OFTENEST.where(among(_u.kind, "kinds"))
_PRUNE = delete(unrecognised).where(_u.last_at < bindparam("before"))


def note(conn: Connection, words: Mapping[Word, int], at: Instant) -> None:
    """Count each of these words so many times more; one statement for any number of words, and two at most to look."""
    counted: Counter[Word] = Counter()
    for word, times in words.items():
        counted[Word(word.kind, cut(word.place), cut(word.word))] += times
    if not counted:
        return
    kept = _within_bounds(conn, counted)
    rows = [
        {"kind": kind, "place": place, "word": word, "times": times, "first_at": at, "last_at": at}
        for (kind, place, word), times in sorted(kept.items())
    ]
    _NOTE.many(conn, rows)


def oftenest(conn: Connection, limit: int, kinds: Collection[Kind] = ()) -> list[Seen]:
    """The words that came in most often, of some kinds or of all; among them OTHERS, where there were too many."""
    asked = {"n": limit, **({"kinds": listed(kinds)} if kinds else {})}
    found = conn.execute(_OFTENEST_OF if kinds else _OFTENEST, asked)
    return [Seen(Word(kind, place, word), times, first, last) for kind, place, word, times, first, last in found]


def counts(conn: Connection) -> dict[str, int]:
    """How often something of each kind came in that is not recognised."""
    return {kind: int(times) for kind, times in conn.execute(_COUNTS)}


def forget(conn: Connection, words: Iterable[Word]) -> None:
    """These are known now, or nobody wants to hear of them."""
    asked = sorted(set(words))
    if asked:
        conn.execute(delete(unrecognised).where(_KEY.in_(asked)))


def prune(conn: Connection, before: Instant) -> int:
    """Forget what has not come in since; how many words that was."""
    return conn.execute(_PRUNE, {"before": before}).rowcount


def _within_bounds(conn: Connection, counted: Mapping[Word, int]) -> Mapping[Word, int]:
    """The words, with those that are new and too many put together as OTHERS."""
    asked = listed(sorted({word.kind for word in counted}))
    room = dict.fromkeys((word.kind for word in counted), MOST)
    for kind, held in conn.execute(_HELD, {"kinds": asked}):
        room[kind] = MOST - held
    new = Counter(word.kind for word in counted)
    full = sorted({kind for kind, more in new.items() if more > room[kind]})
    if not full:
        return counted
    known = {Word(*row) for row in conn.execute(_OF_KINDS, {"kinds": listed(full)})}
    kept: Counter[Word] = Counter()
    for word, times in sorted(counted.items(), key=lambda one: (-one[1], one[0])):
        if word not in known and word.word != OTHERS:
            room[word.kind] -= 1
        stays = word in known or word.word == OTHERS or room[word.kind] >= 0
        kept[word if stays else Word(word.kind, OTHERS, OTHERS)] += times
    return kept


def cut(text: str) -> str:
    """A word as it is kept: its beginning, where it is too long."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
