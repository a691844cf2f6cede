"""Dispatch tables: signals numbered, conditions compiled, rules and triggers found by type of activity."""

from collections.abc import Iterator

from integration.core.compiled import content_tables
from integration.core.compiled.condition_checks import Check, Tests, always, check_or_none, checker, never, tests
from integration.core.compiled.dispatch import Dispatch
from integration.core.compiled.plans import (
    Arm,
    ChangePlan,
    EntryPlan,
    ExitPlan,
    Feed,
    FitPlan,
    PatternPlan,
    PlayPlan,
    RulePlan,
    TrackPlan,
    TriggerPlan,
    TypePlan,
)
from integration.core.rules.automation_rules import AlertStep, Play, TaskStep, TouchStep, Track, Trigger
from integration.core.rules.conditions import Compare, alternatives
from integration.core.rules.evaluation import evaluator
from integration.core.rules.patterns import Match, Part, Pattern, Signal
from integration.core.rules.playbook_rules import Playbook
from integration.core.rules.scoring_rules import EngagementRule, FieldChange, Inference
from mappings.values.instant import Span

_CAPITALS = frozenset({"crm", "mql", "roi", "sal", "sql"})
"""Words of names that people write in capitals."""
_DEMO: Signal = (Match(types=("demo_request",)),)


def tables(playbook: Playbook) -> Dispatch:
    """The tables of one playbook."""
    return _Builder(playbook).build()


