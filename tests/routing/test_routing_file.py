"""A routing.yaml says who may get a task; every mistake in it is named with its place and the nearest right name."""

import pytest
from page_blocks import blocks

from integration.playbook.compiling import compiler
from integration.routing.read_routing import opened, parse
from integration.routing.routes import route_of
from integration.routing.routing_rules import NO_ROUTING, Absence, Routing

PLAYBOOK = compiler.load("operating-model")[0]
assert PLAYBOOK is not None

WHOLE = """\
people:
  Nadia@Acme.example: {hours: "Mon-Fri 08:00-16:00 Europe/Berlin", most_open: 40, most_per_day: 12,
                       away: ["2026-12-20..2027-01-03"], manager: ines@acme.example}
  joaquim@acme.example: {hours: ["Mon-Thu 09:00-17:00 Europe/Lisbon", "Fri 09:00-12:00 Europe/Lisbon"],
                         away: 2026-05-01}
pools:
  emea: {members: {nadia@acme.example: 2, joaquim@acme.example: 1}, manager: ines@acme.example}
  sdr: {members: [li@acme.example]}
lists:
  emea_countries: [DE, FR, PT]
routes:
  - {if: country in emea_countries, pool: emea, else: sdr}
  - {if: ["employees >= 1000", "band = hot and stage = mql"], to: account_owner, else: emea}
  - {otherwise: sdr}
owner: set
again: same_person
escalation: {second_breach: reassign}
"""


def read(text: str) -> tuple[Routing | None, list[str]]:
    routing, problems = parse(text, "routing.yaml", PLAYBOOK)
    return routing, [str(each) for each in problems]


def test_a_whole_file_is_read() -> None:
    routing, problems = read(WHOLE)
    assert problems == []
    assert routing is not None
    nadia, joaquim = routing.people["nadia@acme.example"], routing.people["joaquim@acme.example"]
    assert (nadia.most_open, nadia.most_per_day, nadia.manager) == (40, 12, "ines@acme.example")
    assert nadia.away == (Absence(first="2026-12-20", last="2027-01-03"),)
    assert [(each.weekdays, each.opens, each.closes, each.timezone) for each in nadia.hours] == [
        ((0, 1, 2, 3, 4), 480, 960, "Europe/Berlin")
    ]
    assert [each.weekdays for each in joaquim.hours] == [(0, 1, 2, 3), (4,)]
    assert routing.pools["emea"].members == {"nadia@acme.example": 2, "joaquim@acme.example": 1}
    assert routing.pools["sdr"].members == {"li@acme.example": 1}
    assert (routing.set_owner, routing.same_person, routing.reassign) == (True, True, True)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"country": "de"}, "country in emea_countries"),
        ({"account.country": "PT"}, "country in emea_countries"),
        ({"country": "US", "account.employees": 1000}, "employees >= 1000 or band = hot and stage = mql"),
        ({"band": "hot", "stage": "mql"}, "employees >= 1000 or band = hot and stage = mql"),
        ({"country": "US"}, "otherwise"),
        ({}, "otherwise"),
    ],
)
def test_a_lead_takes_the_first_route_whose_condition_holds(fields: dict[str, object], words: str) -> None:
    routing, _ = read(WHOLE)
    assert routing is not None
    found = route_of(routing, fields.get)  # type: ignore[arg-type] # values of a test
    assert found is not None
    assert found.words == words


def test_a_lead_of_whom_no_route_holds_takes_none() -> None:
    routing, problems = read("pools: {a: {members: [b@c.example]}}\nroutes: [{if: country = DE, pool: a}]\n")
    assert routing is not None
    assert route_of(routing, {}.get) is None
    assert problems == ["routing.yaml:2:1: a lead of whom no route holds has nobody: end with '- {otherwise: POOL}'"]


