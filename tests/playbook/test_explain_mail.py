"""`explain` shows opens and clicks of people and of machines apart, each machine's with its rule."""

from rich.console import Console

from integration.commands.authoring.explain_page import page
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import LeadChanged
from integration.playbook.compiling.compiler import load
from integration.playbook.explaining.explanation import Explanation, explain
from mappings.model.canonical import Activity, Value
from mappings.values.instant import HOUR, SECOND, parse

START = parse("2026-01-06T10:00:00Z")


def did(number: int, kind: str, after: float, **properties: Value) -> Activity:
    at = START + round(after * SECOND)
    return Activity(id=f"a{number:04}", lead="ana", at=at, type=kind, properties=properties)


def explained(*activities: Activity, at: int = START + HOUR) -> Explanation:
    playbook, _ = load("two-axis")
    assert playbook is not None
    born = LeadChanged(id="l", at=START - HOUR, fields={"source": "newsletter"})
    return explain(CompiledPlaybook.of(playbook), "ana", [born, *activities], at)


def printed(explanation: Explanation) -> str:
    console = Console(width=160)
    with console.capture() as captured:
        console.print(page("ana", explanation))
    return captured.get()


SCANNED = [did(n, "email_click", n / 4, campaign="jan", url=f"/{n}") for n in range(4)]
READ = [did(10, "email_open", 600, campaign="jan"), did(11, "email_open", 700, campaign="jan")]
CLICKED = did(12, "email_click", 710, campaign="jan", url="/a")


def test_people_and_machines_are_counted_apart() -> None:
    mail = explained(*SCANNED, *READ, CLICKED).mail
    assert (mail.clicks.people, mail.clicks.machines) == (1, 4)
    assert (mail.opens.people, mail.opens.machines) == (1, 1)


def test_each_machine_is_told_with_its_rule_those_in_a_row_together() -> None:
    found = explained(*SCANNED, *READ, CLICKED).mail.machines
    assert [(each.type, each.times, each.rule, each.words) for each in found] == [
        ("email_click", 4, "links", "3 links of one mail within 5s"),
        ("email_open", 1, "again", "opened again within 1h, and counted once"),
    ]
    assert (found[0].at, found[0].until, found[0].activity) == (START, START + 3 * SECOND // 4, "a0000")


def test_the_page_shows_them_and_says_nothing_where_there_are_none() -> None:
    text = printed(explained(*SCANNED, *READ, CLICKED))
    assert "by people: 1 open, 1 click" in text
    assert "by machines: 1 open, 4 clicks; none counts" in text
    assert "email click, 4 times: 3 links of one mail within 5s" in text
    assert "machines" not in printed(explained(READ[0], CLICKED))


def test_at_an_earlier_time_what_came_later_tells_nothing() -> None:
    mail = explained(*SCANNED, at=START + SECOND // 2 - 1).mail
    assert (mail.clicks.people, mail.clicks.machines) == (2, 0)


def test_every_rule_has_its_words() -> None:
    found = explained(
        did(1, "email_sent", 0, campaign="a"),
        did(2, "email_open", 1, campaign="a"),
        did(3, "email_open", 100, campaign="b", machine=True),
        did(4, "email_click", 200, campaign="b", url="/a", method="HEAD"),
        did(5, "unsubscribe", 202, campaign="b"),
        did(6, "email_open", 300, campaign="c", user_agent="GoogleImageProxy"),
        *(did(n, "email_click", 400 + n / 10, campaign="d", url="/a") for n in range(10, 15)),
        *(did(n, "email_open", 500 + n, campaign="e") for n in range(20, 25)),
    ).mail.machines
    assert [each.words for each in found] == [
        "within 5s of the sending",
        "its sender marked it as a machine's",
        "asked for by HEAD, as programs do",
        "a scanner clicked in this mail within 5s",
        "the program is known: GoogleImageProxy",
        "5 clicks in one mail within 5s",
        "5 opens of one mail within 1m",
    ]
