"""Note words: what sales may say by a word in the note of a task, such as `#rejected timing`."""

from collections.abc import Mapping
from dataclasses import dataclass

MARK = "#"
"""What stands before such a word: nothing is read from free prose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteWords:
    """The field that people write into, and the closed list of words that count there, case-folded.

    `says` leads from a word to an answer (`rejected`), `reasons` from the words after it to a reason; several words in
    one are joined by `_`.
    """

    field: str
    says: Mapping[str, str]
    reasons: Mapping[str, str]
