"""What a person may say by closing a task of ours, in two fields of the task: its outcome, and a rejection's reason.

The words are the vocabulary's, so that `coldframe provision` offers what is read, and nothing else.
"""

from collections.abc import Iterator, Mapping

from mappings.model.answer_words import GIVEN_BACK, said_by
from mappings.model.canonical import ANSWERS, MEETING
from mappings.model.compiled_mapping import AnswerFields, Outcome, Rule, Source
from mappings.model.note_words import NoteWords
from mappings.vocabulary.value import Vocabulary

_LABELS = {"voicemail": "Left voicemail", MEETING: "Meeting booked"}


def answer_fields(outcome: str, reason: str, words: Vocabulary) -> AnswerFields:
    """The two fields with what they offer, (value, label); `reason` is "" where there is no such field."""
    outcomes = (*_calls(words), *ANSWERS)
    return AnswerFields(
        outcome=outcome,
        reason=reason,
        outcomes=tuple((value, _label(value)) for value in outcomes),
        reasons=tuple((value, _label(value)) for value in words.reasons) if reason else (),
    )


def outcomes(fields: AnswerFields) -> Iterator[Outcome]:
    """What each value of the outcome says; a reason alone says that the lead is given back."""
    read = {value.casefold(): value for value, _ in fields.reasons}
    source = Source(field=fields.reason, transform="picklist", values=read)
    why = (Rule(name="reason", sources=(source,)),) if fields.reason else ()
    for value, _ in fields.outcomes:
        said = said_by(value)
        rules = why if said.type == GIVEN_BACK else ()
        yield Outcome(
            when={fields.outcome: (value.casefold(),)}, type=said.type, properties=said.properties, rules=rules
        )
    if why:
        yield Outcome(
            when={fields.outcome: ("",), fields.reason: tuple(read)}, type=GIVEN_BACK, properties={}, rules=why
        )


def note_words(field: str, words: Vocabulary, says: Mapping[str, str], reasons: Mapping[str, str]) -> NoteWords:
    """The words that count in a note: the answers and reasons themselves, and further ones for them (word → answer)."""
    own = {value.casefold(): value for value in (*_calls(words), *ANSWERS)}
    why = {value.casefold(): value for value in words.reasons}
    return NoteWords(field=field, says={**says, **own}, reasons={**reasons, **why})


def _calls(words: Vocabulary) -> tuple[str, ...]:
    """What may come of a call; a company's own word that means something else here is left to its mapping."""
    listed = words.activities["call_attempt"]["outcome"].choices
    return tuple(value for value in listed if value not in ANSWERS)


def _label(value: str) -> str:
    return _LABELS.get(value, value.replace("_", " ").capitalize())
