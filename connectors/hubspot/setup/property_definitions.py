"""The calls that read and change property definitions and their groups."""

from collections.abc import Mapping
from typing import Any

from connectors.answers.replies import Outcome, Refusal, Reply
from connectors.hubspot import faults, paths
from connectors.hubspot.api_session import HubSpotSession

_NO_CONTENT = 204


class Definitions(HubSpotSession):
    """As the session it extends: every call answers with an Outcome and raises nothing."""

    def groups(self, kind: str) -> Outcome:
        """GET all property groups of an object type."""
        return self._call("GET", paths.property_groups(kind))

    def create_group(self, kind: str, body: Mapping[str, Any]) -> Outcome:
        """POST a property group."""
        return self._call("POST", paths.property_groups(kind), body)

    def remove_group(self, kind: str, name: str) -> Outcome:
        """DELETE a property group."""
        return self._call("DELETE", paths.property_groups(kind, name))

    def create_property(self, kind: str, body: Mapping[str, Any]) -> Outcome:
        """POST a property definition."""
        return self._call("POST", paths.properties(kind), body)

    def change_property(self, kind: str, name: str, body: Mapping[str, Any]) -> Outcome:
        """PATCH a property definition."""
        return self._call("PATCH", paths.properties(kind, name), body)

    def remove_property(self, kind: str, name: str) -> Outcome:
        """DELETE a property definition: into the portal's archive, for 90 days."""
        return self._call("DELETE", paths.properties(kind, name))


def refused(outcome: Outcome) -> Refusal | None:
    """Why a change was not made; None where it was, also without a body (204)."""
    if isinstance(outcome, Reply) and outcome.status == _NO_CONTENT:
        return None
    judged = faults.judged(outcome, idempotent=True)
    return judged if isinstance(judged, Refusal) else None
