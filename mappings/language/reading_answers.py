"""What a person may say by closing a task of ours, in two fields of the task: its outcome, and a rejection's reason.

The words are the vocabulary's, so that `coldframe provision` offers what is read, and nothing else.
"""

from collections.abc import Iterator

from mappings.model.compiled_mapping import AnswerFields, Outcome, Rule, Source
from mappings.vocabulary.value import Vocabulary

ACCEPTED, MEETING, REJECTED = "accepted", "meeting", "rejected"
_LABELS = {"voicemail": "Left voicemail", MEETING: "Meeting booked"}


def answer_fields(outcome: str, reason: str, words: Vocabulary) -> AnswerFields:
    """The two fields with what they offer, (value, label); `reason` is "" where there is no such field."""
    outcomes = (*_calls(words), MEETING, ACCEPTED, REJECTED)
    return AnswerFields(
        outcome=outcome,
        reason=reason,
        outcomes=tuple((value, _label(value)) for value in outcomes),
        reasons=tuple((value, _label(value)) for value in words.reasons) if reason else (),
    )


def outcomes(fields: AnswerFields, words: Vocabulary) -> Iterator[Outcome]:
    """What each value of the outcome says."""

    def says(value: str, kind: str, *rules: Rule, **properties: str) -> Outcome:
        return Outcome(when={fields.outcome: (value.casefold(),)}, type=kind, properties=properties, rules=rules)

    for value in _calls(words):
        yield says(value, "call_attempt", outcome=value)
    yield says(MEETING, "meeting_booked")
    yield says(ACCEPTED, "sales_accepted")
    read = {value.casefold(): value for value, _ in fields.reasons}
    source = Source(field=fields.reason, transform="picklist", values=read)
    yield says(REJECTED, "sales_rejected", *([Rule(name="reason", sources=(source,))] if fields.reason else []))


def _calls(words: Vocabulary) -> tuple[str, ...]:
    """What may come of a call; a company's own word that means something else here is left to its mapping."""
    listed = words.activities["call_attempt"]["outcome"].choices
    return tuple(value for value in listed if value not in {ACCEPTED, MEETING, REJECTED})


def _label(value: str) -> str:
    return _LABELS.get(value, value.replace("_", " ").capitalize())
