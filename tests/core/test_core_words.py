"""Conditions and templates, and what a task says: packet, reasons, buying job, segment."""

from collections.abc import Callable
from typing import Any

import pytest
from core_builders import CLOCK, START, being, did, firm, fold, hot, of, on, playbook, rule, saw, told

from integration.core.handoff.wording import WORDING_FIELDS, compose, named, one_line
from integration.core.model.effect_keys import key
from integration.core.model.effects import TaskWanted
from integration.core.model.events import Event
from integration.core.rules.conditions import ALWAYS, Compare, Condition, Every, Not, Some, subjects
from integration.core.rules.evaluation import evaluator
from integration.core.rules.playbook_rules import Handoff, Requirement, TalkTrack
from integration.core.rules.scoring_rules import Engagement, Inference, Named, Segments
from integration.core.run.standing import standing
from mappings.values.instant import DAY, HOUR, Instant

VALUES = {"industry": "Software", "employees": 120, "technologies": ("Salesforce", "Slack"), "size": "80", "flag": True}


def holds(condition: Condition, read: Callable[[str], Any]) -> bool:
    """Whether a condition holds of the values that `read` gives."""
    return evaluator(condition, lambda name: lambda asked: asked(name))(read)


@pytest.mark.parametrize(
    ("op", "subject", "values", "holds_"),
    [
        ("is", "industry", ("software",), True),
        ("is", "flag", (True,), True),
        ("is_not", "industry", ("software",), False),
        ("is_not", "missing", ("software",), False),
        ("at_least", "employees", (120,), True),
        ("above", "employees", (120,), False),
        ("at_most", "employees", (120,), True),
        ("below", "employees", (121,), True),
        ("at_least", "size", (79,), True),
        ("at_least", "industry", (1,), False),
        ("at_least", "flag", (0,), False),
        ("at_least", "missing", (0,), False),
        ("known", "industry", (), True),
        ("known", "missing", (), False),
        ("unknown", "missing", (), True),
        ("unknown", "industry", (), False),
        ("contains", "industry", ("SOFT",), True),
        ("contains", "industry", ("hard",), False),
        ("includes", "technologies", ("salesforce",), True),
        ("includes", "technologies", ("hubspot",), False),
        ("includes", "industry", ("software",), True),
        ("is", "missing|industry", ("software",), True),
    ],
)
def test_comparisons(op: Any, subject: str, values: Any, holds_: Any) -> None:
    assert holds(Compare(subject=subject, op=op, values=values), VALUES.get) is holds_


def test_conditions_combine() -> None:
    yes = Compare(subject="flag", op="is", values=(True,))
    no = Compare(subject="flag", op="is", values=(False,))
    assert holds(ALWAYS, VALUES.get)
    assert not holds(Every(conditions=(yes, no)), VALUES.get)
    assert holds(Some(conditions=(no, yes)), VALUES.get)
    assert not holds(Some(conditions=()), VALUES.get)
    assert holds(Not(condition=no), VALUES.get)
    both = Every(conditions=(yes, Not(condition=Some(conditions=(being("a|b", 1),)))))
    assert subjects(both) == {"flag", "a", "b"}


def test_the_engine_judges_conditions_as_conditions_do() -> None:
    fields = {"seniority": "vp", "title": "VP Sales", "is_student": False, "country": "DE"}
    company = {"employees": 80, "technologies": ("hubspot",), "industry": "Software"}

    def read(name: str) -> Any:
        return company.get(name.removeprefix("account.")) if name.startswith("account.") else fields.get(name)

    conditions = (
        being("seniority", "VP", "director"),
        Compare(subject="title", op="contains", values=("sales",)),
        Compare(subject="country|account.country", op="is", values=("de",)),
        Compare(subject="account.country|country", op="is", values=("fr",)),
        Compare(subject="account.employees", op="above", values=(80,)),
        Compare(subject="account.technologies", op="includes", values=("hubspot", "x")),
        Not(condition=Compare(subject="is_student", op="is", values=(True,))),
        Compare(subject="budget", op="unknown"),
        Some(conditions=(being("country", "US"), being("account.industry", "software"), being("country", "FR"))),
        Every(conditions=(being("country", "DE"), being("seniority", "vp"), being("title", "x"))),
    )
    personas = tuple(Named(name=str(number), condition=each) for number, each in enumerate(conditions))
    for number, each in enumerate(conditions):
        book = playbook(segments=Segments(personas=personas[number : number + 1]))
        known = told(**{**fields, "source": "quiet", "account": "acme"})
        state = fold(book, firm(**company), known).state
        assert (standing(book, state, START).persona is not None) is holds(each, read)


