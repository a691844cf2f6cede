"""A reply that points elsewhere is a reply like others: no token follows it, and nothing is asked there."""

import pytest

from connectors.answers.replies import Reply
from connectors.base.credentials import Credential
from connectors.salesforce.api_session import SalesforceSession
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

INSTANCE = "https://sandbox.my.salesforce.com"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_salesforce_session_sends_no_token_where_a_reply_points(box: Sandbox, status: int) -> None:
    """Also within the org's own host, where the session has a connection already."""
    session = SalesforceSession(Credential(token="s", api_url=f"{box.url}/salesforce", instance_url=INSTANCE))
    elsewhere = f"{INSTANCE}/services/data/v62.0/elsewhere"
    box.faults.add(Fault(kind="page", status=status, location=elsewhere, system="salesforce"))
    outcome = session.get("sobjects/Lead/describe")
    session.close()
    assert isinstance(outcome, Reply)
    assert outcome.status == status
    assert [entry.path for entry in box.salesforce.log.entries() if "elsewhere" in entry.path] == []
