"""An allowance of calls as tests give it to connections."""

import time

from connectors import vendors
from connectors.base.credentials import Credential
from connectors.hubspot.connector import HubSpotConnector
from integration.flows.base.call_allowance import StoredAllowance
from integration.store.db.session import Store
from integration.wiring import clock
from mappings.values.instant import SECOND
from sandbox.server import Sandbox


def allowance(store: Store, connection: str = "hubspot", **more: object) -> StoredAllowance:
    given: dict[str, object] = {"reserve": 0.2, "patience": 30 * SECOND, "sleep": time.sleep}
    given |= {"monotonic": clock.monotonic, "pacing": vendors.vendor(connection).pacing}
    return StoredAllowance(store=store, connection=connection, **(given | more))  # type: ignore[arg-type]


def hubspot(box: Sandbox, given: StoredAllowance) -> HubSpotConnector:
    return HubSpotConnector(Credential(token="t", api_url=f"{box.url}/hubspot"), allowance=given)
