"""The ending of the demo: what a RevOps admin wants to see."""

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from integration.rig.stage.rig import Rig
from integration.store.outgoing.unassigned import Unassigned
from integration.store.overall import store_figures
from integration.wiring import build

_STAGES = ("inquiry", "mql", "sal", "sql", "customer", "recycled", "suppressed")
_NO_NAME = re.compile(r"\b[0-9a-f]{32}\b|\bunknown\b", re.IGNORECASE)
"""Our ids are 32 hexadecimal digits."""
_TAG = re.compile(r"<[^<>]+>")
_BREAK = re.compile(r"<(?:br|/p|/li|/h\d|/div)\b[^<>]*>", re.IGNORECASE)


def summary(running: Rig, console: Console, *, settled: bool) -> bool:
    """Leads by stage, tasks by kind, one task as an SDR reads it, and where to look next.

    False where a task calls somebody by an id of ours, or unknown: all of them have a record.
    """
    with running.store.read() as conn:
        found = store_figures.counts(conn)
    tasks = running.tasks()
    ours = [task for task in tasks if task["key"]]
    scored = sum(n for stage, n in found.leads_by_stage.items() if stage)
    handoff = build.playbook(running.settings.playbook, running.settings.vocabulary).handoff.play
    handoffs = [task for task in ours if _cause(task["key"]) == handoff]
    console.print()
    console.print(f"[bold]{scored}[/] leads were scored, [bold]{len(handoffs)}[/] were handed to sales as MQLs.")
    console.print(_funnel(found.leads_by_stage))
    console.print(_kinds(ours))
    letters = sum(found.dead_letters.values())
    waiting = running.waiting()
    rest = " but what waits for somebody" if found.unassigned else ""
    state = (
        f"Everything decided stands in the CRMs{rest}" if settled else f"{waiting} pieces of work are still under way"
    )
    console.print(f"{state}; {letters} sync errors wait for a person; {found.inbox['done']} deliveries were read.")
    for line in nobody(found.unassigned):
        console.print(escape(line))
    sample = max(handoffs, key=lambda task: (task["open"], task["due"]), default=None)
    if sample is not None:
        console.print(Panel(_plain(sample["body"]), title=sample["subject"], subtitle=f"a task in {sample['system']}"))
    wrong = misnamed(ours)
    if wrong:
        console.print(f"[red]{len(wrong)} tasks call somebody by an id, or unknown:[/] {escape('; '.join(wrong[:5]))}")
    else:
        console.print(f"None of {len(ours)} tasks calls anybody by an id, or unknown.")
    console.print(f"The tasks as sales sees them: {running.sandbox}/")
    console.print(arrived(running.alerts(), running.sandbox))
    console.print(f"The service: {running.url}/ (health at /healthz, figures at /metrics)")
    return not wrong


def nobody(unassigned: Sequence[Unassigned]) -> list[str]:
    """A line for each reason for which tasks wait, since there is nobody to give them to."""
    return [f"{each.count} tasks wait in {each.connection}: {each.said}" for each in unassigned]


def misnamed(tasks: Sequence[Mapping[str, Any]]) -> list[str]:
    """The subjects of tasks that name an id of ours, or call something unknown, in subject or body."""
    return [task["subject"] for task in tasks if _NO_NAME.search(f"{task['subject']}\n{_plain(task['body'])}")]


def _funnel(by_stage: Mapping[str, int]) -> Table:
    table = Table("stage", "leads", "", title="Where everybody stands")
    most = max(by_stage.values(), default=1)
    for stage in _STAGES:
        n = by_stage.get(stage, 0)
        table.add_row(stage, str(n), "█" * round(40 * n / most))
    return table


def arrived(messages: Sequence[Mapping[str, Any]], sandbox: str) -> str:
    """How many messages arrived, and in which channels."""
    channels = sorted({f"{each['where']} #{each['channel']}" for each in messages})
    return f"{len(messages)} alerts arrived in {', '.join(channels) or 'no channel'}: {sandbox}/messages"


def _kinds(tasks: Sequence[Mapping[str, Any]]) -> Table:
    """Tasks by what they are for: a play's name, or the clock that ran out."""
    kinds = Counter((_cause(task["key"]), task["open"]) for task in tasks)
    table = Table("task", "open", "closed", title="Tasks for sales")
    for cause in sorted({cause for cause, _ in kinds}):
        table.add_row(cause, str(kinds[cause, True]), str(kinds[cause, False]))
    systems = Counter(task["system"] for task in tasks)
    table.caption = ", ".join(f"{n} in {system}" for system, n in sorted(systems.items()))
    return table


def _cause(key: str) -> str:
    """`handoff` of `<lead>/play/handoff/…`; keys name their causes."""
    _, kind, name, *_ = [*key.split("/"), "", "", ""]
    return name if kind == "play" else f"{kind}: {name}"


def _plain(body: str) -> str:
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", body))).strip()
