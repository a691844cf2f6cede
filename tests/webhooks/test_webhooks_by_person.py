"""Whether a person made a change on a page of HubSpot: such a change is never taken for an echo of ours."""

import pytest
import webhooks_senders as senders

from webhooks import parsers


@pytest.mark.parametrize(
    ("source", "by_person"),
    [
        ({"changeSource": "INTEGRATION", "sourceId": "50780459"}, False),
        ({"changeSource": "CRM_UI", "sourceId": "50780459"}, True),
        ({"changeSource": "CRM_UI_BULK_ACTION"}, True),
        ({"changeSource": "INTEGRATION", "sourceId": "userId:123"}, True),
        ({"changeSource": "IMPORT", "sourceId": 123}, False),
    ],
)
def test_a_property_change_says_whether_a_person_made_it(source: dict[str, object], by_person: object) -> None:
    parsed = parsers.parse("hubspot", senders.events(senders.event(**source)), received_at=senders.NOW)
    (change,) = parsed.noticed
    assert change.by_person is by_person
