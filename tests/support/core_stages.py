"""A lead that is an MQL, and the stages it goes through after that."""

from core_builders import (
    START,
    fitting,
    fold,
    hot,
    of,
    playbook,
)

from integration.core.model.effects import (
    StageChanged,
)
from integration.core.model.events import Event
from integration.core.rules.playbook_rules import Playbook
from integration.core.run.decide import Decision
from mappings.values.instant import DAY, Instant

BOOK = playbook()

MQL = [*fitting(), *hot()]

LATER = START + DAY


def path(decision: Decision) -> list[str]:
    return [effect.after for effect in of(StageChanged, decision)]


def stage(*events: Event, book: Playbook = BOOK, until: Instant | None = None) -> str:
    return fold(book, *events, until=until).state.stage
