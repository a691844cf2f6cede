"""CRM task words: the words for open, closed, high and low in a connection's tasks, and for answering; asked hourly."""

from dataclasses import replace

import structlog

from connectors.base.port import Unavailable
from connectors.base.task_words import TaskWords
from integration.flows.base.service import Connection, HasStore
from integration.flows.crm_calls.hourly import Kept, hourly
from mappings.model.canonical import ACCEPTED, REJECTED
from mappings.model.compiled_mapping import TaskMapping

log = structlog.get_logger()


def task_words(service: HasStore, connection: Connection) -> TaskWords:
    """The connection's words; none where this user may not ask for them. Raises Unavailable."""
    answers = [name for each in connection.mapping.objects.values() if each.task for name in _fields(each.task)]
    return hourly(service, "task_words", connection.name, answers, lambda: _asked(connection), Kept[TaskWords])


def _fields(tasks: TaskMapping) -> list[str]:
    """The fields in which a person answers."""
    return list(tasks.answer.choices) if tasks.answer else []


def _asked(connection: Connection) -> TaskWords:
    try:
        words = connection.connector.task_words()
    except Unavailable as away:
        if not away.forbidden:
            raise
        log.warning("task words may not be read", connection=connection.name, code=away.receipt.code)
        words = TaskWords(fallbacks=(f"the words of tasks may not be read: {away.receipt.code}",))
    for said in words.fallbacks:
        log.warning("task words", connection=connection.name, said=said)
    return replace(words, answering=_answering(connection))


def _answering(connection: Connection) -> str:
    """How a person answers, with the fields as this CRM labels them; "" where it does not show them to this user."""
    found = next(((name, each.task) for name, each in connection.mapping.objects.items() if each.task), None)
    answer = found[1].answer if found else None
    if found is None or answer is None:
        return ""
    try:
        labels = {field.name: field.label for field in connection.connector.describe(found[0])}
    except Unavailable as away:
        if not away.forbidden:
            raise
        return ""
    if answer.outcome not in labels:
        return ""  # `coldframe doctor` says so
    said = dict(answer.outcomes)
    words = f'When you close this task, set "{labels[answer.outcome]}" to {said[ACCEPTED]}, {said[REJECTED]}'
    why = labels.get(answer.reason)
    reason = f'; with {said[REJECTED]}, set "{why}" too' if why else ""
    return f"{words} or what came of it{reason}."
