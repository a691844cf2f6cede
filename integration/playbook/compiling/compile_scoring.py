"""Compiles scoring: fit, engagement, decay, bands and segments."""

import itertools
import re
from collections.abc import Sequence

from integration.core.rules.conditions import ALWAYS
from integration.core.rules.patterns import ENGAGING, Match, Pattern, Signal
from integration.core.rules.scoring_rules import (
    Band,
    Decay,
    Engagement,
    EngagementRule,
    Fit,
    FitGroup,
    FitRule,
    HalfLife,
    IdleSteps,
    Inference,
    Monthly,
    Named,
    Segments,
    Step,
)
from integration.playbook.compiling.compile_changes import check_expiry, for_change
from integration.playbook.language import schema, sections
from integration.playbook.language.activity_patterns import sighting
from integration.playbook.language.grammar import ConditionText, PatternText, Unreadable, condition, pattern
from integration.playbook.language.names import FUNNEL, Names
from mappings.model.canonical import SENDING
from mappings.values.instant import DAY
from mappings.yaml_files.located_yaml import Path


def compile_fit(fit: sections.Fit | None, names: Names) -> Fit | None:
    """The fit axis; None where the playbook leaves it out."""
    if fit is None:
        return None
    groups = []
    for group, rows in fit.groups.items():
        rules = []
        for text, points in rows.items():
            holds = names.single(text, ("fit", "groups", group, text.text), key=True)
            rules.append(FitRule(name=group, points=points, condition=holds, label=text.text))
        groups.append(FitGroup(name=group, rules=tuple(rules)))
    return Fit(groups=tuple(groups), cap=fit.max)


def compile_engagement(engagement: sections.Engagement | None, names: Names) -> Engagement | None:
    """The engagement axis; None where the playbook leaves it out. Teaches `names` what engages."""
    if engagement is None:
        return None
    rules = tuple(_rule(name, rule, engagement, names) for name, rule in engagement.points.items())
    scoring = [match for rule in rules if rule.points > 0 and rule.resets_idle for match in _signal_of(rule)]
    names.engaging = tuple(dict.fromkeys((*ENGAGING, *scoring)))
    return Engagement(rules=rules, cap=engagement.max, decay=_decay(engagement.decay, names))


def _signal_of(rule: EngagementRule) -> Signal:
    return rule.signal if rule.pattern is None else rule.pattern.parts[-1].signal


def _rule(name: str, rule: sections.Rule, engagement: sections.Engagement, names: Names) -> EngagementRule:
    path: Path = ("engagement", "points", name)
    if rule.changes is not None or rule.from_ is not None or rule.to is not None:
        return for_change(name, rule, engagement.limit, names)
    if rule.when is None and rule.all is None and rule.in_order is None:
        if name not in names.signals and name not in names.vocabulary.activities:
            names.report.problem(path, f"'{name}' is neither a signal nor an activity type: say 'when'", key=True)
            rule = rule.model_copy(update={"when": []})
        else:
            rule = rule.model_copy(update={"when": [PatternText(text=name, name=name, clauses=())]})
    seen = sighting(name, rule, path, names)
    if rule.points and seen is not None and (sent := _types(seen) & SENDING):
        text = f"'{min(sent)}' is what the sender of mail did, and no person: it scores nothing"
        names.report.problem(path, text, key=True)
    limit = rule.limit or engagement.limit
    if limit is not None and limit.by and limit.by != "asset":
        _known_property(limit.by, seen, (*path, "limit") if rule.limit else ("engagement", "limit"), names)
    simple = seen is not None and rule.at_least == 1 and len(seen.parts) == 1 and not seen.within
    if rule.nth is not None and not simple:
        names.report.problem((*path, "nth"), "'nth' counts single activities; it does not go with a pattern", key=True)
    check_expiry(rule, path, names)
    return EngagementRule(
        name=name,
        points=rule.points,
        signal=seen.parts[0].signal if seen is not None and simple else (),
        nth=rule.nth or 0,
        pattern=None if simple else seen,
        limit=limit,
        resets_idle=rule.resets_idle,
        expires=rule.expires,
        label=rule.label or name.replace("_", " "),
    )


