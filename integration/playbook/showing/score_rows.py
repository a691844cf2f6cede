"""Rows of the page about scores: fit, points, decay, and what rules and triggers look for, in words."""

from collections.abc import Iterator

from integration.core.rules.scoring_rules import POINT
from integration.playbook.language import grammar, schema, sections

Row = tuple[str, ...]


def points(thousandths: int) -> str:
    """Points as people write them."""
    return f"{thousandths / POINT:g}"


def cap_words(cap: int | None) -> str:
    """`, at most 40`, or nothing."""
    return "" if cap is None else f", at most {points(cap)}"


def fit_rows(fit: sections.Fit) -> Iterator[Row]:
    """Group, condition and points of every line of fit."""
    for group, rows in fit.groups.items():
        for index, (condition, given) in enumerate(rows.items()):
            yield ("" if index else group.replace("_", " "), condition.text, points(given))


def rule_row(name: str, rule: sections.Rule) -> Row:
    """What gives points: its name, how many, and for what."""
    what = looking(rule) or changing(rule) or name
    extras = [f"only number {rule.nth}"] if rule.nth else []
    if rule.limit is not None:
        extras.append(
            f"at most {rule.limit.times} per {grammar.shown(rule.limit.within) if rule.limit.within else 'day'}"
        )
    if rule.expires:
        extras.append(f"ends after {grammar.shown(rule.expires)}")
    if not rule.resets_idle:
        extras.append("does not end idleness")
    return rule.label or name.replace("_", " "), points(rule.points), "; ".join((what, *extras))


def changing(rule: sections.Rule) -> str:
    """Which field's change a rule looks for, in words."""
    came = [f"{word} {value}" for word, value in (("from", rule.from_), ("to", rule.to)) if value is not None]
    return " ".join((f"{rule.changes} changes", *came)) if rule.changes else ""


def decay_words(decay: sections.Decay | None) -> str:
    """What idleness takes away, as a sentence."""
    if decay is None:
        return "Nothing decays."
    if decay.half_life:
        told = f"Half is left after {decay.half_life} days"
    elif decay.per_month:
        told = f"Each activity loses {decay.per_month / 10:g}% a month"
    else:
        kept = (f"after {grammar.shown(after)} idle {share / 10:g}% is left" for after, share in decay.steps.items())
        told = "Decay: " + ", ".join(kept)
    return f"{told}; it stops at {points(decay.floor)}." if decay.floor else f"{told}."


def looking(rule: sections.Rule | schema.Trigger) -> str:
    """What a rule or a trigger looks for, in words."""
    ways = ((rule.all, " and "), (rule.in_order, ", then "), (rule.when, " or "))
    words = next((joint.join(text.text for text in texts) for texts, joint in ways if texts is not None), "")
    if not words:
        return ""
    if rule.at_least > 1:
        words += f", at least {rule.at_least}"
        words += f" different {rule.distinct}s" if rule.distinct else " times"
    if rule.within:
        words += f" within {grammar.shown(rule.within)}"
    return words + (" by people of one account" if rule.by == "account" else "")
