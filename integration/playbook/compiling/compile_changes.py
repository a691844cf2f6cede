"""Compiles rows of points for a field's change: which field, from what, to what."""

from integration.core.rules.conditions import STANDING, Compare, Condition, Every
from integration.core.rules.scoring_rules import VALUE, EngagementRule, FieldChange, Limit
from integration.playbook.language import sections
from integration.playbook.language.grammar import Unreadable, value_of
from integration.playbook.language.names import Names
from mappings.yaml_files.located_yaml import Path

_OF_ACTIVITIES = ("when", "all", "in_order", "at_least", "distinct", "by", "within")


def for_change(name: str, rule: sections.Rule, limit: Limit | None, names: Names) -> EngagementRule:
    """The rule of a row with `changes`. A change is nothing that a person does, so that it ends no idleness."""
    path: Path = ("engagement", "points", name)
    if rule.changes is None:
        key = "from" if rule.from_ is not None else "to"
        names.report.problem((*path, key), f"'{key}' is a value of a field: say 'changes' which one", key=True)
    for key in _OF_ACTIVITIES:
        if key in rule.model_fields_set:
            text = f"'{key}' is about what people do; it does not go with 'changes' in '{name}'"
            names.report.problem((*path, key), text, key=True)
    if rule.resets_idle and "resets_idle" in rule.model_fields_set:
        text = "a field's change is nothing that a person does: it does not end idleness"
        names.report.problem((*path, "resets_idle"), text, key=True)
    check_expiry(rule, path, names)
    return EngagementRule(
        name=name,
        points=rule.points,
        nth=rule.nth or 0,
        limit=rule.limit or limit,
        resets_idle=False,
        expires=rule.expires,
        change=_change(rule, path, names),
        label=rule.label or name.replace("_", " "),
    )


def check_expiry(rule: sections.Rule, path: Path, names: Names) -> None:
    """Say so if there is nothing that could end."""
    if rule.expires and rule.points <= 0:
        text = "only points that are given expire: what a rule takes away, or 0 points, is nothing that ends"
        names.report.problem((*path, "expires"), text, key=True)


def _change(rule: sections.Rule, path: Path, names: Names) -> FieldChange:
    name = rule.changes or ""
    if name in STANDING:
        text = f"'{name}' is where a lead stands, and no field; a trigger waits for it: enters: {name} = …"
        names.report.problem((*path, "changes"), text)
        return FieldChange(field=name)
    subject = names.subject(name, (*path, "changes")) if name else None
    if subject is None:
        return FieldChange(field=name)
    values = (_value(name, rule.from_, (*path, "from"), names), _value(name, rule.to, (*path, "to"), names))
    return FieldChange(field=subject[0].partition("|")[0], before=values[0], after=values[1])


def _value(name: str, text: str | None, path: Path, names: Names) -> Condition | None:
    """What the value has to be, as a condition on the value itself."""
    if text is None:
        return None
    try:
        found = names.single(value_of(name, text), path)
    except Unreadable as error:
        names.report.problem(path, error.text, at=error.at)
        return None
    return _of_value(found)


def _of_value(condition: Condition) -> Condition:
    if isinstance(condition, Every):
        return Every(conditions=tuple(_of_value(each) for each in condition.conditions))
    if isinstance(condition, Compare):
        return Compare(subject=VALUE, op=condition.op, values=condition.values)
    return condition
