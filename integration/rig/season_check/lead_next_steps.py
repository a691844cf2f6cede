"""Who owns each lead, and what its next step is; docs/operations.md says it in words.

A next step is something that happens by itself, or that stands in the list of a person who is there. A lead without an
owner or a next step is one that everybody has forgotten.
"""

from collections import Counter
from collections.abc import Iterator

from integration.core.compiled.context import NEVER, Context
from integration.core.funnel import unanswered
from integration.rig.chaos.chaos_finding import Finding
from integration.rig.season_check.season_state import LeadSeen, SeasonState

_OF_SALES = frozenset({"mql", "sal", "sql", "customer"})
"""Stages in which a person has a lead; the others are marketing's."""
_SHOWN = 5


def check(state: SeasonState, finding: Finding) -> None:
    """Note every lead without an owner, or without a next step."""
    bare: Counter[str] = Counter()
    shown: dict[str, list[str]] = {}
    for lead in state.leads.values():
        owner, step = owner_of(state, lead), next_step(state, lead)
        finding.figures[f"next step of {lead.stage}: {step or 'none'}"] += 1
        for what, there in (("owner", owner), ("next step", step)):
            if not there:
                bare[f"{lead.stage} without {what}"] += 1
                shown.setdefault(f"{lead.stage} without {what}", []).append(lead.id)
    for what, count in sorted(bare.items()):
        finding.differences.append(f"{count} leads in {what}: {', '.join(shown[what][:_SHOWN])}")


def owner_of(state: SeasonState, lead: LeadSeen) -> str:
    """Whose a lead is: marketing's, somebody's in sales who is there, nobody's ("")."""
    if lead.stage not in _OF_SALES:
        return "marketing"
    if any(
        _there(state, each.system, _user(state, each.system, each.id)) for each in state.open_tasks.get(lead.id, ())
    ):
        return "a task"
    if any(_there(state, system, user) for system, user in _owners(state, lead)):
        return "a record"
    return "a task that waits" if _waiting(state, lead) else ""


def next_step(state: SeasonState, lead: LeadSeen) -> str:
    """What comes next for a lead, in a word or two; "" where nothing will."""
    if lead.stage == "suppressed":
        return "nothing until it subscribes anew"
    return next((step for step, holds in _steps(state, lead) if holds), "")


def _steps(state: SeasonState, lead: LeadSeen) -> Iterator[tuple[str, bool]]:
    """The kinds of steps in their order, and whether there is one."""
    tasks = state.open_tasks.get(lead.id, ())
    yield "a task of somebody", any(_there(state, each.system, _user(state, each.system, each.id)) for each in tasks)
    yield "a task that waits", _waiting(state, lead)
    mine = lead.state
    if mine is None:
        return
    yield "the end of what a person holds it for", mine.deferral is not None and mine.deferral.until > state.now
    yield "an opportunity", lead.stage == "sql" and _has_deal(state, lead)
    clocks = mine.clocks.values()
    yield "a clock", any(run.stopped is None and not run.breached for run in clocks)
    if lead.stage in {"sal", "sql"}:  # sales works it in the CRM: whoever owns the record has it in their list
        yield "its owner in sales", any(_there(state, system, user) for system, user in _owners(state, lead))
        return
    if lead.stage == "mql":  # it goes back, once the time for an answer is over
        context = Context(state.season.service.rules.compiled, mine)
        yield "the end of the wait for an answer", unanswered.due(context) < NEVER
        return
    if lead.stage == "customer":
        yield "customers' track", mine.stay is not None and mine.stay.planned is not None
        yield "its owner in sales", any(_there(state, system, user) for system, user in _owners(state, lead))
        yield "what it does", True
        return
    yield "a touch", (mine.stay is not None and mine.stay.planned is not None) or bool(mine.waiting)
    yield "an address that works", mine.bounced is not None
    yield "the end of its hold", mine.hold is not None and mine.hold > state.now
    ended = mine.stay is None or mine.stay.planned is None
    yield "what it does, after the last content", ended and (bool(mine.stays) or bool(mine.silenced))


def _waiting(state: SeasonState, lead: LeadSeen) -> bool:
    return any(row["kind"] == "task" and row["state"] == "new" for row in state.rows_of(lead.id))


def _has_deal(state: SeasonState, lead: LeadSeen) -> bool:
    """Whether a CRM has an open opportunity of this person."""
    box = state.season.ground.box
    for system, name, id_ in lead.records:
        if system == "hubspot" and name == "contact":
            contact = box.hubspot.portal.shelves["contacts"].find(id_)
            deals = contact.links.get("deals", {}) if contact else {}
            shelf = box.hubspot.portal.shelves["deals"]
            if any((deal := shelf.find(each)) and deal.values.get("hs_is_closed") != "true" for each in deals):
                return True
        if name == "Contact" and id_ in state.open_deals:
            return True
    return False


def _owners(state: SeasonState, lead: LeadSeen) -> Iterator[tuple[str, str]]:
    """Who owns a lead's records, or its company's: a task for the owner goes to them where a lead has none."""
    box = state.season.ground.box
    for system, name, id_ in lead.records:
        if system == "hubspot":
            contact = box.hubspot.portal.shelves["contacts"].find(id_) if name == "contact" else None
            yield system, contact.values.get("hubspot_owner_id", "") if contact else ""
            for each in contact.links.get("companies", {}) if contact else ():
                company = box.hubspot.portal.shelves["companies"].find(each)
                yield system, company.values.get("hubspot_owner_id", "") if company else ""
        elif name in {"Lead", "Contact"}:
            yield system, str(box.salesforce.org.records[name].get(id_, {}).get("OwnerId") or "")
    for account in state.accounts_of(lead.email):
        yield "salesforce", str(box.salesforce.org.records["Account"].get(account, {}).get("OwnerId") or "")


def _user(state: SeasonState, system: str, task: str) -> str:
    """Who has a task now: it may have been passed on."""
    box = state.season.ground.box
    if system == "hubspot":
        record = box.hubspot.portal.shelves["tasks"].find(task)
        return record.values.get("hubspot_owner_id", "") if record else ""
    return str(box.salesforce.org.records["Task"].get(task, {}).get("OwnerId") or "")


def _there(state: SeasonState, system: str, user: str) -> bool:
    seller = state.season.ground.team.of(system, user)
    return seller is not None and not seller.left(state.now)
