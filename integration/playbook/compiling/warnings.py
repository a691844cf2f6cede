"""Warnings: what a playbook says that was hardly meant, given beside a playbook that works."""

from collections.abc import Iterable, Mapping

from integration.core.rules.conditions import ALWAYS, Compare, Condition, subjects
from integration.core.rules.playbook_rules import Playbook
from integration.core.rules.scoring_rules import POINT, Fit
from integration.playbook.compiling.article_lints import look_for
from integration.playbook.compiling.condition_logic import clauses, contradictory, implies, least
from integration.playbook.compiling.reachable import passed_by_clicks, reachable
from integration.playbook.language import schema
from integration.playbook.language.names import SCORES, Names
from integration.playbook.language.report import Report
from mappings.yaml_files.located_yaml import Path


def look_over(file: schema.PlaybookFile, playbook: Playbook, names: Names) -> None:
    """Warn of what can never happen, never be reached, or is named and never used."""
    report = names.report
    _thresholds(file, playbook, names)
    _bands(file, playbook, report)
    _floor(file, playbook, report)
    _gate(playbook, report)
    _fit(file, playbook.fit, report)
    _tracks(file, playbook, report)
    _plays(file, playbook, report)
    _unused(file, playbook, names)
    look_for(file, playbook, highest(playbook)["fit"], report)


def shown(thousandths: float) -> str:
    """Points as people write them."""
    return f"{thousandths / POINT:g}"


def highest(playbook: Playbook) -> dict[str, float]:
    """The most that each score can come to."""
    fit = engagement = 0.0
    if playbook.fit is not None:
        fit = sum(max((rule.points for rule in group.rules), default=0) for group in playbook.fit.groups)
        fit = min(fit, playbook.fit.cap) if playbook.fit.cap is not None else fit
    if playbook.engagement is not None:
        engagement = float("inf") if playbook.engagement.cap is None else playbook.engagement.cap
    return {"fit": fit, "engagement": engagement, "total": fit + engagement}


def _thresholds(file: schema.PlaybookFile, playbook: Playbook, names: Names) -> None:
    most = highest(playbook)
    for claim in names.claims:
        subject = claim.compare.subject
        if subject in SCORES and _never(claim.compare, most[subject]):
            text = f"never reached: {subject} comes to {shown(most[subject])} at most"
            names.report.warn(claim.path, text, at=claim.at, key=claim.key)
    if file.segments is not None:
        for key, subject in (("high_fit", "fit"), ("high_intent", "engagement")):
            if getattr(file.segments, key) > most[subject]:
                text = f"never reached: {subject} comes to {shown(most[subject])} at most"
                names.report.warn(("segments", key), text)
    for name, points in (file.fit.tiers if file.fit else {}).items():
        if points > most["fit"]:
            names.report.warn(("fit", "tiers", name), f"never reached: fit comes to {shown(most['fit'])} at most")


def _bands(file: schema.PlaybookFile, playbook: Playbook, report: Report) -> None:
    hot, warm = playbook.bands[0].condition, playbook.bands[1].condition
    for name, condition in (("hot", hot), ("warm", warm)):
        if (clash := contradictory(condition)) is not None:
            report.warn(
                ("bands", name), f"nobody can be {name}: two conditions on {clash[0].subject} contradict each other"
            )
    if implies(warm, hot):
        texts = " or ".join(text.text for text in file.bands.hot)
        report.warn(("bands", "warm"), f"nobody can be warm: whoever is warm is hot already ({texts})")
        return
    _empty_bands(playbook, report)


def _empty_bands(playbook: Playbook, report: Report) -> None:
    """Bands in which nobody can be, by what fit and engagement can come to.

    Two conditions that clash, and a bound beyond a score's highest value, have warnings of their own.
    """
    hot, warm, most = playbook.bands[0].condition, playbook.bands[1].condition, highest(playbook)
    reach = f"fit comes to {shown(most['fit'])} and engagement to {shown(most['engagement'])} at most"
    if contradictory(hot) is None and not _beyond(hot, most) and not reachable(hot, (), most):
        report.warn(("bands", "hot"), f"nobody can be hot: {reach}")
    elif contradictory(warm) is None and not _beyond(warm, most) and not reachable(warm, (hot,), most):
        report.warn(("bands", "warm"), f"nobody can be warm: {reach}, and whoever meets this is hot")
    elif not reachable(ALWAYS, (hot, warm), most):
        report.warn(("bands", "warm"), "nobody can be cold: everybody is warm or hot")


