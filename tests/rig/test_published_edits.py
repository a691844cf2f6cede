"""The edits that the publish drill makes are playbooks, each another one than the one before."""

import pytest

from integration.playbook.compiling.compiler import compile_text
from integration.rig.publish_drill.published_edits import (
    EDITS,
    WORDS,
    WORDS_WITHOUT_AN_ADDRESS,
    WORDS_WITHOUT_THE_ACTIVITY,
    Edit,
    living,
)
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.files.parse_vocabulary import parse


def test_each_edit_in_turn_makes_another_playbook() -> None:
    words, problems = parse(WORDS, "words.yaml", shipped())
    assert words is not None, problems
    source, known = living(), set[str]()
    for edit in (Edit("none"), *EDITS):
        source = edit.of(source)
        playbook, problems = compile_text(source, edit.name, words)
        assert playbook is not None, problems
        assert playbook.fingerprint not in known, edit.name
        known.add(playbook.fingerprint)


def test_of_two_vocabularies_one_takes_away_a_word_that_is_used() -> None:
    taken, allowed = (
        parse(each, "words.yaml", shipped())[0] for each in (WORDS_WITHOUT_THE_ACTIVITY, WORDS_WITHOUT_AN_ADDRESS)
    )
    assert taken is not None
    assert allowed is not None
    assert compile_text(living(), "ours.yaml", taken)[0] is None
    assert compile_text(living(), "ours.yaml", allowed)[0] is not None


def test_an_edit_that_finds_nothing_to_change_says_so() -> None:
    with pytest.raises(ValueError, match="a rename: the playbook has no 'never there'"):
        Edit("a rename", (("never there", "x"),)).of(living())
