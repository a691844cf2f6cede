"""A worker process that reads one HubSpot contact over and over; run as a program: its request is JSON.

`store` and `sandbox` are addresses, `contact` an id, `calls` their number. Prints how many were answered.
"""

import json
import sys
import time
from typing import Any

from connectors.base.credentials import Credential
from connectors.hubspot.connector import HubSpotConnector
from connectors.hubspot.vendor import HUBSPOT
from integration.flows.base.call_allowance import StoredAllowance
from integration.store.db.session import Store
from integration.wiring import clock
from mappings.values.instant import SECOND


def main(wish: dict[str, Any]) -> None:
    """Read, and hand back what is left of the allowance at the end, as a lane does."""
    store = Store.open(wish["store"])
    allowance = StoredAllowance(
        store=store,
        connection="hubspot",
        pacing=HUBSPOT.pacing,
        reserve=0.2,
        patience=60 * SECOND,
        sleep=time.sleep,
        monotonic=clock.monotonic,
    )
    crm = HubSpotConnector(Credential(token="t", api_url=f"{wish['sandbox']}/hubspot"), allowance=allowance)
    answered = sum(len(crm.read("contact", [wish["contact"]], ["email"])) for _ in range(wish["calls"]))
    with store.write() as conn:
        allowance.settle(conn)
    crm.close()
    store.dispose()
    sys.stdout.write(f"{answered}\n")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
