"""Numbers of the playbooks that a history shows only in part: days, rhythms, lengths, decay, and what is shared."""

import pytest

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.state import newborn
from integration.core.rules.automation_rules import Play, Track
from integration.core.rules.playbook_rules import Playbook
from integration.core.rules.scoring_rules import HalfLife, IdleSteps
from integration.core.run.apply_events import advance
from integration.playbook.compiling.compiler import load
from integration.playbook.reading import library
from mappings.model.canonical import Activity
from mappings.values.identifiers import LeadId
from mappings.values.instant import DAY

Rhythms = list[tuple[int, int]]

TRACKS: dict[str, dict[str, tuple[list[int], Rhythms]]] = {
    "two-axis": {
        "drip": ([0, 3, 7, 11, 15], []),
        "evaluation": ([0, 4, 8], []),
        "newsletter": ([], [(14, 0)]),
        "re_engagement": ([0, 14], []),
        "renurture": ([], [(14, 90)]),
    },
    "behavioural": {
        "decision": ([], [(3, 0)]),
        "consideration": ([], [(7, 0)]),
        "awareness": ([], [(14, 0)]),
        "re_engagement": ([0, 14, 28], []),
    },
    "operating-model": {
        "evaluation": ([0, 3, 7, 14], []),
        "early_education": ([0, 3, 7, 14, 21, 28], []),
        "light_touch": ([], [(30, 0)]),
        "recycle_timing": ([0, 3, 7, 14, 21, 28], [(15, 84), (30, 0)]),
        "recycle_budget": ([0, 3, 7, 14, 21, 28], [(15, 84), (30, 0)]),
        "recycle_priority": ([0, 3, 7, 14, 21, 28], [(15, 84), (30, 0)]),
        "recycle_competitor": ([0, 3, 7, 14, 21, 28], [(15, 84), (30, 0)]),
        "recycle_no_response": ([0, 3, 7, 14, 21, 28], [(15, 84), (30, 0)]),
    },
    "five-tracks": {
        "welcome": ([0, 2, 5, 9, 14], []),
        "mql_nurture": ([0, 4, 7, 11, 14, 18, 21, 25, 35, 42, 49, 56], []),
        "sql_reengagement": ([], [(21, 180)]),
        "lost_deal": ([], [(30, 89), (30, 365)]),
        "customer_expansion": ([], [(15, 0)]),
        "advanced": ([], [(14, 0)]),
    },
    "fit-engagement": {
        name: ([0, 4, 7, 11, 14, 18, 21, 25, 28, 32, 35, 39, 42, 46, 49, 53, 56], [(7, 0)])
        for name in ("awareness", "consideration", "decision")
    },
}
"""Track → (days of its touches, its rhythms as (every so many days, until which day; 0 is for ever))."""


def playbook(name: str) -> Playbook:
    found, problems = load(name)
    assert found is not None, problems
    return found