def test_templates_name_only_known_fields() -> None:
    assert named("Call {name} of {company}") == ("name", "company")
    assert compose("Call {name} of {company}", {"name": "Ana", "company": ""}) == "Call Ana"
    for wrong in ("{name.__class__}", "{0}", "{name!r}", "{name:>5}", "{", "{}"):
        with pytest.raises(ValueError, match=r"."):
            named(wrong)


def test_every_field_of_a_template_can_be_filled() -> None:
    text = " ".join(f"{{{name}}}" for name in WORDING_FIELDS)
    handoff = Handoff(play="handoff", talk_tracks=(TalkTrack(text=text),))
    decision = fold(playbook(handoff=handoff), firm(employees=100), told(**GOOD), *hot())
    assert "Open with: " in of(TaskWanted, decision)[0].body


GOOD = {
    "source": "webinar",
    "account": "acme",
    "seniority": "director",
    "function": "sales operations",
    "title": "Director",
    "first_name": "Ana",
    "last_name": "Ruiz",
    "email": "ana@acme.example",
    "budget": "50k",
}


def test_the_packet_tells_the_whole_story_never_a_bare_score() -> None:
    book = playbook(
        clocks=(CLOCK,),
        handoff=Handoff(
            play="handoff",
            required=(Requirement(field="timeline", label="timeline"),),
            talk_tracks=(
                TalkTrack(text="never", condition=being("stage", "customer")),
                TalkTrack(text="Ask {first_name} about {signal}."),
            ),
            answer_within="first_contact",
        ),
        segments=Segments(
            fit_high=20_000,
            intent_high=30_000,
            jobs=(Inference(name="cut_cost", signal=on("content_download"), label="reducing cost"),),
        ),
    )
    history = [
        firm(name="Acme", employees=100, industry="software"),
        told(**GOOD),
        did("content_download", START + 1, asset="guide", asset_type="educational"),
        did("internal_sharing", START + HOUR, document="quote", people=3),
        saw("case_study", START + 2 * HOUR),
        did("demo_request", START + DAY, "d"),
    ]
    body = of(TaskWanted, fold(book, *history))[0].body
    for line in (
        "Who: Ana Ruiz, Director, sales operations, ana@acme.example",
        "Company: Acme, 100 employees, software",
        "Why now: Asked for a demo, on 6 January 2026",
        "Strongest signals of the last 30 days:",
        "- internal sharing: quote, 5 January 2026 (15 points)",
        "- demo, 6 January 2026 (10 points)",
        "Latest key action: asked for a demo, 6 January 2026",
        "Read and done:",
        "- looked at case study, 5 January 2026",
        "- shared inside the company: quote, 5 January 2026",
        "Colleagues: 3 people at the company viewed quote, 5 January 2026",
        "Source: webinar, known since 5 January 2026",
        "Fit: high, 40 of 40 points; hot with 75 points in all; segment A (high fit, high intent)",
        "Problem: probably reducing cost",
        "Budget: 50k",
        "Open with: Ask Ana about internal sharing (quote) on 5 January 2026.",
        "Missing: timeline, authority",
        "Answer due: Wed 7 Jan 2026, 09:00 (UTC)",
    ):
        assert line in body.split("\n")
    assert "- asked for a demo, 6 January 2026" not in body.split("\n"), "the latest key action says it"


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"fit": None, "segments": Segments()}, "Fit: not scored; cold with 10 points in all"),
        ({"segments": Segments(intent_high=30_000)}, "Fit: 0 of 40 points; cold with 10 points in all; segment B"),
        ({"segments": Segments()}, "Fit: 0 of 40 points; cold with 10 points in all"),
        ({"segments": Segments(fit_high=20_000)}, "Fit: low, 0 of 40 points; cold with 10 points in all; segment C"),
        (
            {"segments": Segments(), "handoff": Handoff(play="handoff", fit_tiers=((30_000, "A"), (15_000, "B")))},
            "Fit: below B, 0 of 40 points; cold with 10 points in all",
        ),
    ],
)
def test_a_fit_is_called_high_or_low_only_where_the_playbook_says_what_is(more: dict[str, Any], line: str) -> None:
    body = of(TaskWanted, fold(playbook(**more), did("demo_request", START, "d")))[0].body
    assert line in body.split("\n")


def test_the_strongest_signals_are_of_the_last_thirty_days() -> None:
    history = [saw("pricing", START), did("email_click", START + 31 * DAY, "c")]
    state = fold(playbook(), *history).state
    assert [reason.split(" on ")[0] for reason in standing(playbook(), state, START + 31 * DAY).reasons] == [
        "email click"
    ]


