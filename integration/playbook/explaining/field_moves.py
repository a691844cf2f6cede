"""Field moves: what a change of a field that gave points was, in words: `seniority from manager to director`."""

from collections.abc import Mapping

from integration.core.compiled.context import Context
from integration.core.rules.playbook_rules import Playbook
from integration.playbook.explaining.gaps import subject, value_words
from mappings.model.canonical import Value


class FieldMoves:
    """Watches the fields whose changes give points, event by event."""

    def __init__(self, playbook: Playbook) -> None:
        rules = playbook.engagement.rules if playbook.engagement else ()
        self._watched: Mapping[str, str] = {rule.name: rule.change.field for rule in rules if rule.change is not None}
        self._vocabulary = playbook.vocabulary
        self._before: dict[str, Value] = {}
        self._words: dict[tuple[str, str], str] = {}

    def look(self, context: Context) -> None:
        """Note what the fields are before an event."""
        self._before = {rule: context.read(name) for rule, name in self._watched.items()}

    def note(self, context: Context, event: str) -> None:
        """Note what has become of them by the event."""
        for rule, name in self._watched.items():
            before, after = self._before[rule], context.read(name)
            if before != after:
                came = (value_words(each, name, self._vocabulary) for each in (before, after))
                self._words[event, rule] = f"{subject(name, self._vocabulary)} from {' to '.join(came)}"

    def words(self, event: str, rule: str) -> str:
        """What changed by an event as a rule looks for it; "" for nothing."""
        return self._words.get((event, rule), "")
