"""Reads what records say happened: conditions, outcomes of our tasks, and cases of other people's activities."""

import re
from collections.abc import Mapping
from typing import Any

from mappings.language import reading_answers
from mappings.language.rules import RuleReader
from mappings.model.canonical import FOUND_OUT, LEAD_FIELDS
from mappings.model.compiled_mapping import ActivityMapping, AnswerFields, Condition, Outcome, TaskMapping
from mappings.model.note_words import MARK, NoteWords
from mappings.values.record_ids import people
from mappings.yaml_files.located_yaml import Path
from mappings.yaml_files.problems import nearest

_WORD = re.compile(r"[^\W_]{1,60}(?:_[^\W_]{1,60}){0,2}")
_TASK = ("key", "closed", "closed_at", "close", "subject", "answer", "note", "by", "lead", "outcomes")


class OutcomeReader(RuleReader):
    """Every method reads one construct and notes what is wrong with it."""

    def _task(self, raw: Any, path: Path) -> TaskMapping:
        table = self._table(raw, path, _TASK)
        if not table.get("closed"):
            self._wrong(path, "needs 'closed': the fields and values that a closed task has")
        answer = self._answer(table["answer"], (*path, "answer")) if "answer" in table else None
        said = tuple(reading_answers.outcomes(answer)) if answer else ()
        return TaskMapping(
            key=self._field(table.get("key"), (*path, "key")),
            closed=self._condition(table.get("closed"), (*path, "closed")),
            closed_at=self._field(table["closed_at"], (*path, "closed_at")) if "closed_at" in table else "",
            answer=answer,
            answers=said,
            note=self._note(table["note"], (*path, "note")) if "note" in table else None,
            by=self._field(table["by"], (*path, "by")) if "by" in table else "",
            found_out=self._rules(table.get("lead"), (*path, "lead"), {name: LEAD_FIELDS[name] for name in FOUND_OUT}),
            outcomes=self._outcomes(table.get("outcomes", [] if answer else None), (*path, "outcomes")),
            close={name: str(value) for name, value in self._table(table.get("close"), (*path, "close")).items()},
            subject=self._field(table["subject"], (*path, "subject")) if "subject" in table else "",
        )

    def _answer(self, raw: Any, path: Path) -> AnswerFields | None:
        """`{outcome: FIELD, reason: FIELD}`."""
        table = self._table(raw, path, ("outcome", "reason"))
        outcome = self._field(table.get("outcome"), (*path, "outcome"))
        reason = self._field(table["reason"], (*path, "reason")) if "reason" in table else ""
        if outcome and outcome.casefold() == reason.casefold():
            self._wrong((*path, "reason"), f"'{reason}' is the field of the outcome already")
        return reading_answers.answer_fields(outcome, reason, self.vocabulary) if outcome else None

    def _note(self, raw: Any, path: Path) -> NoteWords | None:
        """`FIELD`, or `{from: FIELD, words: {ANSWER: [WORD, …]}, reasons: {REASON: [WORD, …]}}`."""
        table = self._table(raw, path, ("from", "words", "reasons")) if isinstance(raw, dict) else {"from": raw}
        name = self._field(table.get("from"), (*path, "from") if isinstance(raw, dict) else path)
        own = reading_answers.note_words("", self.vocabulary, {}, {})
        says = self._further(table.get("words"), (*path, "words"), own.says)
        reasons = self._further(table.get("reasons"), (*path, "reasons"), own.reasons)
        return reading_answers.note_words(name, self.vocabulary, says, reasons) if name else None

    def _further(self, raw: Any, path: Path, known: Mapping[str, str]) -> dict[str, str]:
        """Further words for answers or reasons: case-folded word → what it stands for."""
        found: dict[str, str] = {}
        for name, listed in self._table(raw, path, known.values()).items():
            for place, word in enumerate(listed if isinstance(listed, list) else [listed]):
                at = (*path, name, place) if isinstance(listed, list) else (*path, name)
                folded = "_".join(re.split(r"[\s_-]+", str(word).strip().lstrip(MARK).casefold()))
                if not _WORD.fullmatch(folded):
                    self._wrong(at, f"'{word}' is no word: letters and digits, at most three parted by _")
                elif {**known, **found}.get(folded, name) != name:
                    self._wrong(at, f"'{word}' says '{ {**known, **found}[folded] }' already")
                else:
                    found[folded] = name
        return found

    def _activity(self, raw: Any, path: Path) -> ActivityMapping:
        """`{at: FIELD or [FIELD, …], people: {OBJECT: FIELD}, moves: FLAG, cases: […], ignores: {FIELD: VALUE}}`.

        Over one relation at most.
        """
        table = self._table(raw, path, ("at", "people", "moves", "create", "cases", "ignores"))
        if not table.get("cases"):
            self._wrong(path, "needs 'cases': which records say what")
        self.over_relations = True
        try:
            return ActivityMapping(
                at=self._times(table.get("at"), (*path, "at")),
                people=self._people(table.get("people"), (*path, "people")),
                made_with=self._made_with(table["create"], path) if "create" in table else None,
                key=self.system.handover_key if self.system and "create" in table else "",
                moves=self._moves(table.get("moves", False), (*path, "moves")),
                cases=self._outcomes(table.get("cases") or [], (*path, "cases")),
                ignores=self._condition(table.get("ignores"), (*path, "ignores")),
            )
        finally:
            self.over_relations = False

    def _moves(self, raw: Any, path: Path) -> bool:
        if not isinstance(raw, bool):
            self._wrong(path, "must be true or false")
        return raw is True

    def _made_with(self, raw: Any, path: Path) -> Mapping[str, str]:
        """`create: {FIELD: VALUE}`: a record for each handover, of an object that the CRM has for that."""
        name, at = str(path[1]), (*path, "create")
        known = self.system.handovers if self.system else frozenset()
        if name not in known:
            self._wrong(at, f"no {name} is created for a handover{nearest(name, known)}", key=True)
        table = self._table(raw, at)
        return {self._field(field, (*at, field)): str(value) for field, value in table.items()}

    def _times(self, raw: Any, path: Path) -> tuple[str, ...]:
        if raw is None:
            return ()
        if not isinstance(raw, list):
            return (self._field(raw, path),)
        return tuple(self._field(name, (*path, place)) for place, name in enumerate(raw))

    def _people(self, raw: Any, path: Path) -> Mapping[str, str]:
        known = people(self.system.name) if self.system else {}
        if not known:
            if raw is not None:
                self._wrong(path, "this CRM's associations say whose activity it is", key=True)
            return {}
        table = self._table(raw, path, known)
        if not table:
            self._wrong(path[:-1] if raw is None else path, f"needs 'people': {' or '.join(known)}, and the field")
        return {name: self._field(field, (*path, name)) for name, field in table.items()}

    def _outcomes(self, raw: Any, path: Path) -> tuple[Outcome, ...]:
        if not isinstance(raw, list):
            self._wrong(path, "must be a list")
            return ()
        found = [self._outcome(spec, (*path, index)) for index, spec in enumerate(raw)]
        return tuple(outcome for outcome in found if outcome)

    def _outcome(self, spec: Any, path: Path) -> Outcome | None:
        """`{when: {FIELD: VALUE}, is: ACTIVITY, PROPERTY: WORD or {from: FIELD, …}}`."""
        kind = str(spec.get("is")) if isinstance(spec, dict) else ""
        types = self.vocabulary.activities
        if kind not in types:
            self._wrong((*path, "is"), f"unknown activity '{kind}'{nearest(kind, types)}")
            return None
        known = types[kind]
        table = self._table(spec, path, ("when", "is", *known))
        given = {name: table[name] for name in known if name in table}
        read = {name: value for name, value in given.items() if isinstance(value, dict)}
        said = {
            name: self._default(value, (*path, name), known[name]) for name, value in given.items() if name not in read
        }
        rules = [self._rule(name, value, (*path, name), known[name]) for name, value in read.items()]
        when = self._condition(table.get("when"), (*path, "when"))
        return Outcome(when=when, type=kind, properties=said, rules=tuple(rule for rule in rules if rule.sources))

    def _condition(self, raw: Any, path: Path) -> Condition:
        found: dict[str, tuple[str, ...]] = {}
        for name, value in self._table(raw, path).items():
            values = value if isinstance(value, list) else [value]
            if not values or any(isinstance(each, (dict, list)) or each is None for each in values):
                self._wrong((*path, name), "must be a value, or a list of values")
                continue
            words = tuple(str(each).casefold() for each in values)
            found[self._field(name, (*path, name))] = words
        return found
