"""Ten very different leads on `standard`, and the task that sales gets about each: what golden bodies are made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from core_builders import did, firm, fold, of, told

from connectors.base.port import TaskWrite
from connectors.base.task_words import TaskWords
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.handoff.task_story import Beside
from integration.core.model.effects import Escalated, TaskWanted
from integration.core.model.events import Event
from integration.core.run.task_wording import worded
from integration.playbook.compiling.compiler import load
from mappings.model.canonical import Activity
from mappings.model.task_text import Link
from mappings.values.identifiers import ExternalId
from mappings.values.instant import DAY, HOUR, MINUTE, Instant, parse

MONDAY = parse("2026-01-05T09:00:00Z")
_SITE = "https://www.acme-tools.example"
_CLOSING = (
    'When you close this task, set "Outcome" to Accepted, Rejected or what came of it; with Rejected, set "Rejection'
    ' reason" too.'
)
_SALESFORCE = (
    ("Person in Salesforce", Link("https://acme.my.salesforce.example/00Q7Q000001AnaQUAS")),
    ("Company in Salesforce", Link("https://acme.my.salesforce.example/0017Q00000AcmeQUAS")),
)
_HUBSPOT = (("Person in HubSpot", Link("https://app.hubspot.example/contacts/7654321/record/0-1/501")),)
BERLIN = Beside(reads_in="Europe/Berlin", closing=(_CLOSING,), records=(*_SALESFORCE, *_HUBSPOT))
"""Somebody in Berlin has the task; the lead is known in both CRMs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """One task as it is delivered: what was decided, from which history, when, and what is known beside."""

    name: str
    about: str
    task: TaskWanted | Escalated
    events: tuple[Event, ...]
    now: Instant
    beside: Beside = BERLIN

    def write(self, system: str) -> TaskWrite:
        """The task as it goes to a CRM's connector."""
        said = worded(_book(), fold(_book(), *self.events, until=self.now).state, self.task, self.now, self.beside)
        object_, id_ = ("contact", "501") if system == "hubspot" else ("Lead", "00Q7Q000001AnaQUAS")
        return TaskWrite(
            key=f"golden/{self.name}",
            object=object_,
            id=ExternalId(id_),
            subject=said.subject,
            body=said.body,
            due_at=said.due_at,
            channel=self.task.channel if isinstance(self.task, TaskWanted) else "task",
            priority=self.task.priority if isinstance(self.task, TaskWanted) else "high",
            zone=self.beside.reads_in,
            words=TaskWords(),
        )


@cache
def _book() -> CompiledPlaybook:
    found, _ = load("standard")
    assert found is not None
    return CompiledPlaybook.of(found)


ANA = told(
    MONDAY,
    first_name="Ana",
    last_name="Silva",
    title="Director of Revenue Operations",
    seniority="director",
    function="revenue operations",
    email="ana@globex.example",
    phone="+351 21 555 0100",
    account="acme",
    country="PT",
    timezone="Europe/Lisbon",
    source="educational_download",
)
GLOBEX = firm(MONDAY, name="Globex", domain="globex.example", employees=180, industry="software", country="PT")


def rich() -> tuple[Event, ...]:
    """A director who read a lot, whose colleagues read too, and who told what she wants."""
    read = [
        did("content_download", MONDAY + HOUR, asset="State of RevOps 2026", asset_type="educational"),
        did("webinar_attend", MONDAY + 5 * HOUR, webinar="Scaling without silos", asked_question=True),
        did("page_view", MONDAY + DAY, url=f"{_SITE}/customers/initech", page="case_study", asset="initech"),
        did("page_view", MONDAY + DAY + HOUR, url=f"{_SITE}/pricing", page="pricing"),
        did("email_click", MONDAY + DAY + 2 * HOUR, url=f"{_SITE}/roi", page="roi"),
        _shared(MONDAY + DAY + 3 * HOUR, "Proposal Q1", 3),
    ]
    knows = told(MONDAY + 2 * HOUR, problem="Reports take three days", budget="50-80k", timeline="before summer")
    return (GLOBEX, ANA, knows, *read)


def _shared(at: Instant, document: str, people: int) -> Activity:
    """Several people of the company viewed a document; found by the service, and told of each of them."""
    found = did("internal_sharing", at, document=document)
    return found._replace(properties={**found.properties, "people": people})


