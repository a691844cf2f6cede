"""Time words: how long an answer took and whose time that was, as people say it."""

from collections.abc import Iterable, Mapping

from connectors import vendors
from integration.core.hours.time_taken import Shares
from integration.flows.base.service import Connection
from integration.flows.levels.split_times import TimedRun
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND, Span

_SENDER = "before it reached us"


def crm_name(connections: Mapping[ConnectionName, Connection], name: ConnectionName) -> str:
    """What people call a connection's CRM; a connection with a name of its own by that."""
    connection = connections.get(name)
    if connection is None:
        return name or "the CRM"
    return vendors.vendor(connection.system).label if str(name) == str(connection.system) else name


def span_words(span: Span) -> str:
    """`12 s`, `40 min`, `3 h 10 min`, `2 d 4 h`: the two largest units, rounded down."""
    if span < MINUTE:
        return f"{span // SECOND} s"
    if span < HOUR:
        return f"{span // MINUTE} min"
    if span < DAY:
        return _two(span // HOUR, "h", span % HOUR // MINUTE, "min")
    return _two(span // DAY, "d", span % DAY // HOUR, "h")


def split_words(shares: Shares, crm: str) -> str:
    """`12 s ours, 40 min Salesforce's outage, 2 h 30 min sales'`, without what is less than a second."""
    parts: Iterable[tuple[Span, str]] = (
        (shares.sender, _SENDER),
        (shares.ours, "ours"),
        (shares.crm, f"{crm}'s outage"),
        (shares.sales, "sales'"),
    )
    said = [f"{span_words(span)} {whose}" for span, whose in parts if span >= SECOND]
    return ", ".join(said) or "at once"


def run_words(timed: TimedRun, crm: str) -> str:
    """What became of a clock's run, and whose time it was, in one line."""
    shares, late = timed.taken.plain, late_words(timed, crm)
    total, split = span_words(shares.total), split_words(shares, crm)
    whose = f" (who had it: {timed.person})" if timed.person else ""
    match timed.state:
        case "met":
            return f"{timed.label}: answered after {total}, in time: {split}{whose}"
        case "late":
            ended = "answered" if timed.run.answer else "ended without an answer"
            return f"{timed.label}: {ended} after {total}, too late: {split}{late}{whose}"
        case "ended":
            return f"{timed.label}: ended without an answer after {total}"
        case "overdue":
            return f"{timed.label}: not answered for {total}, overdue: {split}{late}{whose}"
        case _:
            return f"{timed.label}: runs for {total}: {split}{whose}"


def late_words(timed: TimedRun, crm: str) -> str:
    """Where sales has not had for itself the time that was promised: that, with a semicolon before it; else ""."""
    if not timed.late_by_others:
        return ""
    if timed.stands is None:
        return f"; sales is not late: the task is not in {crm} yet"
    return f"; sales is not late: it has had {span_words(timed.sales)} of the {span_words(timed.within)} promised"


def _two(first: int, unit: str, second: int, smaller: str) -> str:
    return f"{first} {unit} {second} {smaller}" if second else f"{first} {unit}"
