"""What happened in mail, as activities, and which of it the rules recognise as machines'."""

from integration.core.run.decide import order
from integration.core.scoring.machines import marked
from mappings.model.canonical import Activity, Value
from mappings.values.instant import SECOND, parse
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.machine_rules import MachineRules

START = parse("2026-01-06T10:00:00Z")
RULES = shipped().machine
APPLE = "Mozilla/5.0"
PERSON = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"


def did(number: int, kind: str, after: float, lead: str = "ana", **properties: Value) -> Activity:
    at = START + round(after * SECOND)
    return Activity(id=f"a{number:04}", lead=lead, at=at, type=kind, properties=properties)


def told(*activities: Activity, rules: MachineRules = RULES) -> dict[str, str]:
    found = marked(rules, sorted(activities, key=order))
    return {each.id: each.machine for each in found if isinstance(each, Activity)}


def people(found: dict[str, str]) -> list[str]:
    return [name for name, rule in found.items() if not rule]
