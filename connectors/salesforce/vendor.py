"""Salesforce's declaration: everything that the other rooms have to know of it, once."""

from collections.abc import Iterator, Mapping

from connectors.base.credentials import Credential
from connectors.base.port import Connector
from connectors.base.sign_in_port import Client, SignIn
from connectors.base.spending import Allowance, Pacing
from connectors.salesforce.hosts import common, salesforces
from connectors.salesforce.setup.record_rules import RULES
from connectors.shared.provisioning import Provisioner
from connectors.shared.vendor import Detail, Project, Setup, SignInRules, Vendor, Wished
from mappings.declared.variables import Given, Need, Variable
from mappings.model.compiled_mapping import CrmMapping
from mappings.values.instant import MINUTE

_HELP = r"""Sign in to Salesforce, in the browser, by a certificate, by the app's own secret, or with a token.

The client secret is SALESFORCE_CLIENT_SECRET, or is asked for; it never stands on the command line.

\b
Example:
  coldframe connect salesforce --client-id 3MVG… --login-url https://acme.my.salesforce.com
  coldframe connect salesforce --grant jwt-bearer --client-id 3MVG… --username cf@acme.example --key-file cf.pem
"""
_VARIABLES = (
    Variable(
        name="SALESFORCE_INSTANCE_URL",
        kind="address",
        remedy="Set the org's own address, such as https://acme.my.salesforce.com.",
    ),
    Variable(name="SALESFORCE_ACCESS_TOKEN", kind="token", remedy="Set an access token of the integration user."),
    Variable(
        name="SALESFORCE_CLIENT_SECRET",
        kind="token",
        remedy="Set the consumer secret of the External Client App for `coldframe connect salesforce`, or type it when "
        "you are asked.",
    ),
    Variable(
        name="SALESFORCE_API_URL", kind="address", remedy="Set https://…, or unset it to reach Salesforce itself."
    ),
    Variable(
        name="SALESFORCE_ORGANIZATION_ID",
        kind="text",
        pattern=r"^00D[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$",
        remedy="Set the org's id as Setup > Company Information shows it: 15 or 18 letters and digits.",
    ),
    Variable(
        name="COLDFRAME_SALESFORCE_MAPPING",
        kind="text",
        remedy="Name the YAML file that maps Salesforce's fields (docs/mapping.md), or unset it for the one shipped.",
    ),
)
_NEEDS = (
    Need(variable="SALESFORCE_ACCESS_TOKEN", needed="SALESFORCE_INSTANCE_URL", why="Salesforce has no common address"),
    Need(variable="SALESFORCE_INSTANCE_URL", needed="SALESFORCE_ACCESS_TOKEN", why="SALESFORCE_INSTANCE_URL is set"),
    Need(variable="SALESFORCE_API_URL", needed="SALESFORCE_ACCESS_TOKEN", why="SALESFORCE_API_URL is set"),
)


# What needs Salesforce's library, or the one that signs in, is imported when it is called: naming a CRM costs nothing.


def _connect(credential: Credential, *, allowance: Allowance | None = None) -> Connector:
    from connectors.salesforce.connector import SalesforceConnector  # noqa: PLC0415 - as said above

    return SalesforceConnector(credential, allowance=allowance)


def _opened(client: Client) -> SignIn:
    from connectors.salesforce.setup.oauth import SalesforceSignIn  # noqa: PLC0415 - as said above

    return SalesforceSignIn(client)


def _provisioner(credential: Credential, setup: Setup) -> Provisioner:
    from connectors.salesforce.setup.provisioner import SalesforceProvisioner  # noqa: PLC0415 - as said above

    return SalesforceProvisioner(credential, sales=setup.sales)


def _views(mapping: CrmMapping) -> Project:
    from connectors.salesforce.setup import list_views  # noqa: PLC0415 - as said above

    return list_views.project(mapping)


def _credential(given: Given) -> Credential | None:
    token = given.text("SALESFORCE_ACCESS_TOKEN")
    if not token:
        return None
    return Credential(
        token=token, api_url=given.text("SALESFORCE_API_URL"), instance_url=given.text("SALESFORCE_INSTANCE_URL")
    )


def _account(given: Given) -> str:
    return given.text("SALESFORCE_ORGANIZATION_ID")


def _unfit(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    instance = given.get("SALESFORCE_INSTANCE_URL")
    if instance is not None and not salesforces(instance) and "SALESFORCE_API_URL" not in given:
        yield ("SALESFORCE_INSTANCE_URL", "not a Salesforce domain, and no SALESFORCE_API_URL names a sandbox")


def _wrong(wished: Wished) -> Iterator[str]:
    if wished.api_url:
        return
    if wished.grant == "client_credentials" and common(wished.login_url):
        yield "--login-url must be the org's own address (My Domain): client credentials are taken nowhere else"
    if wished.login_url and not salesforces(wished.login_url):
        yield "--login-url is not an address of Salesforce"
    if wished.grant == "token" and not salesforces(wished.instance_url):
        yield "--instance-url must be the org's own address"


SALESFORCE = Vendor(
    rules=RULES,
    connect=_connect,
    provisioner=_provisioner,
    views=_views,
    sign_in=SignInRules(
        grants=("authorization_code", "jwt_bearer", "client_credentials", "token"),
        grants_help="By a yes in the browser, a signed assertion, the app's own secret, or a token.",
        help=_HELP,
        opened=_opened,
        client_id="The app's client id, which Salesforce calls consumer key.",
        details=(
            Detail(
                name="login_url",
                option="--login-url",
                metavar="URL",
                help="My Domain, or https://test.salesforce.com.",
            ),
            Detail(name="user", option="--username", help="JWT bearer: the integration user."),
            Detail(name="private_key", option="--key-file", help="JWT bearer: the private key (PEM).", metavar="FILE"),
            Detail(name="instance_url", option="--instance-url", metavar="URL", help="Token: the org's own address."),
        ),
        secret="SALESFORCE_CLIENT_SECRET",  # noqa: S106 - a variable's name
        public=True,
        wrong=_wrong,
    ),
    pacing=Pacing(ask_again=15 * MINUTE),  # a day is the 24 hours before: it rolls on
    variables=_VARIABLES,
    needs=_NEEDS,
    unfit=_unfit,
    token="SALESFORCE_ACCESS_TOKEN",  # noqa: S106 - a variable's name
    api_url="SALESFORCE_API_URL",
    mapping="COLDFRAME_SALESFORCE_MAPPING",
    credential=_credential,
    account=_account,
    place=10,
)