class _Builder:
    """Interns signals while the tables are built."""

    def __init__(self, playbook: Playbook) -> None:
        self.playbook = playbook
        self.arms: dict[Signal, Arm] = {}
        self.changes: dict[str, list[ChangePlan]] = {}

    def build(self) -> Dispatch:
        playbook = self.playbook
        segments = playbook.segments
        self.arm(playbook.engaging).engaging = True
        for signal in (_DEMO, playbook.gate.signals):
            if signal:
                self.arm(signal).demo = True
        rules, pattern_rules = self.rule_plans()
        triggers = self.trigger_plans()
        for name, signal, check in (
            (each.name, each.signal, check_or_none(each.condition)) for each in segments.funnel if each.signal
        ):
            self.arm(signal).funnel += ((name, check),)
        for each in segments.jobs:
            if each.signal:
                self.arm(each.signal).jobs += ((each.name, check_or_none(each.condition)),)
        tracks = tuple(self.track_plan(track) for track in playbook.tracks)
        idle_entries = tuple((plan, entry) for plan in tracks for entry in plan.entries if entry.entry.idle)
        spans = _distinct(
            [each.trigger.idle for each in triggers if each.trigger.idle]
            + [entry.entry.idle for _, entry in idle_entries]
        )
        dated = tuple((each.trigger.dated, each) for each in triggers if each.trigger.dated is not None)
        dated_entries = tuple(
            (each.entry.dated, plan, each) for plan in tracks for each in plan.entries if each.entry.dated is not None
        )
        stops = {clock.name: self.arm(clock.stops).number for clock in playbook.clocks}
        fit_groups = playbook.fit.groups if playbook.fit else ()
        return Dispatch(
            rules=rules,
            rule_labels=_rule_labels(playbook),
            pattern_rules=pattern_rules,
            lead_changes={name: tuple(plans) for name, plans in self.changes.items() if "." not in name},
            account_changes={
                name.removeprefix("account."): tuple(plans) for name, plans in self.changes.items() if "." in name
            },
            expires=any(rule.expires for rule in rules.values()),
            pattern_triggers={f"trigger:{each.trigger.name}": each for each in triggers if each.trigger.pattern},
            condition_triggers=tuple(each for each in triggers if _by_condition(each.trigger)),
            idle_triggers=tuple(each for each in triggers if each.trigger.idle),
            idle_entries=idle_entries,
            dated_triggers=dated,
            dated_entries=dated_entries,
            dates=tuple(dict.fromkeys([each for each, _ in dated] + [each for each, *_ in dated_entries])),
            fit=tuple(
                FitPlan(name=group.name, rules=tuple((r.name, r.points, checker(r.condition)) for r in group.rules))
                for group in fit_groups
            ),
            bands=tuple((band.name, checker(band.condition)) for band in playbook.bands),
            personas=tuple((each.name, checker(each.condition)) for each in segments.personas),
            job_conditions=_conditions_alone(segments.jobs),
            funnel_conditions=_conditions_alone(segments.funnel),
            funnel_order=tuple(dict.fromkeys(each.name for each in segments.funnel)),
            exclusions=tuple(checker(each) for each in playbook.exclusions),
            gate=_gate(playbook),
            barred=checker(playbook.gate.barred) if playbook.gate.barred else never,
            tracks={plan.track.name: plan for plan in tracks},
            in_order=tracks,
            plain_tracks=any(plan.plain for plan in tracks),
            signal_entries=frozenset(entry.arm for plan in tracks for entry in plan.entries if entry.arm is not None),
            plays={play.name: _play_plan(play) for play in playbook.plays},
            contents={content.name: content for content in playbook.contents},
            choices=content_tables.choices(playbook),
            assets=content_tables.assets(playbook),
            clock_checks={clock.name: checker(clock.condition) for clock in playbook.clocks if clock.condition},
            clock_stops=stops,
            stopping=frozenset(stops.values()),
            talk=tuple(
                (checker(talk.condition) if talk.condition else always, talk.text)
                for talk in playbook.handoff.talk_tracks
            ),
            idle_spans=spans,
            idle_least=min(spans, default=0),
            kept_touches=max([8, *(plan.unopened for plan in tracks)]),
            slows=any(track.slower for track in playbook.tracks),
            types=self.by_type(),
            account_arms=self.account_arms(),
        )

    def arm(self, signal: Signal) -> Arm:
        """The one arm of a signal."""
        if signal not in self.arms:
            self.arms[signal] = Arm(number=len(self.arms), signal=signal)
        return self.arms[signal]

    def rule_plans(self) -> tuple[dict[str, RulePlan], dict[str, RulePlan]]:
        rules: dict[str, RulePlan] = {}
        by_pattern: dict[str, RulePlan] = {}
        for place, rule in enumerate(self.playbook.engagement.rules if self.playbook.engagement else ()):
            plan = _rule_plan(place, rule)
            rules[rule.name] = plan
            if not rule.points:
                continue
            if rule.change is not None:
                self.changes.setdefault(rule.change.field, []).append(_change_plan(plan, rule.change))
            elif rule.pattern is None:
                self.arm(rule.signal).rules += (plan,)
            else:
                key = f"rule:{rule.name}"
                by_pattern[key] = plan
                self.feed(key, rule.pattern, used_up=True)
        return rules, by_pattern

    def trigger_plans(self) -> tuple[TriggerPlan, ...]:
        plans = []
        for trigger in self.playbook.triggers:
            if trigger.pattern is not None:
                self.feed(f"trigger:{trigger.name}", trigger.pattern, used_up=trigger.pattern.within == 0)
            plans.append(
                TriggerPlan(trigger=trigger, check=checker(trigger.condition) if trigger.condition else always)
            )
        return tuple(plans)

    def feed(self, key: str, pattern: Pattern, *, used_up: bool) -> None:
        """Make every arm of a pattern contribute to it."""
        plan = PatternPlan(
            key=key,
            needs=tuple((part.at_least, part.distinct) for part in pattern.parts),
            units=tuple(_units(pattern.parts)) if pattern.ordered else (),
            within=pattern.within,
            used_up=used_up,
        )
        for signal in dict.fromkeys(part.signal for part in pattern.parts):
            parts = tuple(number for number, part in enumerate(pattern.parts) if part.signal == signal)
            self.arm(signal).feeds += (Feed(plan=plan, parts=parts),)

    def track_plan(self, track: Track) -> TrackPlan:
        entries = tuple(
            EntryPlan(
                entry=entry,
                check=checker(entry.condition) if entry.condition else always,
                arm=self.arm(entry.signal).number if entry.signal else None,
                plain=not (entry.created or entry.stage or entry.signal or entry.idle or entry.dated),
            )
            for entry in track.entries
        )
        exits = tuple(
            ExitPlan(
                exit=each,
                check=checker(each.condition) if each.condition else always,
                arm=self.arm(each.signal).number if each.signal else None,
                timed=bool(each.idle or each.after),
                eventful=bool(each.signal) or each.engaged,
            )
            for each in track.exits
        )
        return TrackPlan(
            track=track,
            entries=entries,
            exits=exits,
            plain=tuple(entry for entry in entries if entry.plain),
            unopened=max([0, *(each.unopened for each in track.exits)]),
            judged=tuple(each for each in exits if not each.exit.unopened),
            timed=tuple(each for each in exits if each.timed and not each.eventful and not each.exit.unopened),
            name_words=_in_words(track.label or track.name),
        )

    def by_type(self) -> dict[str, TypePlan]:
        """What an activity of each type is tested for."""
        tables: dict[str, list[tuple[Tests, Arm]]] = {}
        looks_at: dict[str, dict[str, None]] = {}
        for arm in self.arms.values():
            for name in dict.fromkeys(name for match in arm.signal for name in match.types):
                wanted = [match.where for match in arm.signal if name in match.types]
                tables.setdefault(name, []).append((tests(wanted), arm))
                seen = looks_at.setdefault(name, {})
                seen.update((part, None) for where in wanted for test in where for part in alternatives(test.subject))
        return {name: TypePlan(arms=tuple(arms), looks_at=tuple(looks_at[name])) for name, arms in tables.items()}

    def account_arms(self) -> dict[str, tuple[tuple[int, Tests], ...]]:
        """Which account signals an activity of each type is tested for."""
        tables: dict[str, list[tuple[int, Tests]]] = {}
        for number, signal in enumerate(self.playbook.account_signals):
            for name in dict.fromkeys(name for match in signal.signal for name in match.types):
                wanted = [match.where for match in signal.signal if name in match.types]
                tables.setdefault(name, []).append((number, tests(wanted)))
        return {name: tuple(arms) for name, arms in tables.items()}


