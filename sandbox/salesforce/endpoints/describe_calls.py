"""What the org has: its versions, objects, fields and limits."""

from typing import Any

from sandbox.salesforce.state import salesforce_ids
from sandbox.salesforce.state.org import Org
from sandbox.salesforce.state.refusals import no_resource
from sandbox.salesforce.state.starting_objects import OBJECTS
from sandbox.shared.http_call import Answer, Call, reply

NEWEST, OLDEST = 67, 31
_WINTER_26 = 65
_SEASONS = ("Winter", "Spring", "Summer")
_PLURALS = {"Opportunity": "Opportunities", "OpportunityContactRole": "Opportunity Contact Roles"}


class Describe:
    """The endpoints about the org itself."""

    def __init__(self, org: Org) -> None:
        self.org = org

    def versions(self, call: Call) -> Answer:
        """GET the versions of the API: Spring '26 is 66."""
        del call
        listed = [
            {"label": _label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
            for number in range(OLDEST, NEWEST + 1)
        ]
        return reply(listed)

    def resources(self, call: Call, version: str) -> Answer:
        """GET what a version offers."""
        del call
        names = ("composite", "limits", "query", "queryAll", "sobjects")
        organization = salesforce_ids.ORGANIZATION + salesforce_ids.suffix(salesforce_ids.ORGANIZATION)
        identity = f"https://login.salesforce.com/id/{organization}/{self.org.api_user}"
        return reply({name: f"/services/data/{version}/{name}" for name in names} | {"identity": identity})

    def objects(self, call: Call, version: str) -> Answer:
        """GET all objects."""
        del call
        listed = [self._summary(name, version) for name in OBJECTS if name not in self.org.hidden]
        return reply({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed})

    def basic(self, call: Call, version: str, object_name: str) -> Answer:
        """GET an object's summary."""
        del call
        return reply({"objectDescribe": self._summary(self.org.named(object_name), version), "recentItems": []})

    def describe(self, call: Call, version: str, object_name: str) -> Answer:
        """GET an object with all its fields."""
        del call
        name = self.org.named(object_name)
        fields = [field.described() for field in self.org.fields[name].values()]
        body = self._summary(name, version) | {"fields": fields, "childRelationships": [], "recordTypeInfos": []}
        return reply(body)

    def who(self, call: Call) -> Answer:
        """GET whom the token belongs to."""
        del call
        user = self.org.records["User"][self.org.api_user]
        body = {
            "user_id": self.org.api_user,
            "organization_id": salesforce_ids.ORGANIZATION + salesforce_ids.suffix(salesforce_ids.ORGANIZATION),
            "preferred_username": user["Username"],
            "name": user["Name"],
            "email": user["Email"],
        }
        return reply(body)

    def _summary(self, name: str, version: str) -> dict[str, Any]:
        url = f"/services/data/{version}/sobjects/{name}"
        yes = dict.fromkeys(("createable", "deletable", "queryable", "retrieveable", "searchable", "undeletable"), True)
        return yes | {
            "custom": False,
            "keyPrefix": salesforce_ids.PREFIXES[name],
            "label": name,
            "labelPlural": _PLURALS.get(name, f"{name}s"),
            "mergeable": name in {"Account", "Contact", "Lead"},
            "name": name,
            "replicateable": True,
            "triggerable": True,
            "updateable": name != "User",
            "urls": {"describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}", "sobject": url},
        }


def checked_version(version: str) -> str:
    """A version of the path (`v66.0`), where the org has it. Raises Refused."""
    number = version.removeprefix("v").removesuffix(".0")
    if not version.startswith("v") or not number.isdigit() or not OLDEST <= int(number) <= NEWEST:
        raise no_resource()
    return version


def _label(number: int) -> str:
    years, season = divmod(number - _WINTER_26, 3)
    return f"{_SEASONS[season]} '{26 + years:02d}"
