"""Asks the sandbox's CRMs after a bench how many calls carried the scores, and whether they arrived."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integration.rig.stage.rig import Rig

_LOG_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCalls:
    """Calls that carried scores to one CRM: how many, with how many writes of how many leads.

    `batch` is the most writes that one call takes.
    """

    batch: int
    calls: int = 0
    writes: int = 0
    leads: int = 0

    @property
    def ratio(self) -> float:
        """Calls to the fewest in which every changed lead is written; 1 is perfect."""
        return self.calls / -(-self.leads // self.batch) if self.leads else 0.0

    @property
    def filled(self) -> float:
        """Calls to the fewest that could have carried as many writes; 1 is perfect."""
        return self.calls / -(-self.writes // self.batch) if self.writes else 0.0


def forget(running: Rig) -> None:
    """Begin to count calls anew."""
    running.session.delete(f"{running.sandbox}/_sandbox/log", timeout=_LOG_SECONDS).raise_for_status()


def score_calls(running: Rig) -> dict[str, ScoreCalls]:
    """Calls for score writes since `forget`, by CRM. Calls that create tasks are others."""
    updates = {"hubspot": ("POST", "contacts/batch/update", 100), "salesforce": ("PATCH", "composite/sobjects", 200)}
    return {name: _counted(running, name, *what) for name, what in updates.items()}


def _counted(running: Rig, system: str, method: str, path: str, batch: int) -> ScoreCalls:
    answer = running.session.get(
        f"{running.sandbox}/_sandbox/log",
        params={"system": system, "method": method, "path": path},
        timeout=_LOG_SECONDS,
    )
    answer.raise_for_status()
    bodies = [entry["body"] for entry in answer.json()["log"] if entry["path"].endswith(path)]
    ids = [one.get("id") or one.get("Id") for body in bodies for one in body.get("inputs") or body.get("records") or ()]
    return ScoreCalls(batch=batch, calls=len(bodies), writes=len(ids), leads=len(set(ids)))


def scores(running: Rig) -> dict[str, int]:
    """The score in the CRM by e-mail, of everybody who has one there."""
    state = running.ask("state")
    contacts = ((each["values"].get("email"), each["values"].get("coldframe_score")) for each in _of(state, "contacts"))
    leads = ((each.get("Email"), each.get("Coldframe_Score__c")) for each in state["salesforce"].get("Lead", ()))
    return {email: int(float(score)) for email, score in (*contacts, *leads) if email and score not in {None, ""}}


def _of(state: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return list(state["hubspot"].get(kind, ()))