def _by_condition(trigger: Trigger) -> bool:
    return trigger.pattern is None and not trigger.idle and trigger.dated is None


def _gate(playbook: Playbook) -> Check:
    """The gate's condition; `band = hot`, where that is the first band, is that band's own condition."""
    condition, first = playbook.gate.condition, playbook.bands[0]
    if condition == Compare(subject="band", op="is", values=(first.name,)):
        return checker(first.condition)
    return checker(condition) if condition else never


def _play_plan(play: Play) -> PlayPlan:
    tasks: list[tuple[int, TaskStep, list[str]]] = []
    for number, step in enumerate((step for step in play.steps if isinstance(step, TaskStep)), 1):
        if step.due is not None or not tasks:
            tasks.append((number, step, []))
        else:
            tasks[-1][2].append(f"{step.subject}: {step.note}" if step.note else step.subject)
    return PlayPlan(
        play=play,
        tasks=tuple((number, step, tuple(checklist)) for number, step, checklist in tasks),
        alerts=tuple(step for step in play.steps if isinstance(step, AlertStep)),
        touches=tuple(step for step in play.steps if isinstance(step, TouchStep)),
    )


def _distinct(spans: list[Span]) -> tuple[Span, ...]:
    return tuple(sorted(set(spans)))


def _rule_plan(place: int, rule: EngagementRule) -> RulePlan:
    return RulePlan(
        place=place,
        name=rule.name,
        points=rule.points,
        nth=rule.nth,
        limit=rule.limit,
        resets=rule.resets_idle,
        expires=rule.expires,
        simple=not rule.nth and rule.limit is None,
    )


def _change_plan(plan: RulePlan, change: FieldChange) -> ChangePlan:
    before, after = (
        evaluator(each, lambda _: lambda value: value) if each is not None else None
        for each in (change.before, change.after)
    )
    return ChangePlan(rule=plan, before=before, after=after)


def _rule_labels(playbook: Playbook) -> dict[str, str]:
    rules = playbook.engagement.rules if playbook.engagement else ()
    return {rule.name: rule.label or rule.name.replace("_", " ") for rule in rules}


def _units(parts: tuple[Part, ...]) -> Iterator[int]:
    for number, part in enumerate(parts):
        yield from [number] * part.at_least


def _conditions_alone(inferences: tuple[Inference, ...]) -> tuple[tuple[str, Check], ...]:
    return tuple(
        (each.name, checker(each.condition)) for each in inferences if not each.signal and each.condition is not None
    )


def _in_words(name: str) -> str:
    """A name as people write it: `SQL reengagement`."""
    return " ".join([word.upper() if word in _CAPITALS else word for word in name.replace("_", " ").split(" ")])
