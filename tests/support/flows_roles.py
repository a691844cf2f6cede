"""Who works in sales, and to whom each task went."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from integration.wiring.whole_service import Service
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]

ANA, BO = "ana@acme.example", "bo@blue.example"


def people(sandbox: Sandbox) -> Mapping[str, str]:
    """Ids of Salesforce's users by first name: Integration (as whom we sign in), Nadia, Joaquim, Hanna, Petra."""
    return {str(user["FirstName"]): str(user["Id"]) for user in sandbox.salesforce.people}
