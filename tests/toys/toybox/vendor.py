"""The toy CRM's declaration."""

import re
from collections.abc import Sequence
from types import MappingProxyType

from connectors.base.credentials import Credential
from connectors.base.port import Receipt as Answer
from connectors.base.port import Unavailable, Verdict
from connectors.base.sign_in_port import Asking, Client, Issued
from connectors.base.spending import Pacing
from connectors.shared.provisioning import Step, wanted
from connectors.shared.vendor import Setup, SignInRules, Vendor
from mappings.declared.variables import Given, Variable
from mappings.model.canonical import Kind, Value
from mappings.model.catalogue import CrmRules
from mappings.model.compiled_mapping import CrmMapping
from mappings.values.instant import MINUTE, Instant
from mappings.values.record_ids import IdRule
from toybox.connector import ToyConnector
from toybox.house import FIELDS, HOUSES, House

_WORDS = frozenset({"words"})


def _written(value: Value, kind: Kind) -> object:
    """Lists are joined by commas; everything else as it is."""
    del kind
    return ",".join(value) if isinstance(value, tuple) else value


class ToySignIn:
    """By a yes in the browser alone; a token is good for half an hour."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._house: House = HOUSES[client.api_url]

    def address(self, asking: Asking) -> str:
        """The toy's page says yes by itself."""
        return f"{asking.redirect_uri}?code=toy-code&state={asking.state}"

    def exchanged(self, code: str, asking: Asking) -> Issued:
        del asking
        return self._issued(good=code == "toy-code" and self._client.secret == self._house.secret)

    def refreshed(self, refresh_token: str) -> Issued:
        return self._issued(good=refresh_token == self._house.refresh)

    def asserted(self, now: Instant) -> Issued:
        del now
        return self._issued(good=False)

    def credentialed(self) -> Issued:
        return self._issued(good=False)

    def account(self, issued: Issued) -> str:
        del issued
        return self._house.account

    def close(self) -> None:
        return

    def _issued(self, *, good: bool) -> Issued:
        if not good:
            raise Unavailable(Answer(key="", verdict=Verdict.RELOGIN, code="invalid_grant"))
        return Issued(access_token=self._house.issue(), refresh_token=self._house.refresh, lifetime=30 * MINUTE)


class ToyProvisioner:
    """Every field is there already."""

    needs = "nothing"

    def plan(self, mapping: CrmMapping) -> Sequence[Step]:
        return [
            Step(action="keep" if each.name in FIELDS[each.object] else "by hand", kind="field", what=each.where)
            for each in wanted(mapping, task="chore", key="coldframe_key")
        ]

    def removal(self, mapping: CrmMapping) -> Sequence[Step]:
        del mapping
        return []

    def close(self) -> None:
        return


def _provisioner(credential: Credential, setup: Setup) -> ToyProvisioner:
    del credential, setup
    return ToyProvisioner()


def _credential(given: Given) -> Credential | None:
    token = given.text("TOYBOX_ACCESS_TOKEN")
    return Credential(token=token, api_url=given.text("TOYBOX_API_URL")) if token else None


TOYBOX = Vendor(
    rules=CrmRules(
        name="toybox",
        label="Toybox",
        ids=IdRule(form=re.compile(r"[A-Z]-[0-9]{1,9}")),
        people=("member",),
        field_name=re.compile(r"[a-z_]{1,40}"),
        mapping=("toybox", "toybox.yaml"),
        takes=MappingProxyType(
            {
                "text": _WORDS,
                "number": frozenset({"number"}),
                "boolean": _WORDS,
                "choice": _WORDS,
                "time": _WORDS,
                "list": _WORDS,
            }
        ),
        written=_written,
        owners=frozenset({"owner"}),
    ),
    connect=ToyConnector,
    provisioner=_provisioner,
    sign_in=SignInRules(
        grants=("authorization_code",),
        grants_help="By a yes in the browser.",
        help="Sign in to Toybox.\n\nExample: coldframe connect toybox --client-id 1",
        opened=ToySignIn,
        secret="TOYBOX_CLIENT_SECRET",
    ),
    pacing=Pacing(),
    variables=(
        Variable(name="TOYBOX_ACCESS_TOKEN", kind="token", remedy="Set an access token of Toybox."),
        Variable(name="TOYBOX_CLIENT_SECRET", kind="token", remedy="Set the secret of the Toybox app."),
        Variable(name="TOYBOX_API_URL", kind="address", remedy="Set https://…, or unset it."),
        Variable(name="COLDFRAME_TOYBOX_MAPPING", kind="text", remedy="Name a YAML file, or unset it."),
    ),
    token="TOYBOX_ACCESS_TOKEN",
    api_url="TOYBOX_API_URL",
    mapping="COLDFRAME_TOYBOX_MAPPING",
    credential=_credential,
)