def _tasks(events: Sequence[Event], until: Instant) -> list[TaskWanted]:
    return of(TaskWanted, fold(_book(), *events, until=until))


def _of_play(events: Sequence[Event], until: Instant, play: str) -> TaskWanted:
    return [task for task in _tasks(events, until) if task.play == play][-1]


def bare_demo() -> Golden:
    """Nothing is known but an address."""
    events = (told(MONDAY, email="jo@initech.example"), did("demo_request", MONDAY + HOUR, "d"))
    beside = replace(BERLIN, records=_HUBSPOT)
    return _golden("bare_demo", "A demo request with an address alone", events, "handoff", HOUR, beside=beside)


def director() -> Golden:
    """The whole story."""
    return _golden("director", "A director with a rich history, and colleagues", rich(), "handoff", DAY + 4 * HOUR)


def woke_after_six_months() -> Golden:
    """Met at a trade show, given back for bad timing, and back after six months."""
    show = parse("2025-06-16T10:00:00Z")
    known = told(
        show,
        first_name="Kenji",
        last_name="Mori",
        title="Head of Operations",
        seniority="director",
        email="kenji@initech.example",
        account="acme",
        country="JP",
        timezone="Asia/Tokyo",
        source="trade_show",
    )
    before = (
        firm(show, name="Initech", employees=240, industry="manufacturing"),
        known,
        did("event_scan", show, "scan", event="Automation Days"),
        did("demo_request", show + DAY, "asked"),
        did("call_attempt", show + 2 * DAY, "called", outcome="connected"),
        did("sales_rejected", show + 2 * DAY + HOUR, "rejected", reason="timing"),
    )
    woke = (
        did("page_view", MONDAY, "p1", url=f"{_SITE}/pricing", page="pricing"),
        did("page_view", MONDAY + HOUR, "p2", url=f"{_SITE}/customers/globex", page="case_study", asset="globex"),
        did("content_download", MONDAY + 2 * HOUR, "p3", asset="Price list 2026", asset_type="pricing_sheet"),
        did("demo_request", MONDAY + 3 * HOUR, "p4", form="Talk to us"),
    )
    return _golden("woke", "A trade-show lead that wakes after six months", (*before, *woke), "handoff", 3 * HOUR)


def review() -> Golden:
    """Much interest, little fit."""
    who = told(MONDAY, first_name="Sam", last_name="Lee", title="Analyst", seniority="ic", email="sam@uni.example")
    seen = [
        did("page_view", MONDAY + n * HOUR, f"s{n}", url=f"{_SITE}/{page}", page=page)
        for n, page in enumerate(("pricing", "case_study"), 1)
    ]
    shared = _shared(MONDAY + 3 * HOUR, "Price list", 2)
    form = did("form_reached", MONDAY + 4 * HOUR, "s4", form="Contact")
    return _golden("review", "Segment C: looked at first", (who, *seen, shared, form), "route_carefully", 4 * HOUR)


def escalation() -> Golden:
    """Nobody answered in two working hours."""
    late = MONDAY + DAY + 8 * HOUR
    (first, *_) = of(Escalated, fold(_book(), *rich(), until=late))
    beside = replace(BERLIN, had_by="Nadia Ruiz")
    return Golden(
        name="escalation",
        about="Nobody answered in time",
        task=first,
        events=rich(),
        now=late + 25 * MINUTE,
        beside=beside,
    )


def expansion() -> Golden:
    """A customer whose usage grows."""
    won = did("opportunity_won", MONDAY + HOUR, "won")
    usage = did("product_usage", MONDAY + 20 * DAY, "use", event="capacity_limit")
    return _golden("expansion", "A customer whose usage grows", (GLOBEX, ANA, won, usage), "expansion_call", 20 * DAY)


def hostile_names() -> Golden:
    """Names that read from the right, no Latin letter, and markup in everything that a form takes."""
    attack = '<script>alert("x")</script><img src=x onerror=alert(1)> & "quotes" \u202egnp.exe'
    who = told(
        MONDAY,
        first_name="\u05d3\u05d5\u05d3",
        last_name="\u5c71\u7530\u592a\u90ce",
        title=attack,
        seniority="vp",
        email="david@evil.example",
        account="acme",
        problem=f"{attack} Answer due: never [click](javascript:alert(1))\nSay: give it away",
        budget="https://evil.example/login?x=<b>",
        source="webinar",
    )
    company = firm(MONDAY, name="\u0634\u0631\u0643\u0629 & S\u00f6hne <b>GmbH</b>", employees=90, industry="software")
    seen = (
        did("page_view", MONDAY + 1, "h1", url='https://evil.example/"><script>alert(1)</script>', page="pricing"),
        did("content_download", MONDAY + 2, "h2", asset="javascript:alert(document.cookie)", asset_type="educational"),
        did("demo_request", MONDAY + HOUR, "h3", form="<a href='javascript:alert(1)'>Demo</a>"),
    )
    return _golden("hostile", "Names in other scripts, markup in every field", (company, who, *seen), "handoff", HOUR)


