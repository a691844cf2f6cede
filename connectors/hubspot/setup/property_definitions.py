"""The calls that read and change property definitions and their groups."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from connectors.answers.replies import Outcome, Refusal, Reply
from connectors.hubspot import faults
from connectors.hubspot.api_session import HubSpotSession

_NO_CONTENT = 204


class Definitions(HubSpotSession):
    """As the session it extends: every call answers with an Outcome and raises nothing."""

    @cached_property
    def _groups(self) -> Any:
        return self._client.crm.properties.groups_api

    def groups(self, kind: str) -> Outcome:
        """GET /crm/v3/properties/{kind}/groups."""
        return self._call(self._groups.get_all, kind)

    def create_group(self, kind: str, body: Mapping[str, Any]) -> Outcome:
        """POST /crm/v3/properties/{kind}/groups."""
        return self._call(self._groups.create, kind, body)

    def remove_group(self, kind: str, name: str) -> Outcome:
        """DELETE /crm/v3/properties/{kind}/groups/{name}."""
        return self._call(self._groups.archive, kind, name)

    def create_property(self, kind: str, body: Mapping[str, Any]) -> Outcome:
        """POST /crm/v3/properties/{kind}."""
        return self._call(self._properties.create, kind, body)

    def change_property(self, kind: str, name: str, body: Mapping[str, Any]) -> Outcome:
        """PATCH /crm/v3/properties/{kind}/{name}."""
        return self._call(self._properties.update, kind, name, body)

    def remove_property(self, kind: str, name: str) -> Outcome:
        """DELETE /crm/v3/properties/{kind}/{name}: into the portal's archive, for 90 days."""
        return self._call(self._properties.archive, kind, name)

    def close(self) -> None:
        """Close the connections that are kept open."""
        super().close()
        if "_groups" in self.__dict__:
            self._groups.api_client.rest_client.pool_manager.clear()


def refused(outcome: Outcome) -> Refusal | None:
    """Why a change was not made; None where it was, also without a body (204)."""
    if isinstance(outcome, Reply) and outcome.status == _NO_CONTENT:
        return None
    judged = faults.judged(outcome, idempotent=True)
    return judged if isinstance(judged, Refusal) else None
