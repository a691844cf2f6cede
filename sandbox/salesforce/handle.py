"""The Salesforce handle for a test or a person in the same process: no limits, no read-only fields."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sandbox.salesforce.endpoints.api import SalesforceGate
from sandbox.salesforce.soql.soql_answer import Finder
from sandbox.salesforce.soql.soql_parser import parse
from sandbox.salesforce.state import salesforce_ids
from sandbox.salesforce.state.lead_conversion import convert
from sandbox.salesforce.state.org import Org, Values
from sandbox.salesforce.state.task_statuses import Word
from sandbox.shared.call_log import Log
from sandbox.shared.validation_rules import Rule


class Salesforce:
    """The org and its API. Changes made here are those of a person in sales (`by`)."""

    def __init__(self, org: Org, gate: SalesforceGate) -> None:
        self.org = org
        self.gate = gate

    @property
    def log(self) -> Log:
        """The calls that came in."""
        return self.gate.log

    @property
    def people(self) -> list[Values]:
        """The users, the API's own first."""
        return list(self.org.all("User"))

    def add(self, object_name: str, values: Mapping[str, Any], *, by: str = "", at: int | None = None) -> str:
        """A new record, of now or `at`; its id. Read-only fields may be set. Raises Refused for a wrong value."""
        with self.org.lock:
            settled = self._settled(object_name, values, None)
            return str(self.org.insert(object_name, settled, by=by or self._person(), at=at)["Id"])

    def set(self, object_name: str, id_: str, values: Mapping[str, Any], *, by: str = "") -> None:
        """Change a record; None clears. Raises Refused."""
        with self.org.lock:
            record = self.org.find(object_name, id_)
            settled = self._settled(object_name, values, record)
            self.org.update(object_name, record, settled, by=by or self._person())

    def queue(self, name: str) -> str:
        """A queue that leads can belong to; its id."""
        return self.add("Group", {"Name": name, "Type": "Queue"})

    def deactivate(self, user: str) -> None:
        """Somebody leaves the company; what they own stays theirs."""
        self.set("User", user, {"IsActive": False})

    def set_task_words(self, statuses: Sequence[Word], priorities: Sequence[Word]) -> None:
        """Give the org Task words of its own, and restrict its picklists to them."""
        with self.org.lock:
            self.org.set_task_words(statuses, priorities)

    def delete(self, object_name: str, id_: str) -> None:
        """Into the recycle bin."""
        with self.org.lock:
            self.org.delete(object_name, self.org.find(object_name, id_))

    def undelete(self, object_name: str, id_: str) -> None:
        """Out of the recycle bin."""
        with self.org.lock:
            self.org.undelete(object_name, salesforce_ids.long(id_))

    def convert(self, lead_id: str, *, account: str = "", contact: str = "", opportunity: str = "") -> Values:
        """Convert a lead; see conversion.convert. Returns the lead's values."""
        return dict(convert(self.org, lead_id, account=account, contact=contact, opportunity=opportunity))

    def record(self, object_name: str, id_: str) -> Values:
        """A live record's values. Raises Refused."""
        return dict(self.org.find(object_name, id_))

    def records(self, object_name: str) -> list[Values]:
        """All live records of an object, oldest first."""
        with self.org.lock:
            return [dict(one) for one in self.org.all(object_name)]

    def find(self, object_name: str, **values: Any) -> list[Values]:
        """The live records with these values."""
        return [
            one for one in self.records(object_name) if all(one.get(name) == value for name, value in values.items())
        ]

    def query(self, soql: str) -> list[Values]:
        """The records that a SOQL query finds, with all their fields. Raises Refused."""
        with self.org.lock:
            return [dict(one) for one in Finder(self.org).find(parse(soql))]

    def counts(self) -> dict[str, int]:
        """How many live records there are of each object."""
        return {name: len(records) for name, records in self.org.records.items()}

    def state(self) -> dict[str, list[Values]]:
        """Every live record, for JSON."""
        return {name: self.records(name) for name in self.org.records}

    def encrypt(self, object_name: str, field: str) -> None:
        """Keep a field encrypted: nobody can filter by it any more."""
        self.org.encrypt(object_name, field)

    def hide(self, object_name: str) -> None:
        """Take an object out of the API user's sight."""
        self.org.hidden.add(object_name)

    def show(self, object_name: str) -> None:
        """Give the API's user the right to see an object again."""
        self.org.hidden.discard(object_name)

    def rule(self, **rule: str) -> None:
        """An administrator's validation rule: `object`, `field`, `pattern`, `message`."""
        self.org.rules.add(Rule(**rule))

    def rules(self) -> list[dict[str, str]]:
        """The rules that stand."""
        return [asdict(rule) for rule in self.org.rules.standing]

    def _person(self) -> str:
        return str(self.people[1]["Id"])

    def _settled(self, object_name: str, values: Mapping[str, Any], record: Values | None) -> Values:
        fields = self.org.fields[object_name]
        locked = {
            name: fields[name].settled(value)
            for name, value in values.items()
            if name in fields and not (fields[name].createable if record is None else fields[name].updateable)
        }
        free = {name: value for name, value in values.items() if name not in locked}
        return self.org.checked(object_name, free, record=record) | locked
