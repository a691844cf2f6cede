"""The text of tasks: templates with a closed set of fields, no code."""

import re
from collections.abc import Mapping
from functools import lru_cache
from string import Formatter

from mappings.vocabulary.value import Vocabulary

_BREAKING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_TURNING = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LEADING = re.compile(r"(?:[,:]| (?:of|at|from|about|since|with|for|by|in|on)| ?\() ?\Z")
"""What leads to a field, and goes with it where the field has no value."""
_UNSAFE = re.compile(f"{_BREAKING.pattern}|{_TURNING.pattern}")

WORDING_FIELDS: tuple[str, ...] = (
    "first_name",
    "last_name",
    "name",
    "email",
    "phone",
    "title",
    "seniority",
    "function",
    "company",
    "domain",
    "employees",
    "revenue",
    "industry",
    "country",
    "source",
    "problem",
    "budget",
    "authority",
    "timeline",
    "fit",
    "engagement",
    "total",
    "fit_tier",
    "band",
    "segment",
    "stage",
    "track",
    "persona",
    "buying_job",
    "funnel",
    "recycle_reason",
    "signal",
    "second_signal",
    "key_action",
    "activity",
    "asset",
    "page",
    "colleagues",
    "due",
    "play",
    "trigger",
    "clock",
)
"""What a template may name. `signal` is the strongest of the last 30 days, `activity` what set this off,
`due` a time in the playbook's zone, `colleagues` how many people at the account viewed something in the last week."""


def wording_fields(vocabulary: Vocabulary) -> tuple[str, ...]:
    """What a template may name in an installation: its own fields of leads and accounts too."""
    own = (*vocabulary.own_lead, *vocabulary.own_account)
    return (*WORDING_FIELDS, *dict.fromkeys(name for name in own if name not in WORDING_FIELDS))


def named(template: str) -> tuple[str, ...]:
    """The fields that a template names, in order. ValueError if it is malformed or names more than a field."""
    found: list[str] = []
    for _, name, spec, conversion in Formatter().parse(template):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            msg = f"only a plain {{field}} may stand in braces, not {{{name}}}"
            raise ValueError(msg)
        found.append(name)
    return tuple(found)


def literal(text: str) -> str:
    """A text as a template that says just this."""
    return text.replace("{", "{{").replace("}", "}}")


def compose(template: str, values: Mapping[str, str]) -> str:
    """Fill a template. No value begins a new line, only the template does.

    A field without a value is left out with what leads to it (`, {company}`, ` of {company}`, `({activity})`); where
    nothing leads to it, the text says that it is not on record.
    """
    said, after = "", ""
    for text, name in _parsed(template):
        text = text[len(after) :] if after and text.startswith(after) else text  # noqa: PLW2901 - its closing half
        said, after = said + text, ""
        if not name:
            continue
        value = one_line(values[name])
        leads = None if value else _LEADING.search(said)
        if leads is None:
            said += value or f"({name.replace('_', ' ')} not on record)"
        else:
            said, after = said[: leads.start()], ")" if leads.group().endswith("(") else ""
    return said


def one_line(text: str) -> str:
    """A text that stays on its line wherever it is shown.

    Whatever breaks lines or controls a terminal becomes a space; what turns the direction of reading around is left
    out. So nobody's name can look like a line of the packet.
    """
    if text.isprintable() or not _UNSAFE.search(text):  # of what can be printed nothing is unsafe, and most can
        return text
    return _TURNING.sub("", _BREAKING.sub(" ", text)).strip()


@lru_cache(maxsize=1_024)
def _parsed(template: str) -> tuple[tuple[str, str | None], ...]:
    return tuple((text, name) for text, name, _, _ in Formatter().parse(template))