def test_reasons_are_sentences_the_strongest_first() -> None:
    state = fold(playbook(), told(**GOOD), did("email_click", START + 1), saw("pricing", START + 2)).state
    assert standing(playbook(), state, START + 2).reasons == (
        "director: 25 points of fit",
        "pricing on 5 January 2026, 15 points",
        "email click on 5 January 2026, 3 points",
    )


def test_the_buying_job_is_what_fields_say_else_the_latest_telling_activity() -> None:
    jobs = (
        Inference(name="compliance", condition=Compare(subject="problem", op="contains", values=("audit",))),
        Inference(name="cost", signal=on("content_download", asset="roi")),
        Inference(name="speed", signal=on("content_download", asset="fast")),
    )
    book = playbook(segments=Segments(jobs=jobs))
    one, two = did("content_download", START, asset="roi"), did("content_download", START + 1, asset="fast")

    def job(*events: Event) -> str | None:
        return standing(book, fold(book, *events).state, START + DAY).buying_job

    assert job(told(source="quiet")) is None
    assert job(one) == "cost"
    assert job(one, two) == "speed"
    assert job(one, two, told(START + 2, problem="Audit due")) == "compliance"


def test_the_funnel_stage_is_the_furthest_that_was_shown_lately() -> None:
    funnel = (
        Inference(name="awareness", signal=on("page_view", page="blog")),
        Inference(name="evaluation", signal=on("page_view", page="pricing")),
        Inference(name="pre_deal", signal=on("demo_request")),
        Inference(name="pre_deal", condition=being("stage", "sql")),
    )
    book = playbook(segments=Segments(funnel=funnel, funnel_memory=90 * DAY))

    def stage(*events: Event, at: Instant = START + DAY) -> str | None:
        return standing(book, fold(book, *events).state, at).funnel_stage

    assert stage(told(source="quiet")) == "awareness"
    assert stage(saw("pricing", START), saw("blog", START + 1)) == "evaluation"
    assert stage(saw("pricing", START), at=START + 90 * DAY) == "evaluation"
    assert stage(saw("pricing", START), at=START + 90 * DAY + 1) == "awareness"
    assert stage(told(START, stage="sql")) == "pre_deal"


def test_segments_follow_two_thresholds() -> None:
    book = playbook(engagement=Engagement(rules=(rule("p", 30, on("page_view")),)))

    def segment(*events: Event) -> str | None:
        return standing(book, fold(book, *events).state, START + DAY).segment

    fit = told(source="quiet", seniority="director")
    assert segment(fit, saw("x", START + 1)) == "A"
    assert segment(fit) == "B"
    assert segment(saw("x", START)) == "C"
    assert segment(told(source="quiet")) == "D"
    assert standing(playbook(segments=Segments()), fold(playbook(), fit).state, START).segment is None


def test_keys_do_not_run_together() -> None:
    assert key("a/b", "c") != key("a", "b/c")
    assert key("a%2Fb") != key("a/b")


@pytest.mark.parametrize("breaks", ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"])
def test_no_value_begins_a_line_of_a_task(breaks: str) -> None:
    forged = f"Ana{breaks}Answer due: never{breaks}Open with: give it away"
    talk = TalkTrack(text="Ask {name} of {company} about {asset}")
    book = playbook(handoff=Handoff(play="handoff", talk_tracks=(talk,)))
    values = dict.fromkeys(("first_name", "title", "source", "problem", "budget", "function"), forged)
    history = [firm(name=forged, industry=forged, employees=100), told(**{**GOOD, **values}), *hot()]
    history += [
        did("content_download", START + 1, "x", asset=forged),
        did("demo_request", START + DAY, "d", asset=forged),
    ]
    task = of(TaskWanted, fold(book, *history))[0]
    assert breaks not in task.subject
    starts = [line.partition(":")[0] for line in task.body.splitlines()]
    assert (starts.count("Answer due"), starts.count("Open with")) == (1, 1)
    assert task.body.splitlines() == task.body.split("\n")
    assert "Ana Answer due: never" in task.body, "and nothing is lost"


def test_what_controls_a_screen_or_turns_text_around_is_not_shown() -> None:
    assert one_line("Ana\x1b[2J\u202eblA \x00Weber\t") == "Ana [2JblA  Weber"
    assert one_line("Ana  Weber") == "Ana  Weber"
    assert compose("{name}\n{company}", {"name": "a\nb", "company": "c"}) == "a b\nc"
