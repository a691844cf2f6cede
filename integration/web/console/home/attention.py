"""What needs a person now: sentences, each with the page or the command that mends it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from integration.examining import stored_findings
from integration.flows.assigning.assignee_reasons import remedy
from integration.store.crm import connection_pauses
from integration.store.overall.store_figures import Numbers
from integration.web.console.shell.page_times import lasting
from integration.web.console.shell.page_words import connection_name, counted
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One sentence. `remedy` says what to do; `endpoint` is the page where it is done, "" where there is none.

    `asks` is what that page is asked for.
    """

    text: str
    remedy: str = ""
    endpoint: str = ""
    asks: Mapping[str, str] = field(default_factory=dict)


def needs(conn: Connection, numbers: Numbers, now: Instant) -> list[Need]:
    """Everything that waits for a person; what stops most stands first."""
    return [*_pauses(conn, now), *_found(conn), *_counted(numbers, now)]


def _pauses(conn: Connection, now: Instant) -> Iterator[Need]:
    """Connections to which nothing goes. Being signed out is one of the findings; so are ways of alerts."""
    for name, pause in sorted(connection_pauses.paused(conn, now).items()):
        if ":" in name or pause.kind == "signed_out":
            continue
        crm = connection_name(name)
        since = f" for {lasting(now - pause.since)}" if pause.since is not None else ""
        if pause.kind == "person":
            yield Need(text=f"Nothing has gone to {crm}{since}: {pause.reason}.", endpoint="console.work.queues")
        elif pause.until is not None:
            text = f"{crm} takes nothing{since}: {pause.reason}. It is tried again in {lasting(pause.until - now)}."
            yield Need(text=text)


def _found(conn: Connection) -> Iterator[Need]:
    for each in stored_findings.kept(conn):
        yield Need(text=f"{each.subject}: {each.detail}", remedy=each.remedy)


def _counted(numbers: Numbers, now: Instant) -> Iterator[Need]:
    errors = sum(numbers.dead_letters.values())
    if errors:
        yield Need(text=f"{counted(errors, 'sync error')} to look at.", endpoint="console.work_errors.errors")
    people = numbers.unrecorded
    if people.people and people.since is not None:
        who = counted(people.people, "person waits", "people wait")
        text = f"{who} for a CRM record, with {counted(people.tasks, 'task')}, for {lasting(now - people.since)}."
        yield Need(text=text, endpoint="console.work_people.people")
    for each in numbers.unassigned:
        tasks = counted(each.count, "task has", "tasks have")
        text = f"{tasks} nobody to go to in {connection_name(each.connection)}: {each.said}."
        yield Need(text=text, remedy=remedy(each.reason, each.connection))
    overdue = sum(numbers.overdue.values())
    if overdue:
        yield Need(
            text=f"{counted(overdue, 'answer is', 'answers are')} overdue.",
            endpoint="console.leads.listed",
            asks={"level": "breached"},
        )
