"""The language of vocabulary.yaml: what it makes, and every mistake with its place and the nearest right word."""

import pytest
from vocabulary_files import made, on_shipped

from integration.core.rules.conditions import STANDING
from mappings.model.canonical import LEAD_FIELDS, Field
from mappings.values.instant import HOUR, SECOND
from mappings.vocabulary.files.load_vocabulary import in_use, opened, shipped
from mappings.vocabulary.files.parse_vocabulary import RESERVED, parse
from mappings.vocabulary.value import CANONICAL

DESIGN = """
language: 1
lead:
  cmmc_level: {kind: number, label: CMMC level}
  buying_role: {kind: choice, choices: [economic, technical, user]}
account:
  certifications: {kind: list}
choices:
  source: [partner]
  page: [careers, docs]
  asset_type: [video]
  reason: [no_authority]
activities:
  video_watched: {label: Video watched, properties: {video: text, percent: number}}
  community_post: {}
recognise:
  - {url: "/pricing*", page: pricing}
  - {url: "/customers/{name}", page: case_study, asset: "{name}"}
  - {url: "docs.acme.example/integrations/*", page: integrations}
  - {form: "Contact sales*", is: demo_request}
  - {asset: "*roi*calculator*", asset_type: roi_calculator}
  - {event: "Trial Started", is: product_usage, event: trial_started}
  - {type: "Watched Video", is: video_watched}
machine:
  agents: ["*Barracuda*", "*GoogleImageProxy*"]
  clicks: {links: 3, within: 5s}
  after_send: 5s
  methods: [HEAD]
"""


def test_own_words_stand_beside_the_canonical_ones() -> None:
    vocabulary = made(DESIGN)
    assert vocabulary.lead["cmmc_level"] == Field(kind="number", label="CMMC level")
    assert vocabulary.lead["buying_role"] == Field(
        kind="choice", choices=("economic", "technical", "user"), label="Buying role"
    )
    assert vocabulary.account["certifications"].kind == "list"
    assert set(LEAD_FIELDS) < set(vocabulary.lead)
    assert vocabulary.own_lead == ("cmmc_level", "buying_role")
    assert vocabulary.own_account == ("certifications",)
    assert vocabulary.own_activities == ("video_watched", "community_post")
    assert vocabulary.activities["video_watched"]["percent"].kind == "number"
    assert vocabulary.label("video_watched") == "Video watched"
    assert vocabulary.label("page_view") == "page view"


def test_canonical_choices_take_more_words_wherever_they_stand() -> None:
    vocabulary = made(DESIGN)
    assert "no_authority" in vocabulary.reasons
    assert "no_authority" in vocabulary.standing["recycle_reason"].choices
    assert "partner" in vocabulary.sources
    assert "careers" in vocabulary.activities["page_view"]["page"].choices
    assert "careers" in vocabulary.activities["email_click"]["page"].choices
    assert "video" in vocabulary.activities["content_download"]["asset_type"].choices
    assert "no_authority" not in CANONICAL.reasons


def test_machine_rules_are_data() -> None:
    rules = made(DESIGN).machine
    assert [each.pattern for each in rules.agents] == ["*Barracuda*", "*GoogleImageProxy*"]
    assert (rules.clicks.links, rules.clicks.within, rules.after_send) == (3, 5 * SECOND, 5 * SECOND)
    assert rules.methods == {"HEAD"}


def test_what_a_file_says_comes_beside_what_is_shipped_or_in_its_place() -> None:
    vocabulary = on_shipped("machine: {agents: [acme-monitor], after_send: 0s, opens: {apart: 2h}}")
    base = shipped().machine
    assert [each.pattern for each in vocabulary.machine.agents] == ["acme-monitor", *(e.pattern for e in base.agents)]
    assert vocabulary.machine.after_send == 0
    assert vocabulary.machine.opens.apart == 2 * HOUR
    assert vocabulary.machine.opens.times == base.opens.times
    assert vocabulary.machine.clicks == base.clicks


def test_the_shipped_part_can_be_left_out() -> None:
    vocabulary = on_shipped("shipped: false")
    assert vocabulary.recognition.lines == ()
    assert vocabulary.machine == CANONICAL.machine


