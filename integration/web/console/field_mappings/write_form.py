"""The form for a part of a lead's standing that is written: the fields it goes to, and in which words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from integration.web.console.shell.page_queries import posted_pairs
from mappings.model.catalogue import TEXT_LIMIT
from mappings.yaml_files.located_yaml import Path

MOST_TARGETS = 8
_MOST_VALUES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetForm:
    """One CRM field that is written. `values` are (our word, the CRM's); a CRM's word of "" is none of its own.

    `blank` is "" for the usual, `keep` or `clear`; `over` are values that may be replaced, one a line.
    """

    field: str = ""
    limit: str = ""
    quiet: bool = False
    blank: str = ""
    values: tuple[tuple[str, str], ...] = ()
    over: str = ""

    def value(self) -> Any:
        """What the mapping says of it: the bare name where that is all."""
        said: dict[str, Any] = {"to": self.field}
        if table := {ours: there for ours, there in self.values if ours and there}:
            said["values"] = table
        if self.over.strip():
            said["over"] = [each.strip() for each in self.over.splitlines() if each.strip()]
        if self.limit and self.limit != str(TEXT_LIMIT):
            said["limit"] = int(self.limit) if self.limit.isdecimal() else self.limit
        if self.quiet:
            said["quiet"] = True
        if self.blank:
            said["blank"] = self.blank
        return said if len(said) > 1 else self.field


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteForm:
    """The whole form."""

    targets: tuple[TargetForm, ...] = (TargetForm(),)

    def value(self) -> Any:
        """What the mapping's file says; None where it goes to no field."""
        said = [each.value() for each in self.targets if each.field.strip()]
        return said if len(said) > 1 else said[0] if said else None


def of_targets(raw: Any) -> WriteForm:
    """The form of what the file has."""
    listed = raw if isinstance(raw, list) else [raw]
    return WriteForm(targets=tuple(_of_target(each) for each in listed) or (TargetForm(),))


def of_posted(form: Mapping[str, str]) -> WriteForm:
    """The form as a browser sent it."""
    targets = []
    for at in range(MOST_TARGETS):
        if f"t{at}-to" in form:
            table = posted_pairs(form, f"t{at}-c", f"t{at}-v", _MOST_VALUES)
            targets.append(
                TargetForm(
                    field=form[f"t{at}-to"].strip(),
                    limit=form.get(f"t{at}-limit", "").strip(),
                    quiet=form.get(f"t{at}-quiet") == "yes",
                    blank=form.get(f"t{at}-blank", ""),
                    values=tuple((ours, there) for ours, there in table if ours),
                    over=form.get(f"t{at}-over", "").strip(),
                )
            )
    return WriteForm(targets=tuple(targets) or (TargetForm(),))


def filled(form: WriteForm, ours: Sequence[str]) -> WriteForm:
    """The form with every word of ours in each table, in our order."""
    return replace(form, targets=tuple(_filled(each, ours) for each in form.targets))


def slot(path: Path) -> str:
    """The input that a place belongs to."""
    at, steps = 0, list(path)
    if steps and isinstance(steps[0], int):
        at, steps = steps[0], steps[1:]
    name = steps[0] if steps else "to"
    return f"t{at}-{name}" if name in {"limit", "values", "over", "quiet", "blank"} else f"t{at}-to"


def slots(form: WriteForm) -> list[str]:
    """Every input that may have a mistake."""
    names = ("to", "limit", "quiet", "blank", "values", "over")
    return [*(f"t{at}-{name}" for at in range(len(form.targets)) for name in names), "rule"]


def _filled(target: TargetForm, ours: Sequence[str]) -> TargetForm:
    there = dict(target.values)
    more = [(word, there.pop(word, "")) for word in ours]
    return replace(target, values=(*more, *there.items()))


def _of_target(raw: Any) -> TargetForm:
    table = raw if isinstance(raw, dict) else {"to": raw}
    values, over = table.get("values"), table.get("over")
    return TargetForm(
        field=str(table.get("to") or ""),
        limit=str(table.get("limit", "")),
        quiet=table.get("quiet") is True,
        blank=str(table.get("blank", "")),
        values=tuple((str(ours), str(there)) for ours, there in values.items()) if isinstance(values, dict) else (),
        over="\n".join(map(str, over)) if isinstance(over, list) else "",
    )