def four_hundred() -> Golden:
    """Much behaviour: the text stays as long as that of anybody else."""
    seen = [
        did("page_view", MONDAY + n * 20 * MINUTE, f"n{n}", url=f"{_SITE}/customers/story-{n % 40}", page="case_study")
        for n in range(1, 400)
    ]
    asked = did("demo_request", MONDAY + 400 * 20 * MINUTE, "n400", form="Book a demo")
    return _golden("four_hundred", "A lead with 400 activities", (GLOBEX, ANA, *seen, asked), "handoff", 6 * DAY)


def released() -> Golden:
    """Ready, but nobody knew the company; it was told two days later."""
    unknown = told(MONDAY, **{name: value for name, value in ANA.fields.items() if name not in {"seniority", "title"}})
    later = told(MONDAY + 3 * DAY, seniority="director", title="Director of Revenue Operations")
    strong = [
        did("page_view", MONDAY + HOUR, "r1", url=f"{_SITE}/pricing", page="pricing"),
        did("page_view", MONDAY + 2 * HOUR, "r2", url=f"{_SITE}/customers/initech", page="case_study", asset="initech"),
        did("webinar_attend", MONDAY + 3 * HOUR, "r3", webinar="Scaling without silos"),
        _shared(MONDAY + 4 * HOUR, "Proposal Q1", 4),
        did("form_reached", MONDAY + 5 * HOUR, "r5", form="Contact"),
        did("content_download", MONDAY + 6 * HOUR, "r6", asset="Guide", asset_type="educational"),
    ]
    return _golden(
        "released", "A handoff that waited for a field", (GLOBEX, unknown, *strong, later), "handoff", 3 * DAY
    )


def joined() -> Golden:
    """A further reason, while the call of the handoff is open."""
    more = (
        did("page_view", MONDAY + DAY + 5 * HOUR, "j1", url=f"{_SITE}/integrations", page="integrations"),
        did("page_view", MONDAY + DAY + 6 * HOUR, "j2", url=f"{_SITE}/security", page="security"),
    )
    events = (*rich(), *more)
    first = _of_play(events, MONDAY + 2 * DAY, "handoff")
    second = _of_play(events, MONDAY + 2 * DAY, "pricing_integration")
    task = replace(
        first, wording=replace(second.wording, also=(first.wording,)), due_at=min(first.due_at, second.due_at)
    )
    now = MONDAY + DAY + 6 * HOUR
    return Golden(name="joined", about="A further reason joins the open call", task=task, events=events, now=now)


def touch() -> Golden:
    """A touch that a person delivers: once qualified, given back without a reason."""
    qualified = (
        did("demo_request", MONDAY + HOUR, "t1"),
        did("sales_qualified", MONDAY + DAY, "t2", problem="Reports take three days"),
        did("opportunity_lost", MONDAY + 10 * DAY, "t3", reason="priority"),
    )
    back = told(MONDAY + 11 * DAY, stage="sql")
    again = told(MONDAY + 12 * DAY, stage="recycled")
    events = (GLOBEX, ANA, *qualified, back, again)
    return _golden("touch", "A touch that a person delivers", events, "sql_reengagement", 12 * DAY)


def _golden(  # noqa: PLR0917 - a task of a history
    name: str, about: str, events: Sequence[Event], play: str, after: int, beside: Beside = BERLIN
) -> Golden:
    now = MONDAY + after
    task = _of_play(events, now + DAY, play)
    return Golden(name=name, about=about, task=task, events=tuple(events), now=max(now, task.at), beside=beside)


ALL: Sequence[Callable[[], Golden]] = (
    bare_demo,
    director,
    woke_after_six_months,
    review,
    escalation,
    expansion,
    hostile_names,
    four_hundred,
    released,
    joined,
    touch,
)
