"""What the articles warn of is told with its place and what to do instead; what they recommend is told of never."""

import pytest

from integration.playbook.compiling.compiler import compile_text
from integration.playbook.reading import library

OPEN = "email_open: {points: 1, resets_idle: false}"
MOVES = "first_moves:\n  otherwise: {track: welcome}"
RESOURCE = "promised_resource: What was promised, and who we are"


def told(name: str, replace: str, by: str) -> list[tuple[str, str]]:
    """(the line from where a warning points, its text)."""
    text = library.text(name)
    assert replace in text, replace
    changed = text.replace(replace, by, 1)
    playbook, problems = compile_text(changed, "ours.yaml")
    assert playbook is not None, problems
    return [(changed.splitlines()[each.line - 1][each.column - 1 :], each.text) for each in problems]


@pytest.mark.parametrize("name", library.names())
def test_no_shipped_playbook_does_what_its_article_warns_of(name: str) -> None:
    assert compile_text(library.text(name), "ours.yaml")[1] == ()


@pytest.mark.parametrize(
    ("name", "content", "ask", "text"),
    [
        ("standard", "promised_resource: What was promised", "a demo", "'demo' is asked of people on track 'welcome'"),
        ("behavioural", "awareness: Something", "request a meeting", "'request a meeting' is asked of people on track"),
        ("behavioural", "awareness: Something", "our prices", "'prices' is asked of people on track 'awareness'"),
        ("operating-model", "benchmark: Benchmarks", "Talk to sales", "'Talk to sales' is asked of people on track"),
        ("two-axis", "takeaways: Thank you", "book a call", "'book a call' is asked of people on track 'drip'"),
        (
            "two-axis",
            "newsletter: The regular",
            "a free trial",
            "'free trial' is asked of people on track",
        ),
        ("standard", "educational: Educational", "a contract", "'contract' is asked on track 'lost_deal' within 60"),
    ],
)
def test_whoever_still_learns_is_asked_for_nothing(name: str, content: str, ask: str, text: str) -> None:
    ((place, said),) = told(name, f"  {content}", f"  {content}, {ask},")
    assert place.startswith(content.partition(":")[0])
    assert said.startswith(text)
    assert ": give them" in said or ": send what" in said


@pytest.mark.parametrize(
    ("name", "content", "ask"),
    [
        ("standard", "promised_resource: What was promised", "no demo"),
        ("operating-model", "roi_model: ROI model", "a demo"),
        ("standard", "offer_to_talk: A direct conversation", "book a call"),
        ("two-axis", "evaluation_resources: Resources", "a demo"),
        ("standard", "success_whatever_they_chose: What helps", "a demo"),
    ],
)
def test_later_people_may_be_asked(name: str, content: str, ask: str) -> None:
    assert told(name, f"  {content}", f"  {content}, {ask},") == []


@pytest.mark.parametrize("source", ["newsletter", "trade_show", "webinar", "educational_download", "pricing_download"])
def test_no_call_list_is_made_of_people_who_did_not_ask_for_a_call(source: str) -> None:
    by = f"first_moves:\n  {source}: {{play: account_returns, then: welcome}}\n  otherwise: {{track: welcome}}"
    ((place, said),) = told("standard", MOVES, by)
    assert place.startswith("account_returns")
    assert said.startswith(f"sales calls every lead from '{source}': ")


@pytest.mark.parametrize(("source", "play"), [("inquiry", "account_returns"), ("newsletter", "route_carefully")])
def test_who_asked_is_called_and_a_review_is_no_call(source: str, play: str) -> None:
    moves = f"first_moves:\n  {source}: {{play: {play}}}\n  otherwise: {{track: welcome}}"
    assert told("standard", MOVES, moves) == []


