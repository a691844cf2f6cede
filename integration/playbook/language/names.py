"""Resolves the names in a playbook: conditions and patterns become the core's values, or problems."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from integration.core.rules import conditions as core
from integration.core.rules.conditions import STANDING, Compare, Condition, Every, Not, Some
from integration.core.rules.patterns import ENGAGING, Dated, Match, Signal
from integration.core.rules.scoring_rules import POINT
from integration.playbook.language.grammar import ANY_ENGAGEMENT, NUMERIC, Clause, ConditionText, DatedText, PatternText
from integration.playbook.language.report import Report
from integration.playbook.language.schema import PlaybookFile
from mappings.model.canonical import OPPORTUNITY_FIELDS, REPORTS, STAGES, Field, Value
from mappings.values import countries
from mappings.values.instant import moment
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.located_yaml import Path
from mappings.yaml_files.problems import nearest

SCORES = ("fit", "engagement", "total")
BANDS = ("hot", "warm", "cold")
SEGMENTS = ("A", "B", "C", "D")
FUNNEL = ("awareness", "interest", "evaluation", "pre_deal")
DEAL = "opportunity."
"""How the dates of the latest deal are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A comparison as the file makes it, and where: what the checks look over afterwards."""

    path: Path
    key: bool
    at: int
    compare: Compare


@dataclass(slots=True, kw_only=True)
class Names:
    """The words of one playbook: those of the vocabulary and what the file itself names."""

    report: Report
    vocabulary: Vocabulary
    lists: Mapping[str, Sequence[str]]
    standing: Mapping[str, Field]
    signals: dict[str, Signal] = field(default_factory=dict)
    derived: set[str] = field(default_factory=set)
    """Activity types that this playbook's account triggers derive."""
    claims: list[Claim] = field(default_factory=list)
    used_signals: set[str] = field(default_factory=set)
    used_lists: set[str] = field(default_factory=set)
    engaging: Signal = ENGAGING
    """What scores and resets the idle clock: `any engagement`."""

    @classmethod
    def of(cls, file: PlaybookFile, report: Report, vocabulary: Vocabulary) -> "Names":
        """The names of a file, its signals resolved in their order."""
        standing = standing_fields(vocabulary, tracks=file.tracks, personas=file.personas, buying_jobs=file.buying_jobs)
        names = cls(report=report, vocabulary=vocabulary, lists=file.lists, standing=standing)
        for name, patterns in file.signals.items():
            path: Path = ("signals", name)
            if name in vocabulary.activities:
                report.problem(path, f"'{name}' is an activity type; a signal needs a name of its own", key=True)
            names.signals[name] = names.signal(patterns, path)
        names.used_signals.clear()
        return names

    def condition(self, texts: Sequence[ConditionText] | None, path: Path) -> Condition | None:
        """Any of these conditions; None where nothing is asked."""
        if not texts:
            return None
        found = [self.single(text, (*path, index)) for index, text in enumerate(texts)]
        return found[0] if len(found) == 1 else Some(conditions=tuple(found))

    def single(self, text: ConditionText, path: Path, *, key: bool = False) -> Condition:
        """One condition: all of its clauses."""
        found = [each for clause in text.clauses if (each := self._field_clause(clause, path, key=key)) is not None]
        return found[0] if len(found) == 1 else Every(conditions=tuple(found))

    def signal(self, patterns: Sequence[PatternText] | None, path: Path) -> Signal:
        """Any of these patterns."""
        found: list[Match] = []
        for index, text in enumerate(patterns or ()):
            found.extend(self._pattern(text, (*path, index)))
        return tuple(found)

    def subject(self, name: str, path: Path, *, at: int = 0, key: bool = False) -> tuple[str, Field] | None:
        """What a condition's name reads, and of which kind it is."""
        lead, account = self.vocabulary.lead, self.vocabulary.account
        if name in self.standing:
            return name, self.standing[name]
        if name.startswith("account.") and name.removeprefix("account.") in account:
            return name, account[name.removeprefix("account.")]
        if name == "country":
            return "country|account.country", lead["country"]
        if name in lead:
            return name, lead[name]
        if name in account:
            return f"account.{name}", account[name]
        known = (*self.standing, *lead, *account, *(f"account.{each}" for each in account))
        self.report.unknown(path, "field", name, known, at=at, key=key)
        return None

    def dated(self, text: DatedText | None, path: Path) -> Dated | None:
        """The instant that a text names, by a date of lead, account or deal."""
        if text is None:
            return None
        known = self.dates()
        if text.name not in known:
            fields = {**self.standing, **self.vocabulary.account, **self.vocabulary.lead}
            if text.name.removeprefix("account.") in fields:
                problem = f"'{text.name}' is no date{nearest(text.name, known)}; dates are {', '.join(known)}"
                self.report.problem(path, problem, at=text.at)
            else:
                self.report.unknown(path, "date", text.name, known, at=text.at)
            return None
        if text.name.startswith(DEAL) and text.offset <= 0:
            problem = f"'{text.name}' is known once it has come: say '275d after {text.name}'"
            self.report.problem(path, problem, at=text.at)
        return Dated(subject=known[text.name], offset=text.offset)

    def dates(self) -> dict[str, str]:
        """What holds a date, by the names that a file may give it, and what these read."""
        lead = {
            name: name for name, each in self.vocabulary.lead.items() if each.kind == "time" and name not in REPORTS
        }
        account = {name: f"account.{name}" for name, field in self.vocabulary.account.items() if field.kind == "time"}
        deals = {f"{DEAL}{name}": f"{DEAL}{name}" for name, each in OPPORTUNITY_FIELDS.items() if each.kind == "time"}
        return {**account, **{each: each for each in account.values()}, **lead, **deals}

    def _field_clause(self, clause: Clause, path: Path, *, key: bool) -> Condition | None:
        found = self.subject(clause.name, path, at=clause.at, key=key)
        if found is None:
            return None
        subject, kind = found
        compare = self._compare(clause, subject, kind, path, key=key)
        if compare is not None:
            self.claims.append(Claim(path=path, key=key, at=clause.at, compare=compare))
        if compare is not None and compare.op == "is_not" and subject in STANDING:
            return Not(condition=Compare(subject=subject, op="is", values=compare.values))
        return compare

    def _pattern(self, text: PatternText, path: Path) -> tuple[Match, ...]:
        if text.name == ANY_ENGAGEMENT:
            return self.engaging
        if text.name in self.signals:
            self.used_signals.add(text.name)
            bases = self.signals[text.name]
        elif text.name in self.vocabulary.activities or text.name in self.derived:
            bases = (Match(types=(text.name,)),)
        else:
            self.report.unknown(path, "activity", text.name, (*self.vocabulary.activities, *self.signals))
            return ()
        return tuple(self._narrowed(base, text.clauses, path) for base in bases)

    def _narrowed(self, base: Match, clauses: Sequence[Clause], path: Path) -> Match:
        where = list(base.where)
        for clause in clauses:
            known: dict[str, Field] = {}
            for each in base.types:
                known.update(self.vocabulary.activities.get(each, {}))
            if clause.name not in known:
                what = f"property of {' or '.join(base.types)}"
                self.report.unknown(path, what, clause.name, known, at=clause.at)
            elif (compare := self._compare(clause, clause.name, known[clause.name], path, key=False)) is not None:
                where.append(compare)
        return Match(types=base.types, where=tuple(where))

    def _compare(self, clause: Clause, subject: str, kind: Field, path: Path, *, key: bool) -> Compare | None:
        """One comparison whose values fit the kind of what is compared."""
        if clause.op == "in":
            return self._listed(clause, subject, kind, path, key=key)
        if clause.op in NUMERIC and kind.kind not in ("number", "time"):
            self.report.problem(path, f"'{clause.name}' is no number; say '{clause.name} = …'", at=clause.at, key=key)
            return None
        if kind.kind == "time" and clause.op not in (*NUMERIC, "known", "unknown"):
            text = f"'{clause.name}' is a date; say '{clause.name} >= 2026-01-31' or '{clause.name} known'"
            self.report.problem(path, text, at=clause.at, key=key)
            return None
        values = [self._value(clause, index, kind, path, key=key) for index in range(len(clause.values))]
        if any(value is None for value in values):
            return None
        if subject in SCORES:
            values = [round(float(str(value)) * POINT) for value in values]
        op: core.Op = "includes" if kind.kind == "list" and clause.op == "is" else clause.op
        return Compare(subject=subject, op=op, values=tuple(values))

    def _listed(self, clause: Clause, subject: str, kind: Field, path: Path, *, key: bool) -> Compare | None:
        name = clause.values[0]
        if name not in self.lists:
            self.report.unknown(path, "list", name, self.lists, at=clause.values_at[0], key=key)
            return None
        self.used_lists.add(name)
        for index, value in enumerate(self.lists[name]):
            if kind.choices and value not in kind.choices:
                self.report.unknown(("lists", name, index), clause.name, value, kind.choices)
            if clause.name.rpartition(".")[2] == "country":
                self._country(str(value), ("lists", name, index))
        return Compare(subject=subject, op="includes" if kind.kind == "list" else "is", values=tuple(self.lists[name]))

    def _value(self, clause: Clause, index: int, kind: Field, path: Path, *, key: bool) -> Value:
        text, at = clause.values[index], clause.values_at[index]
        if clause.name.rpartition(".")[2] == "country":
            self._country(text, path, at=at, key=key)
        if clause.op == "contains":
            return text
        reader = {"number": self._number, "time": self._date, "boolean": self._truth}.get(kind.kind)
        if reader is not None:
            return reader(text, clause, path, at=at, key=key)
        if kind.choices and text not in kind.choices:
            if at == clause.at and text in ("true", "false"):
                text = f"'{clause.name}' needs a value: {clause.name} = {'|'.join(kind.choices[:3])}"
                self.report.problem(path, text, at=at, key=key)
            else:
                allowed = f"; it is one of {', '.join(kind.choices)}" if not nearest(text, kind.choices) else ""
                text = f"unknown {clause.name} '{text}'{nearest(text, kind.choices)}{allowed}"
                self.report.problem(path, text, at=at, key=key)
            return None
        return text

    def _country(self, text: str, path: Path, *, at: int = 0, key: bool = False) -> None:
        """Countries are kept by their codes: a name, and a code that no country has, match nobody."""
        if text.upper() in countries.codes():
            return
        found = countries.code(text)
        if found in countries.codes():
            self.report.warn(path, f"countries are two-letter codes: for '{text}' write {found}", at=at, key=key)
        else:
            self.report.warn(
                path, f"countries are two-letter codes (ISO 3166): no country has '{text}'", at=at, key=key
            )

    def _truth(self, text: str, clause: Clause, path: Path, *, at: int, key: bool) -> Value:
        if text in {"true", "false"}:
            return text == "true"
        self.report.problem(path, f"'{clause.name}' is true or false, not '{text}'", at=at, key=key)
        return None

    def _number(self, text: str, clause: Clause, path: Path, *, at: int, key: bool) -> Value:
        try:
            number = float(text)
        except ValueError:
            self.report.problem(path, f"'{clause.name}' is a number, not '{text}'", at=at, key=key)
            return None
        return int(number) if number.is_integer() else number

    def _date(self, text: str, clause: Clause, path: Path, *, at: int, key: bool) -> Value:
        try:
            return moment(text)
        except ValueError:
            self.report.problem(path, f"'{clause.name}' is a date such as 2026-01-31, not '{text}'", at=at, key=key)
            return None


def standing_fields(
    vocabulary: Vocabulary, *, tracks: Iterable[str], personas: Iterable[str], buying_jobs: Iterable[str]
) -> dict[str, Field]:
    """Where a lead stands, as kinds: the choices are what a playbook names."""
    choices: dict[str, Any] = {
        "band": BANDS,
        "segment": SEGMENTS,
        "stage": STAGES,
        "track": tuple(tracks),
        "funnel": FUNNEL,
        "persona": tuple(personas),
        "buying_job": tuple(buying_jobs),
        "recycle_reason": vocabulary.reasons,
    }
    found = {name: Field(kind="number") for name in SCORES}
    found |= {name: Field(kind="choice", choices=choices[name]) for name in choices}
    found["excluded"] = Field(kind="boolean")
    return {name: found[name] for name in STANDING}