def _floor(file: schema.PlaybookFile, playbook: Playbook, report: Report) -> None:
    """A decay that begins where engagement ends."""
    decay, most = file.engagement.decay if file.engagement else None, highest(playbook)["engagement"]
    if decay is not None and decay.floor >= most:
        report.warn(("engagement", "decay", "floor"), f"nothing decays: engagement comes to {shown(most)} at most")


def _beyond(condition: Condition, most: Mapping[str, float]) -> bool:
    """Whether one of its bounds is never reached, which is a warning of its own."""
    return any(each.subject in SCORES and _never(each, most[each.subject]) for each in clauses(condition) or ())


def _never(compare: Compare, most: float) -> bool:
    """Whether a score that comes to `most` never gets where this begins."""
    wanted = least(compare)
    return wanted is not None and (most < wanted or (compare.op == "above" and most == wanted))


def _gate(playbook: Playbook, report: Report) -> None:
    condition = playbook.gate.condition
    if condition is None:
        return
    if (clash := contradictory(condition)) is not None:
        report.warn(("handoff", "gate"), f"nobody can pass: two conditions on {clash[0].subject} contradict each other")
    if playbook.fit is None:
        return
    if subjects(condition) == {"engagement"}:
        report.warn(("handoff", "gate"), "the gate looks at engagement alone; clicking does not make a customer")
    elif passed_by_clicks(playbook, highest(playbook)):
        text = "engagement alone passes the gate, without any fit; clicking does not make a customer"
        report.warn(("handoff", "gate"), text)


def _fit(file: schema.PlaybookFile, fit: Fit | None, report: Report) -> None:
    if fit is None or file.fit is None:
        return
    total = sum(max((rule.points for rule in group.rules), default=0) for group in fit.groups)
    if fit.cap is not None and total < fit.cap:
        report.warn(("fit", "max"), f"never reached: the groups come to {shown(total)} at most")
    for group in fit.groups:
        for index, rule in enumerate(group.rules):
            before = next((each for each in group.rules[:index] if implies(rule.condition, each.condition)), None)
            path: Path = ("fit", "groups", group.name, rule.label)
            if before is not None:
                report.warn(path, f"never reached: '{before.label}' comes before it and holds as well", key=True)
            if (clash := contradictory(rule.condition)) is not None:
                report.warn(path, f"never holds: two conditions on {clash[0].subject} contradict each other", key=True)


def _tracks(file: schema.PlaybookFile, playbook: Playbook, report: Report) -> None:
    """A track that no way leads to, neither from outside nor from a track that is entered."""
    entered = {track.name for track in playbook.tracks if track.entries}
    entered |= {move.track for move in playbook.first_moves} | {move.then for move in playbook.first_moves}
    entered |= {trigger.track for trigger in playbook.triggers} | {back.track for back in playbook.recycle}
    exits = {track.name: {way.to for way in track.exits} for track in playbook.tracks}
    while more := {to for name in entered for to in exits.get(name, ())} - entered:
        entered |= more
    for name in file.tracks:
        if name not in entered:
            report.warn(("tracks", name), f"nobody enters track '{name}'", key=True)


def _plays(file: schema.PlaybookFile, playbook: Playbook, report: Report) -> None:
    used = {playbook.handoff.play} | {trigger.play for trigger in playbook.triggers}
    used |= {move.play for move in playbook.first_moves}
    for name in file.plays:
        if name not in used:
            report.warn(("plays", name), f"nothing triggers play '{name}'", key=True)


def _unused(file: schema.PlaybookFile, playbook: Playbook, names: Names) -> None:
    sections = (
        ("signals", "signal", file.signals, names.used_signals),
        ("lists", "list", file.lists, names.used_lists),
        ("contents", "content", file.contents, set(_contents(playbook))),
    )
    for section, kind, known, used in sections:
        for name in known:
            if name not in used:
                names.report.warn((section, name), f"{kind} '{name}' is never used", key=True)


def _contents(playbook: Playbook) -> Iterable[str]:
    """What touches name, and what these choose among."""
    choices = {content.name: (*content.first_unseen, content.otherwise) for content in playbook.contents}
    for name in _named(playbook):
        yield from (name, *choices.get(name, ()))


def _named(playbook: Playbook) -> Iterable[str]:
    for track in playbook.tracks:
        yield from (offset.touch.content for offset in track.offsets)
        yield from (touch.content for rhythm in track.rhythms for touch in rhythm.touches)
    for move in playbook.first_moves:
        yield from (touch.content for touch in move.touches)
    for play in playbook.plays:
        yield from (content for step in play.steps if (content := getattr(step, "content", None)) is not None)
    yield playbook.handoff.profile_touch