def shape(track: Track) -> tuple[list[int], Rhythms]:
    days = [offset.after // DAY for offset in track.offsets]
    return days, [(rhythm.every // DAY, rhythm.until // DAY) for rhythm in track.rhythms]


@pytest.mark.parametrize("name", TRACKS)
def test_touches_go_on_the_days_of_the_article(name: str) -> None:
    assert {track.name: shape(track) for track in playbook(name).tracks} == TRACKS[name]


@pytest.mark.parametrize(
    ("name", "track", "after"),
    [
        ("two-axis", "renurture", 90),
        ("behavioural", "awareness", 90),
        ("five-tracks", "sql_reengagement", 180),
        ("five-tracks", "lost_deal", 365),
    ],
)
def test_a_stay_ends_after_so_many_days(name: str, track: str, after: int) -> None:
    [found] = [each for each in playbook(name).tracks if each.name == track]
    assert [way.after // DAY for way in found.exits if way.after] == [after]


@pytest.mark.parametrize("name", ["two-axis", "five-tracks", "standard"])
def test_idle_steps_keep_four_fifths_half_and_nothing(name: str) -> None:
    engagement = playbook(name).engagement
    assert engagement is not None
    assert isinstance(engagement.decay, IdleSteps)
    assert [(step.after // DAY, step.keep) for step in engagement.decay.steps] == [(14, 800), (30, 500), (90, 0)]


@pytest.mark.parametrize("name", ["operating-model", "fit-engagement"])
def test_half_is_left_after_thirty_days(name: str) -> None:
    engagement = playbook(name).engagement
    assert engagement is not None
    assert engagement.decay == HalfLife(days=30)


@pytest.mark.parametrize(
    ("name", "fit", "engagement"),
    [
        ("two-axis", 40_000, 60_000),
        ("behavioural", None, None),
        ("operating-model", 50_000, 50_000),
        ("five-tracks", 40_000, 60_000),
        ("fit-engagement", 50_000, 50_000),
        ("standard", 40_000, 60_000),
    ],
)
def test_the_axes_end_where_the_article_ends_them(name: str, fit: int | None, engagement: int | None) -> None:
    found = playbook(name)
    assert (found.fit.cap if found.fit else None) == fit
    assert (found.engagement.cap if found.engagement else None) == engagement


def test_standard_scores_as_two_axis_with_daily_limits() -> None:
    standard, two_axis = playbook("standard"), playbook("two-axis")
    assert standard.fit == two_axis.fit
    assert standard.engagement is not None
    assert two_axis.engagement is not None
    ours, theirs = (
        [(each.name, each.points, each.signal, each.resets_idle) for each in book.rules if "click" not in each.name]
        for book in (standard.engagement, two_axis.engagement)
    )
    assert ours == theirs
    for rule in standard.engagement.rules:
        assert rule.limit is not None
        assert (rule.limit.times, rule.limit.within, rule.limit.by) == (1, 0, "asset")


def test_five_tracks_scores_as_standard() -> None:
    five_tracks, standard = playbook("five-tracks"), playbook("standard")
    assert five_tracks.fit == standard.fit
    assert five_tracks.engagement == standard.engagement
    assert five_tracks.bands == standard.bands
    assert five_tracks.gate == standard.gate


def test_standard_has_the_tracks_of_five_tracks_and_the_ways_back_of_operating_model() -> None:
    ours = {track.name: (track.offsets, track.rhythms) for track in playbook("standard").tracks}
    five = {track.name: (track.offsets, track.rhythms) for track in playbook("five-tracks").tracks}
    back = {
        track.name: (track.offsets, track.rhythms)
        for track in playbook("operating-model").tracks
        if track.name.startswith("recycle_")
    }
    assert ours == five | back


def test_standard_has_the_triggers_plays_and_clocks_of_operating_model() -> None:
    ours, theirs = playbook("standard"), playbook("operating-model")
    triggers = {trigger.name: trigger for trigger in ours.triggers}
    plays: dict[str, Play] = {play.name: play for play in ours.plays}
    for trigger in theirs.triggers:
        assert triggers[trigger.name] == trigger
    for play in theirs.plays:
        assert plays[play.name].steps[1:] == play.steps[1:]
    assert ours.clocks == theirs.clocks
    assert ours.unreached == theirs.unreached


def test_standard_asks_for_what_all_ask_for() -> None:
    asked = {need.field for name in library.names() for need in playbook(name).handoff.required}
    handoff = playbook("standard").handoff
    assert {need.field for need in (*handoff.required, *handoff.asks)} == asked | {"budget"}


CLICKED = (
    "/blog/why-prices-matter",
    "/pricing",
    "/en/integrations/slack",
    "/security",
    "/roi",
    "/products/x",
    "/x",
    None,
)


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("operating-model", [1, 5, 5, 5, 5, 2, 2, 2]),
        ("standard", [1, 5, 5, 5, 5, 3, 3, 3]),
        ("five-tracks", [1, 5, 5, 5, 5, 3, 3, 3]),
        ("two-axis", [3] * 8),
        ("fit-engagement", [2] * 8),
        ("behavioural", [0] * 8),
    ],
)
def test_a_click_on_prices_is_no_click_on_the_blog_where_the_article_says_so(name: str, points: list[int]) -> None:
    compiled = CompiledPlaybook.of(playbook(name))
    recognised = compiled.playbook.vocabulary.recognised
    found = []
    for url in CLICKED:
        kind, properties = recognised("email_click", {"url": f"https://www.acme.example{url}"} if url else {})
        deed = Activity(id="a", lead="ana", at=DAY, type=kind, properties=properties)
        found.append(advance(compiled, newborn(LeadId("ana")), [deed], DAY).state.score.value // 1_000)
    assert found == points
