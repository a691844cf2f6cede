"""The form for one of our fields that is read: its sources, picklist tables, default, blank rule and owner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from integration.web.console.shell.page_queries import posted_pairs
from mappings.model.canonical import Field
from mappings.yaml_files.located_yaml import Path

MOST_SOURCES = 8
_MOST_VALUES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceForm:
    """One CRM field that is read. `values` are (CRM's value, our word); a word of "" is a value that says nothing.

    `plain`: the CRM's values are our words, and no table is needed.
    """

    field: str = ""
    transform: str = "text"
    values: tuple[tuple[str, str], ...] = ()
    otherwise: str = ""
    plain: bool = False

    def value(self) -> Any:
        """What the mapping says of it: the bare name where that is all."""
        if self.transform == "text":
            return self.field
        said: dict[str, Any] = {"from": self.field, "as": self.transform}
        if self.transform == "picklist" and not self.plain:
            said["values"] = {there: word for there, word in self.values if there and word}
            if self.otherwise:
                said["else"] = self.otherwise
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadForm:
    """The whole form. `owned`: this CRM's word counts."""

    sources: tuple[SourceForm, ...] = (SourceForm(),)
    default: str = ""
    clears: bool = False
    owned: bool = False

    def value(self, ours: Field) -> Any:
        """The rule as the mapping's file has it; a bare name where that is all it says."""
        given = [each for each in self.sources if each.field.strip()]
        said = [each.value() for each in given]
        more: dict[str, Any] = {}
        if self.default:
            more["default"] = _typed(self.default, ours)
        if self.clears:
            more["blank"] = "clear"
        if len(said) != 1:
            return {"first": said, **more}
        if not more:
            return said[0]
        return {**(said[0] if isinstance(said[0], dict) else {"from": said[0]}), **more}


def of_rule(raw: Any, *, owned: bool) -> ReadForm:
    """The form of a rule as the file has it."""
    table = raw if isinstance(raw, dict) else {"from": raw}
    first = table.get("first")
    listed = first if isinstance(first, list) else [table]
    return ReadForm(
        sources=tuple(_of_source(each) for each in listed) or (SourceForm(),),
        default=_text(table.get("default")),
        clears=table.get("blank") == "clear",
        owned=owned,
    )


def of_posted(form: Mapping[str, str]) -> ReadForm:
    """The form as a browser sent it."""
    sources = []
    for at in range(MOST_SOURCES):
        if f"s{at}-from" in form:
            table = posted_pairs(form, f"s{at}-c", f"s{at}-v", _MOST_VALUES)
            sources.append(
                SourceForm(
                    field=form[f"s{at}-from"].strip(),
                    transform=form.get(f"s{at}-as", "text"),
                    values=tuple((there, word) for there, word in table if there),
                    otherwise=form.get(f"s{at}-else", "").strip(),
                    plain=form.get(f"s{at}-plain") == "yes",
                )
            )
    return ReadForm(
        sources=tuple(sources) or (SourceForm(),),
        default=form.get("default", "").strip(),
        clears=form.get("blank") == "clear",
        owned=form.get("owned") == "yes",
    )


def filled(form: ReadForm, options: Mapping[str, Sequence[tuple[str, str]]]) -> ReadForm:
    """The form with the values that the CRM offers now in each picklist's table, behind those that it has."""
    return replace(form, sources=tuple(_filled(each, options.get(each.field, ())) for each in form.sources))


def slot(path: Path) -> str:
    """The input that a place of the rule belongs to."""
    at, steps = 0, list(path)
    if steps[:1] == ["first"]:
        at = int(steps[1]) if len(steps) > 1 else 0
        steps = steps[2:]
    match steps[:1]:
        case []:
            return f"s{at}-from"
        case ["default" | "blank" as name]:
            return str(name)
        case ["as" | "values" | "else" as name]:
            return f"s{at}-{name}"
        case _:
            return f"s{at}-from"


def slots(form: ReadForm) -> list[str]:
    """Every input that may have a mistake."""
    own = [f"s{at}-{name}" for at in range(len(form.sources)) for name in ("from", "as", "values", "else")]
    return [*own, "default", "blank", "owned", "rule"]


def _filled(source: SourceForm, offered: Sequence[tuple[str, str]]) -> SourceForm:
    if source.transform != "picklist":
        return source
    known = {there.casefold() for there, _ in source.values}
    more = [(value, "") for value, _ in offered if value and value.casefold() not in known]
    return replace(source, values=(*source.values, *more))


def _of_source(raw: Any) -> SourceForm:
    table = raw if isinstance(raw, dict) else {"from": raw}
    values = table.get("values")
    transform = str(table.get("as", "text"))
    return SourceForm(
        field=_text(table.get("from")),
        transform=transform,
        values=tuple((str(there), _text(word)) for there, word in values.items()) if isinstance(values, dict) else (),
        otherwise=_text(table.get("else")),
        plain=transform == "picklist" and "values" not in table,
    )


def _typed(text: str, ours: Field) -> Any:
    """A default in the kind of the field; as it was written where it is none of that kind."""
    match ours.kind:
        case "number":
            try:
                return float(text) if "." in text else int(text)
            except ValueError:
                return text
        case "boolean":
            return {"yes": True, "no": False}.get(text.casefold(), text)
        case "list":
            return [each.strip() for each in text.split(",") if each.strip()]
        case _:
            return text


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
