"""HubSpot's declaration: everything that the other rooms have to know of it, once."""

from connectors.base.credentials import Credential
from connectors.base.limits import Usage
from connectors.base.port import Connector
from connectors.base.sign_in_port import Client, SignIn
from connectors.base.spending import Allowance, Pacing
from connectors.hubspot.setup.app_scopes import SCOPES, of_leads
from connectors.hubspot.setup.record_rules import RULES
from connectors.shared.provisioning import Provisioner
from connectors.shared.vendor import Project, ProjectRequest, Setup, SignInRules, Vendor
from mappings.declared.variables import Given, Need, Variable
from mappings.model.compiled_mapping import CrmMapping
from mappings.values.instant import HOUR, SECOND

_HELP = r"""Sign in to HubSpot, in the browser or with a token.

The client secret is HUBSPOT_CLIENT_SECRET, or is asked for; it never stands on the command line. The app signs its
webhooks with it too: with --grant token it is asked for as well, or is the second line of --secret-stdin.

\b
Example:
  coldframe connect hubspot --client-id 7b1f…
  coldframe connect hubspot --grant token --secret-stdin < service-key.txt
"""
_VARIABLES = (
    Variable(
        name="HUBSPOT_ACCESS_TOKEN", kind="token", remedy="Set a HubSpot service key or a private app's access token."
    ),
    Variable(name="HUBSPOT_API_URL", kind="address", remedy="Set https://…, or unset it to reach HubSpot itself."),
    Variable(
        name="HUBSPOT_APP_ID",
        kind="text",
        pattern=r"^[0-9]+$",
        remedy="Set the number of the public app whose webhooks `coldframe provision` is to subscribe, or unset it and "
        "subscribe by hand.",
    ),
    Variable(
        name="HUBSPOT_DEVELOPER_API_KEY",
        kind="token",
        remedy="Set the API key of the developer account that owns the app, or unset it and subscribe by hand.",
    ),
    Variable(
        name="COLDFRAME_HUBSPOT_MAPPING",
        kind="text",
        remedy="Name the YAML file that maps HubSpot's fields (docs/mapping.md), or unset it for the one shipped.",
    ),
)
_NEEDS = (
    Need(
        variable="HUBSPOT_ACCESS_TOKEN",
        needed="HUBSPOT_CLIENT_SECRET",
        why="HubSpot's webhooks cannot be verified without it; a service key has none: set COLDFRAME_POLLED=hubspot",
        webhooks_of="hubspot",
    ),
    Need(variable="HUBSPOT_API_URL", needed="HUBSPOT_ACCESS_TOKEN", why="HUBSPOT_API_URL is set"),
    Need(
        variable="HUBSPOT_APP_ID",
        needed="HUBSPOT_DEVELOPER_API_KEY",
        why="an app's webhooks cannot be subscribed without it",
    ),
    Need(variable="HUBSPOT_DEVELOPER_API_KEY", needed="HUBSPOT_APP_ID", why="HUBSPOT_DEVELOPER_API_KEY is set"),
)


# What needs HubSpot's library, or the one that signs in, is imported when it is called: naming a CRM costs nothing.


def _connect(credential: Credential, *, allowance: Allowance | None = None) -> Connector:
    from connectors.hubspot.connector import HubSpotConnector  # noqa: PLC0415 - as said above

    return HubSpotConnector(credential, allowance=allowance)


def _opened(client: Client) -> SignIn:
    from connectors.hubspot.setup.oauth import HubSpotSignIn  # noqa: PLC0415 - as said above

    return HubSpotSignIn(client)


def _provisioner(credential: Credential, setup: Setup) -> Provisioner:
    from connectors.hubspot.setup.provisioner import HubSpotProvisioner  # noqa: PLC0415 - as said above
    from connectors.hubspot.setup.public_app import App  # noqa: PLC0415 - as said above

    number, key = setup.given.text("HUBSPOT_APP_ID"), setup.given.text("HUBSPOT_DEVELOPER_API_KEY")
    app = App(number=number, key=key) if number and key else None
    return HubSpotProvisioner(credential, webhook_url=setup.webhook_url, app=app)


def _project(mapping: CrmMapping, request: ProjectRequest) -> Project:
    from connectors.hubspot.setup import project_files  # noqa: PLC0415 - as said above

    return project_files.project(mapping, request)


def _lists(credential: Credential) -> Provisioner:
    from connectors.hubspot.setup.contact_lists import HubSpotLists  # noqa: PLC0415 - as said above

    return HubSpotLists(credential)


def _credential(given: Given) -> Credential | None:
    token = given.text("HUBSPOT_ACCESS_TOKEN")
    return Credential(token=token, api_url=given.text("HUBSPOT_API_URL")) if token else None


HUBSPOT = Vendor(
    rules=RULES,
    connect=_connect,
    provisioner=_provisioner,
    project=_project,
    lists=_lists,
    sign_in=SignInRules(
        grants=("authorization_code", "token"),
        grants_help="By a person's yes in the browser, or with a service key or private app's token.",
        help=_HELP,
        opened=_opened,
        secret="HUBSPOT_CLIENT_SECRET",  # noqa: S106 - a variable's name
        scopes=SCOPES,
        further=of_leads,
        signs_webhooks=True,
    ),
    # A day ends at midnight in the account's zone. Searches are five a second for the whole account, and one is spared,
    # since calls arrive at uneven intervals; no reply names them.
    pacing=Pacing(ask_again=HOUR, searches=Usage(window=SECOND, window_limit=4)),
    variables=_VARIABLES,
    needs=_NEEDS,
    token="HUBSPOT_ACCESS_TOKEN",  # noqa: S106 - a variable's name
    api_url="HUBSPOT_API_URL",
    mapping="COLDFRAME_HUBSPOT_MAPPING",
    credential=_credential,
    place=20,
)
