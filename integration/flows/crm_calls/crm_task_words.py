"""CRM task words: the words for open, closed, high and low in a connection's tasks, asked once an hour."""

import structlog

from connectors.base.port import Unavailable
from connectors.base.task_words import TaskWords
from integration.flows.base.service import Connection, HasStore
from integration.flows.crm_calls.hourly import Kept, hourly

log = structlog.get_logger()


def task_words(service: HasStore, connection: Connection) -> TaskWords:
    """The connection's words; none where this user may not ask for them. Raises Unavailable."""
    return hourly(service, "task_words", connection.name, "", lambda: _asked(connection), Kept[TaskWords])


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
    return words