def test_every_mistake_is_named_at_once_with_its_place_and_the_nearest_right_name() -> None:
    routing, problems = read(
        """\
peopel: {}
people:
  nadia: {}
  ana@acme.example: {hours: "Mon-Fri 16:00-08:00 Europe/Berlin", most_opne: 3, most_open: 0, away: [2026-02-30]}
  bo@acme.example: {hours: "Mon-Fry 08:00-16:00 Europe/Berlin", away: ["2026-03-02..2026-03-01"], manager: 7}
  cy@acme.example: {hours: "Mon 08:00-16:00 Europe/Berln", most_per_day: many}
pools:
  emea: {members: {ana@acme.example: 0, dee: 1}}
  none: {}
routes:
  - {if: cuntry = DE, pool: emae}
  - {if: employees >= many, to: acount_owner, else: sdr}
  - {if: country in nowhere, pool: emea, to: owner}
  - {pool: emea}
  - {otherwise: emea}
  - {if: band = hott, pool: emea}
owner: sett
again: same_persn
"""
    )
    assert routing is None
    assert problems == [
        "routing.yaml:1:1: unknown name 'peopel' (did you mean 'people'?)",
        "routing.yaml:3:3: 'nadia' is no e-mail; people are known by theirs",
        "routing.yaml:4:38: '16:00-08:00' has no hours in it; a night is two lines, until 24:00 and from 00:00 on",
        "routing.yaml:4:66: unknown name 'most_opne' (did you mean 'most_open'?)",
        "routing.yaml:4:91: must be a whole number from 1 to 100,000",
        "routing.yaml:4:101: '2026-02-30' is no day (such as: 2026-12-20..2027-01-03)",
        "routing.yaml:5:33: 'Fry' is no day of the week (did you mean 'Fri'?)",
        "routing.yaml:5:72: '2026-03-02..2026-03-01' ends before it begins",
        "routing.yaml:5:108: '7' is no e-mail; people are known by theirs",
        "routing.yaml:6:45: 'Europe/Berln' is no time zone (such as: Europe/Berlin)",
        "routing.yaml:6:74: must be a whole number from 1 to 100,000",
        "routing.yaml:8:38: a weight is a whole number from 1 to 1,000",
        "routing.yaml:8:41: 'dee' is no e-mail; people are known by theirs",
        "routing.yaml:9:9: pool 'none' has no members: 'members: {ana@acme.example: 1}'",
        "routing.yaml:11:10: unknown field 'cuntry' (did you mean 'country'?)",
        "routing.yaml:11:29: unknown pool 'emae' (did you mean 'emea'?)",
        "routing.yaml:12:23: 'many' is not a number",
        "routing.yaml:12:33: 'acount_owner' is none of owner, account_owner (did you mean 'account_owner'?)",
        "routing.yaml:12:53: unknown pool 'sdr'",
        "routing.yaml:13:5: a route leads to a pool or to an owner: 'pool: NAME' or 'to: owner|account_owner'",
        "routing.yaml:13:21: unknown list 'nowhere'",
        "routing.yaml:14:5: a route has a condition ('if: country = DE'), or is 'otherwise: POOL', the last one",
        "routing.yaml:16:5: never reached: 'otherwise' stands on line 15",
        "routing.yaml:16:17: unknown band 'hott' (did you mean 'hot'?)",
        "routing.yaml:17:8: 'sett' is none of keep, set (did you mean 'set'?)",
        "routing.yaml:18:8: 'same_persn' is none of same_person (did you mean 'same_person'?)",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("escalation: {second_breach: reassign}", "1:29: there is nobody else without pools and routes"),
        ("escalation: {second_breach: reasign}", "'reasign' is none of reassign (did you mean 'reassign'?)"),
        ("routes: {a: b}", "1:9: must be a list, tried from the top"),
        ("people: [ana@acme.example]", "1:9: must be a table of names and values"),
        ("people: {a@b.example: {hours: 9}}", "1:31: must be a text"),
        ("people: {a@b.example: {hours: [Mon 08:00-09:00 UTC, Tue 08:00-09:00 Asia/Tokyo]}}", "in one time zone"),
        ("people: {a@b.example: {}, A@B.example: {}}", "1:27: 'a@b.example' stands here for the second time"),
        ("pools: {a: {members: [b@c.example, B@c.example]}}", "1:36: 'b@c.example' stands here for the second time"),
        ("people: {a@b.example: {away: 2020-01-01..2026-01-01}}", "longer than two years"),
        (
            "people: {a@b.example: {hours: Mon-Fri 08:00-16:00 UTC, holidays: XX}}",
            "'XX' is no country whose holidays are known (such as: DE)",
        ),
        ("people: {a@b.example: {holidays: DE}}", "whoever has no hours has the playbook's holidays; add 'hours:'"),
        ("a: [", "1:5:"),
        ("[]", "1:1: must be a table"),
    ],
)
def test_what_cannot_be_meant_or_carried_out_is_refused_with_a_word(text: str, said: str) -> None:
    routing, problems = read(text)
    assert routing is None
    assert any(said in each for each in problems), problems


def test_a_member_who_is_nearly_somebody_else_is_warned_about() -> None:
    routing, problems = read(
        "people: {nadia@acme.example: {}}\npools: {a: {members: [nadai@acme.example]}}\nroutes: [{otherwise: a}]\n"
    )
    assert routing is not None
    assert problems == [
        "routing.yaml:2:23: 'nadai@acme.example' is not among the people (did you mean 'nadia@acme.example'?)"
    ]


def test_the_lists_of_the_playbook_can_be_used_and_the_files_own_go_before_them() -> None:
    text = "pools: {a: {members: [b@c.example]}}\nroutes: [{if: industry in icp_industries, pool: a}, {otherwise: a}]\n"
    assert read(text)[1] == []
    own = read(f"lists: {{icp_industries: [farming]}}\n{text}")[0]
    assert own is not None
    found = route_of(own, {"account.industry": "Farming"}.get)
    assert found is not None
    assert found.words == "industry in icp_industries"


def test_without_a_file_there_is_no_routing_and_a_file_that_is_not_there_is_a_mistake() -> None:
    assert opened(None, PLAYBOOK) == (NO_ROUTING, ())
    routing, problems = opened("/nowhere/routing.yaml", PLAYBOOK)
    assert routing is None
    assert [str(each) for each in problems] == ["/nowhere/routing.yaml:1:1: cannot be read: No such file or directory"]


def test_the_example_in_the_docs_can_be_read() -> None:
    (example,) = [each for each in blocks() if each.page == "docs/routing.md" and each.language == "yaml"]
    routing, problems = read(example.text)
    assert problems == []
    assert routing is not None
    assert list(routing.pools) == ["emea", "sdr"]