def test_the_shipped_vocabulary_has_no_mistake_and_adds_no_field() -> None:
    assert shipped().own_lead == shipped().own_account == shipped().own_activities == ()
    assert in_use(None) == (shipped(), ())
    assert in_use("") == (shipped(), ())


def test_nothing_in_a_file_is_needed() -> None:
    for text in ("", "language: 1\n", "lead:\n"):
        assert on_shipped(text) == shipped()


def test_vocabularies_are_equal_where_they_mean_the_same() -> None:
    assert made(DESIGN) == made(f"# another comment\n{DESIGN}")
    assert hash(made(DESIGN)) == hash(made(DESIGN))
    assert made(DESIGN) != made(DESIGN.replace("after_send: 5s", "after_send: 6s"))
    assert made(DESIGN) != made(DESIGN.replace("/pricing*", "/prices*"))
    assert made(DESIGN) != made(DESIGN.replace("no_authority", "no_power"))
    assert made(DESIGN) != made(DESIGN.replace("percent", "share"))


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("leed: {}", "1:1", "unknown name 'leed' (did you mean 'lead'?)"),
        ("language: 2", "1:11", "the language of vocabularies is 1"),
        ("shipped: maybe", "1:10", "must be true or false"),
        ("lead: {level: {kind: numbr}}", "1:22", "date (did you mean 'number'?)"),
        ("lead: {level: nmber}", "1:15", "unknown kind 'nmber'"),
        ("lead: {level: {label: X}}", "1:15", "needs a 'kind'"),
        ("lead: {level: {kind: choice}}", "1:22", "a choice needs 'choices'"),
        ("lead: {level: {kind: text, choices: [a]}}", "1:22", "'choices' belong to 'kind: choice'"),
        ("lead: {level: {kind: text, lable: X}}", "1:28", "unknown name 'lable' (did you mean 'label'?)"),
        ("lead: {seniority: text}", "1:8", "already; give its further words under 'choices'"),
        ("lead: {email: text}", "1:8", "'email' is a field of the lead already"),
        ("lead: {employees: number}", "1:8", "'employees' is a word of the account already"),
        ("account: {title: text}", "1:11", "'title' is a word of the lead already"),
        ("lead: {total: number}", "1:8", "'total' is a word of the account already"),
        ("lead: {known: flag}", "1:8", "'known' means something else in a playbook"),
        ("lead: {CMMC: number}", "1:8", "'CMMC' is no name"),
        ("lead: {a: text}\nlead: {b: text}", "2:1", "'lead' stands here for the second time (first on line 1)"),
        ("choices: {sorce: [x]}", "1:11", "unknown name 'sorce' (did you mean 'source'?)"),
        ("choices: {source: partner}", "1:19", "must be a list of words"),
        ("choices: {source: [Partner]}", "1:20", "'Partner' is no word"),
        ("choices: {reason: [otherwise]}", "1:20", "'otherwise' means something else"),
        ("choices: {reason: [x, x]}", "1:23", "'x' stands here twice"),
        ("activities: {page_view: {label: Seen}}", "1:26", "'page_view' is canonical, and keeps its name"),
        ("activities: {page_view: {properties: {url: text}}}", "1:39", "'url' is a property of page_view already"),
        ("activities: {x: {props: {}}}", "1:18", "unknown name 'props'"),
        ("activities: {any: {}}", "1:14", "'any' means something else"),
        ("recognise: {url: x}", "1:12", "must be a list of lines"),
        ("recognise: [pricing]", "1:13", "must be a table such as"),
        ("recognise: [{page: pricing}]", "1:13", "does not say what to look at: type, event, form, asset or url"),
        ("recognise: [{tpye: 'x', is: page_view}]", "1:14", "unknown name 'tpye' (did you mean 'type'?)"),
        ("recognise: [{evnt: 'x', is: product_usage}]", "1:14", "unknown name 'evnt' (did you mean 'event'?)"),
        ("recognize: [{event: x, event: y}]", "1:1", "unknown name 'recognize' (did you mean 'recognise'?)"),
        ("recognise: [{url: 'pricing', page: pricing}]", "1:19", "or with a host: write '/pricing'"),
        ("recognise: [{url: '/a/b?x', page: pricing}]", "1:24", "a query never matters: leave out '?x'"),
        ("recognise:\n- url: /a/b?x\n  page: pricing", "2:12", "a query never matters"),
        ("recognise: [{url: '/a', pge: pricing}]", "1:25", "unknown property 'pge' (did you mean 'page'?)"),
        ("recognise: [{url: '/a', page: prising}]", "1:31", "unknown value 'prising' (did you mean 'pricing'?)"),
        ("recognise: [{url: '/a', page: case_study, asset: '{nme}'}]", "1:50", "'{nme}' is captured by no part"),
        ("recognise: [{url: '/a/{name}', asset: '{nme}'}]", "1:39", "(did you mean 'name'?)"),
        ("recognise: [{url: '/a'}]", "1:13", "gives nothing"),
        ("recognise: [{url: '/a', type: x, page: pricing}]", "1:25", "a line looks at one thing"),
        ("recognise: [{form: 'x', is: demo_requst}]", "1:29", "(did you mean 'demo_request'?)"),
        ("recognise: [{form: 'x', is: internal_sharing}]", "1:29", "unknown activity 'internal_sharing'"),
        ("recognise: [{form: 'a {x}', is: demo_request}]", "1:23", "{name} stands in addresses only"),
        ("recognise: [{type: 'x'}]", "1:13", "a line about a type says what it 'is'"),
        ("recognise: [{type: page_view, is: form_submit}]", "1:20", "is a type of the vocabulary, and stands"),
        ("recognise: [{asset: 'x', asset_type: 5}]", "1:38", "must be a choice"),
        ("recognise: [{url: '/a', seconds: long}]", "1:34", "must be a number"),
        ("recognise: [{url: '/a', machine: 1}]", "1:34", "must be true or false"),
        ("machine: {agent: []}", "1:11", "unknown name 'agent' (did you mean 'agents'?)"),
        ("machine: {agents: x}", "1:19", "must be a list of texts"),
        ("machine: {agents: ['{x}']}", "1:20", "{name} stands in addresses only"),
        ("machine: {clicks: {links: 1}}", "1:27", "must be 0, or a whole number from 2"),
        ("machine: {clicks: {links: many}}", "1:27", "must be 0, or a whole number from 2"),
        ("machine: {clicks: {within: soon}}", "1:28", "'soon' is not a length of time (such as: 5s, 10m)"),
        ("machine: {after_send: 2d}", "1:23", "longer than a day"),
        ("machine: {opens: {tims: 3}}", "1:19", "unknown name 'tims' (did you mean 'times'?)"),
        ("lead: [", "1:8", ""),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_the_nearest_right_word(text: str, place: str, said: str) -> None:
    found, problems = parse(text, "v.yaml", CANONICAL)
    assert found is None
    assert [str(each) for each in problems if str(each).startswith(f"v.yaml:{place}: ") and said in each.text], [
        str(each) for each in problems
    ]


def test_every_mistake_is_told_at_once() -> None:
    _, problems = parse("leed: {}\nchoices: {sorce: [x]}\nrecognise: [{url: '/a', page: prising}]\n", "v.yaml")
    assert [each.line for each in problems] == [1, 2, 3]


def test_a_line_that_is_never_reached_is_warned_of() -> None:
    text = "recognise:\n  - {url: '/a', page: pricing}\n  - {url: '/A', page: blog}\n"
    found, problems = parse(text, "v.yaml")
    assert found is not None
    assert [(each.line, each.severity, each.text) for each in problems] == [
        (3, "warning", "never reached: line 2 looks for the same")
    ]
    after_another = "recognise:\n  - {url: '/x', is: demo_request}\n  - {url: '/x', page: blog}\n"
    assert parse(after_another, "v.yaml")[1] == (), "the second line is for clicks, which never become requests"


def test_a_file_that_cannot_be_read_says_so() -> None:
    found, problems = opened("/nowhere/vocabulary.yaml")
    assert found is None
    assert "No such file" in problems[0].text


def test_no_own_word_means_something_else_in_a_playbook() -> None:
    assert set(STANDING) <= RESERVED