def _types(seen: Pattern) -> set[str]:
    return {each for part in seen.parts for match in part.signal for each in match.types}


def _known_property(name: str, seen: Pattern | None, path: Path, names: Names) -> None:
    known = {each for kind in (_types(seen) if seen else ()) for each in names.vocabulary.activities.get(kind, {})}
    if name not in known:
        names.report.unknown(path, "property", name, ("asset", *known))


def _decay(decay: sections.Decay | None, names: Names) -> Decay | None:
    if decay is None:
        return None
    path: Path = ("engagement", "decay")
    chosen = [each for each in (decay.steps, decay.half_life, decay.per_month) if each]
    if len(chosen) != 1:
        names.report.problem(path, "one kind of decay is wanted: steps, half_life or per_month")
    floor = decay.floor
    if floor < 0:
        names.report.problem((*path, "floor"), "a floor below 0 is none: engagement never falls below 0")
    if decay.half_life:
        return HalfLife(days=decay.half_life, floor=floor)
    if decay.per_month:
        return Monthly(share=decay.per_month, floor=floor)
    steps = [Step(after=after, keep=keep) for after, keep in decay.steps.items()]
    for earlier, later in itertools.pairwise(steps):
        if later.after <= earlier.after or later.keep > earlier.keep:
            place = (*path, f"after {later.after // DAY}d")
            names.report.problem(place, "each step comes later and keeps no more than the one before", key=True)
    return IdleSteps(steps=tuple(steps), floor=floor)


def compile_bands(bands: sections.Bands, names: Names) -> tuple[Band, ...]:
    """Hot and warm as the file has them, then cold."""
    hot = names.condition(bands.hot, ("bands", "hot")) or ALWAYS
    warm = names.condition(bands.warm, ("bands", "warm")) or ALWAYS
    return Band(name="hot", condition=hot), Band(name="warm", condition=warm), Band(name="cold")


def compile_segments(file: schema.PlaybookFile, names: Names) -> Segments:
    """Fit and intent, personas, buying jobs and funnel stages."""
    personas = tuple(
        Named(name=name, condition=names.condition(texts, ("personas", name)) or ALWAYS, label=name.replace("_", " "))
        for name, texts in file.personas.items()
    )
    jobs = [each for name, texts in file.buying_jobs.items() for each in _job(name, texts, names)]
    funnel = [
        Inference(name=stage, signal=names.signal(patterns, ("funnel", stage)), label=stage.replace("_", " "))
        for stage in FUNNEL
        if (patterns := getattr(file.funnel, stage))
    ]
    return Segments(
        fit_high=file.segments.high_fit if file.segments else None,
        intent_high=file.segments.high_intent if file.segments else None,
        personas=personas,
        jobs=tuple(jobs),
        funnel=tuple(funnel),
    )


def _job(name: str, texts: Sequence[str], names: Names) -> list[Inference]:
    """Content, forms and calls as one signal; each condition on fields by itself."""
    label = name.replace("_", " ")
    found: list[Inference] = []
    matches: list[Match] = []
    for index, text in enumerate(texts):
        path: Path = ("buying_jobs", name, index)
        try:
            read = _evidence(text, names)
        except Unreadable as error:
            names.report.problem(path, error.text, at=error.at)
            continue
        if isinstance(read, PatternText):
            matches.extend(names.signal([read], ("buying_jobs", name, index)))
        else:
            found.append(Inference(name=name, condition=names.single(read, path), label=label))
    if matches:
        found.append(Inference(name=name, signal=tuple(matches), label=label))
    return found


def _evidence(text: str, names: Names) -> ConditionText | PatternText:
    """A text that begins with a field is a condition on it; else it is an activity."""
    first = re.split(r"[\s=<>!~]", text.strip(), maxsplit=1)[0]
    if first in names.vocabulary.lead or first in names.standing or first.startswith("account."):
        return condition(text)
    return pattern(text)