def trigger(line: str) -> list[tuple[str, str]]:
    return told("standard", "triggers:\n", f"triggers:\n  ours: {line}\n")


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (
            "{when: newsletter_signup, if: segment = A|B, play: account_returns}",
            "sales calls for every newsletter",
        ),
        ("{when: event_scan, if: segment = A|B, play: account_returns}", "sales calls for every event scan"),
        ("{when: webinar_attend, if: segment = A|B, play: account_returns}", "sales calls for every webinar attend"),
        (
            "{when: email_open, at_least: 3, within: 7d, if: segment = A, play: account_returns}",
            "opens alone make",
        ),
        (
            "{in_order: [email_open, email_open], within: 7d, if: segment = A, play: account_returns}",
            "opens alone make",
        ),
        ("{when: page_view page=roi, play: account_returns}", "sales is sent to segment C"),
        ("{when: page_view page=roi, if: track = mql_nurture, play: account_returns}", "sales is sent to segment C"),
        ("{when: page_view page=roi, if: segment = A|C, play: account_returns}", "sales is sent to segment C"),
        ("{enters: engagement >= 50, play: account_returns}", "sales is sent to segment C"),
    ],
)
def test_a_trigger_that_the_articles_warn_of_is_told_at_its_place(line: str, text: str) -> None:
    ((place, said),) = trigger(line)
    assert place.startswith("ours")
    assert said.startswith(text)
    assert ": " in said


@pytest.mark.parametrize(
    "line",
    [
        "{when: newsletter_signup, if: segment = A, play: account_returns}",
        "{when: newsletter_signup, if: segment = A|B and engagement >= 20, play: account_returns}",
        "{when: webinar_attend minutes>=30, if: segment = A|B, play: account_returns}",
        "{when: [newsletter_signup, email_reply], if: segment = A|B, play: account_returns}",
        "{when: page_view page=roi, if: segment != C, play: account_returns}",
        "{when: page_view page=roi, if: fit >= 20, play: account_returns}",
        "{when: page_view page=roi, play: route_carefully}",
        "{when: email_open, touch: new_angle}",
    ],
)
def test_a_trigger_that_is_sound_is_no_matter(line: str) -> None:
    assert trigger(line) == []


def test_where_nobody_is_divided_into_segments_no_trigger_needs_one() -> None:
    text = library.text("behavioural")
    plays = text.replace("plays:\n", "triggers:\n  ours: {when: pricing, play: decision_call}\n\nplays:\n", 1)
    assert compile_text(plays, "ours.yaml")[1] == ()


@pytest.mark.parametrize(
    ("name", "by", "text"),
    [
        ("standard", "email_open: 1", "an open ends idleness here"),
        (
            "standard",
            "email_open: {points: 4, resets_idle: false}",
            "10 opened mails of a lead that fits",
        ),
        (
            "two-axis",
            "email_open: {points: 3, resets_idle: false}",
            "10 opened mails of a lead that fits",
        ),
        (
            "behavioural",
            "email_open: {points: 8, resets_idle: false}",
            "10 opened mails of a lead that fits",
        ),
    ],
)
def test_opens_that_open_the_gate_or_wake_a_lead_are_told(name: str, by: str, text: str) -> None:
    ((place, said),) = told(name, OPEN, by)
    assert place.startswith("email_open")
    assert said.startswith(text)


def test_opens_that_are_worth_little_are_no_matter() -> None:
    assert told("standard", OPEN, "email_open: {points: 3, resets_idle: false}") == []


def test_a_gate_that_asks_for_nothing_but_a_source_hands_sign_ups_to_sales() -> None:
    ((_, said),) = told("standard", "  gate: band = hot", "  gate: [band = hot, source = newsletter]")
    assert said.startswith("every lead from 'newsletter' is handed to sales: ")


def test_a_return_without_a_track_is_a_dead_end() -> None:
    ((place, said),) = told("standard", "  otherwise: advanced\n", "")
    assert place.startswith("recycle")
    assert said.startswith("who comes back from sales as too_early, bad_fit, bad_data goes onto no track, a dead end: ")


def test_an_mql_that_nobody_promises_to_answer_is_told() -> None:
    text = library.text("fit-engagement")
    start, end = text.index("clocks:"), text.index("# [fit-engagement: segments] The phase")
    _, (problem,) = compile_text(text[:start] + text[end:], "ours.yaml")
    assert problem.text.startswith("nobody promises by when sales answers an MQL")
