"""Words that no vocabulary has are counted where they stood, within bounds, and can be forgotten again."""

import pytest
from sqlalchemy import event

from integration.store.audit import mentions
from integration.store.db.session import Store
from integration.store.events import unrecognised_words
from integration.store.events.unrecognised_words import LONGEST, MOST, OTHERS, Seen, Word

T = 1_767_690_000_000_000
PAGEVIEW = Word("type", "", "pageview")
CONECTED = Word("value", "call_attempt.outcome", "conected")


def _all(store: Store) -> dict[Word, int]:
    with store.read() as conn:
        return {seen.word: seen.times for seen in unrecognised_words.oftenest(conn, 10_000)}


def test_a_word_is_counted_with_its_place_and_its_first_and_last_time(store: Store) -> None:
    for at, times in ((T, 2), (T + 10, 3), (T - 10, 1)):
        with store.write() as conn:
            unrecognised_words.note(conn, {PAGEVIEW: times, CONECTED: 1}, at)
    with store.read() as conn:
        assert unrecognised_words.oftenest(conn, 5) == [
            Seen(PAGEVIEW, 6, T - 10, T + 10),
            Seen(CONECTED, 3, T - 10, T + 10),
        ]
        assert unrecognised_words.oftenest(conn, 5, ["value"]) == [Seen(CONECTED, 3, T - 10, T + 10)]
        assert unrecognised_words.oftenest(conn, 1) == [Seen(PAGEVIEW, 6, T - 10, T + 10)]
        assert unrecognised_words.counts(conn) == {"type": 6, "value": 3}


def test_only_so_many_different_words_of_a_kind_are_told_apart(store: Store) -> None:
    many = {Word("type", "", f"t{number:04}"): 1 for number in range(MOST - 1)}
    with store.write() as conn:
        unrecognised_words.note(conn, many, T)
        unrecognised_words.note(conn, {CONECTED: 1}, T)
        unrecognised_words.note(conn, {PAGEVIEW: 2, Word("type", "", "rare"): 1, Word("type", "", "t0001"): 1}, T)
        unrecognised_words.note(conn, {Word("type", "", "another"): 4, PAGEVIEW: 1, CONECTED: 1}, T)
    found = _all(store)
    assert found[PAGEVIEW] == 3, "the word that came more often got the last place"
    assert found[Word("type", "", "t0001")] == 2
    assert found[Word("type", OTHERS, OTHERS)] == 5, "what is too much is counted, under no word"
    assert found[CONECTED] == 2, "another kind has places of its own"
    assert sum(1 for word in found if word.kind == "type" and word.word != OTHERS) == MOST


def test_a_batch_is_stored_by_one_statement(store: Store) -> None:
    said: list[str] = []
    with store.write() as conn:
        event.listen(conn, "before_cursor_execute", lambda _c, _k, sql, *_: said.append(sql))
        unrecognised_words.note(conn, {Word("type", "", f"t{number}"): 1 for number in range(400)}, T)
    assert len([sql for sql in said if sql.startswith("INSERT")]) == 1
    assert len(said) <= 2


def test_long_words_keep_their_beginning_and_say_that_something_is_missing(store: Store) -> None:
    with store.write() as conn:
        unrecognised_words.note(conn, {Word("type", "", "x" * 70_000): 1, Word("type", "", "x" * 60_000): 1}, T)
        unrecognised_words.note(conn, {Word("value", "y" * 9_000, "😀" * 9_000): 1}, T)
    found = _all(store)
    assert found[Word("type", "", "x" * (LONGEST - 1) + "…")] == 2
    assert all(len(word.word) <= LONGEST and len(word.place) <= LONGEST for word in found)


def test_words_that_are_known_now_are_forgotten(store: Store) -> None:
    with store.write() as conn:
        unrecognised_words.note(conn, {PAGEVIEW: 1, CONECTED: 1}, T)
        unrecognised_words.forget(conn, [PAGEVIEW, Word("type", "", "never seen")])
        unrecognised_words.forget(conn, [])
    assert _all(store) == {CONECTED: 1}


def test_words_that_have_not_come_for_long_make_room(store: Store) -> None:
    with store.write() as conn:
        unrecognised_words.note(conn, {PAGEVIEW: 1}, T)
        unrecognised_words.note(conn, {CONECTED: 1}, T + 10)
        assert unrecognised_words.prune(conn, T + 10) == 1
    assert _all(store) == {CONECTED: 1}


@pytest.mark.parametrize("word", ["ana@acme.example", "reply to ana@acme.example please"])
def test_an_address_among_them_is_found_and_blacked_out(store: Store, word: str) -> None:
    with store.write() as conn:
        unrecognised_words.note(conn, {Word("value", "call_attempt.outcome", word): 1}, T)
    with store.write() as conn:
        found = mentions.find(conn, ["ana@acme.example"])
        assert mentions.black(conn, found, ["ana@acme.example"], lambda text: text[:1]) == 1
    assert not any("ana@acme" in each.word for each in _all(store))
