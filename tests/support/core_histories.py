"""Histories of one lead, as Hypothesis draws them, and every playbook that comes with Coldframe."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from vocabulary_files import on_shipped

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.core.run.decide import order
from integration.playbook.compiling.compiler import compile_text, load
from integration.playbook.reading import library
from mappings.model.canonical import Activity
from mappings.values.instant import DAY, HOUR, parse

START = parse("2026-01-05T09:00:00Z")

NAMES = ("two-axis", "behavioural", "operating-model", "five-tracks", "fit-engagement", "standard")

_LOADED = {name: CompiledPlaybook.of(found) for name in NAMES if (found := load(name)[0]) is not None}

_PRICING = "    pricing: 15", "    pricing: {points: 15, expires: 30d}"
_MOVES = (
    "    internal_sharing: 15",
    """    internal_sharing: 15
    promoted: {points: 9, changes: seniority, to: director, expires: 40d}
    shrank: {points: -7, changes: employees, from: ">= 50"}
    told: {points: 4, changes: owner, from: unknown, limit: 1 per 20d}""",
)
_EXPIRING = ("email_click: 3", "email_click: {points: 3, expires: 10d}"), _PRICING
_STEPS = "{after 14d: 80%, after 30d: 50%, after 90d: 0%}"
_BY_DATE = """  due: {date: 40d before renewal_date, touch: new_angle}
  again: {date: 20d after opportunity.closed_at, track: advanced}
"""
_CHANGED: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "steps": ("two-axis", ((_STEPS, _STEPS[:-1] + ", floor: 12}"), _MOVES, *_EXPIRING)),
    "half-life": ("fit-engagement", (("{half_life: 30d}", "{half_life: 30d, floor: 7}"), _PRICING)),
    "months": ("standard", ((_STEPS, "{per_month: 20%, floor: 9}"), _MOVES, _PRICING)),
    "no decay": ("behavioural", (("    pricing: 30", "    pricing: {points: 30, expires: 21d}"),)),
    "touches": (
        "standard",
        (
            ("triggers:\n", f"triggers:\n{_BY_DATE}"),
            ("    slower: {} # the welcome", "    # the welcome"),
            ("{after 8 unopened: 14d, after 12 unopened: 30d, ", "{after 1 unopened: 9d, "),
            ("after 16 unopened: end}", "after 3 unopened: end}"),
            ("  framework: ", "  framework: {channel: retargeting} # "),
            ("  advanced: Deeper", "  advanced: {channel: linkedin} # "),
            ("  proof_point: ", "  proof_point: {first_unseen: [story, guide], otherwise: most_popular} # "),
            ("contents:\n", "contents:\n  story: {about: S, asset: https://example.com/a}\n  guide: G\n"),
        ),
    ),
}
"""Playbooks with the rules that none of the shipped ones has: its name, and what is written in place of what."""


def _changed(origin: str, edits: tuple[tuple[str, str], ...]) -> CompiledPlaybook:
    text = library.text(origin)
    for before, after in edits:
        assert before in text, before
        text = text.replace(before, after, 1)
    found, problems = compile_text(text, "ours.yaml", on_shipped("account: {renewal_date: date}"))
    assert found is not None, problems
    return CompiledPlaybook.of(found)


_LOADED |= {name: _changed(*change) for name, change in _CHANGED.items()}

THOROUGH = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

DEEDS = (
    ("email_open", {}),
    ("email_open", {"touch": "newsletter"}),
    ("email_click", {"url": "https://example.com/a"}),
    ("page_view", {"page": "pricing", "url": "/pricing"}),
    ("page_view", {"page": "integrations"}),
    ("page_view", {"page": "security"}),
    ("page_view", {"page": "product"}),
    ("page_view", {"page": "comparison"}),
    ("page_view", {"page": "case_study"}),
    ("page_view", {"page": "blog"}),
    ("content_download", {"asset": "guide", "asset_type": "educational"}),
    ("content_download", {"asset": "story", "asset_type": "case_study"}),
    ("content_download", {"asset": "calc", "asset_type": "roi_calculator"}),
    ("document_view", {"document": "quote", "doc_type": "pricing", "seconds": 200}),
    ("internal_sharing", {"document": "quote", "people": 3}),
    ("webinar_signup", {"webinar": "w"}),
    ("webinar_attend", {"webinar": "w", "minutes": 45, "asked_question": True}),
    ("form_reached", {"form": "demo"}),
    ("demo_request", {}),
    ("product_usage", {"event": "capacity_limit"}),
    ("call_attempt", {"outcome": "no_answer"}),
    ("call_attempt", {"outcome": "connected"}),
    ("meeting_booked", {}),
    ("sales_accepted", {}),
    ("sales_qualified", {}),
    ("sales_rejected", {"reason": "timing"}),
    ("sales_rejected", {"reason": "budget"}),
    ("sales_rejected", {}),
    ("opportunity_created", {}),
    ("opportunity_won", {}),
    ("opportunity_lost", {"reason": "competitor"}),
    ("unsubscribe", {}),
    ("resubscribe", {}),
    ("something_new", {"odd": ["a", 1]}),
    ("email_bounce", {"hard": True}),
    ("email_bounce", {"hard": False}),
    ("email_bounce", {}),
)

TOLD = (
    {"source": "educational_download", "seniority": "director", "function": "sales", "email": "ana@acme.example"},
    {"source": "demo_request"},
    {"source": "trade_show", "country": "US", "timezone": "America/New_York"},
    {"seniority": "ic"},
    {"problem": "costs", "authority": "yes", "timeline": "Q2", "budget": "50k"},
    {"is_student": True},
    {"is_student": False},
    {"opted_out": True},
    {"opted_out": False},
    {"stage": "sal"},
    {"stage": "inquiry"},
    {"owner": "u1"},
    {"email": "ana@new.example"},
    {"stage": "mql"},
)

FIRM = (
    {"name": "Acme", "employees": 120, "industry": "software", "country": "US", "technologies": ("salesforce",)},
    {"employees": 8},
    {"employees": 2_000, "owner": "o1"},
    {"renewal_date": START + 60 * DAY},
    {"renewal_date": START + 100 * DAY + HOUR},
    {"renewal_date": None},
)

moments = st.one_of(
    st.integers(0, 24 * 30).map(lambda hours: START + hours * HOUR),
    st.integers(0, 130).map(lambda days: START + days * DAY),
    st.integers(0, 130 * 24 * 60).map(lambda minutes: START + minutes * (HOUR // 60)),
)


@st.composite
def histories(draw: st.DrawFn, longest: int = 30) -> list[Event]:
    events: list[Event] = []
    for number in range(draw(st.integers(1, longest))):
        at, kind = draw(moments), draw(st.integers(0, 9))
        if kind == 0:
            events.append(AccountChanged(id=f"c{number}", at=at, account="acme", fields=draw(st.sampled_from(FIRM))))
        elif kind == 1:
            told = {**draw(st.sampled_from(TOLD)), "account": "acme"}
            events.append(LeadChanged(id=f"l{number}", at=at, fields=told))
        else:
            name, properties = draw(st.sampled_from(DEEDS))
            events.append(Activity(id=f"a{number}", lead="ana", at=at, type=name, properties=properties))
    return sorted(events, key=order)


playbooks = st.sampled_from(sorted(_LOADED)).map(lambda name: _LOADED[name])

END = START + 250 * DAY
"""Later than every event and every moment that is drawn."""
