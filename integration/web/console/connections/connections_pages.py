"""The pages of connections: how each is, and signing in to a CRM. Pausing one is the work room's."""

import io
import zipfile

from flask import abort, render_template, request
from flask.wrappers import Response

from connectors import vendors
from connectors.shared.vendor import Vendor
from integration.signin import app_project, public_sign_in
from integration.signin.app_project import NoProjectError
from integration.signin.keep_sign_in import Means
from integration.signin.public_sign_in import SignInRefusedError
from integration.signin.sign_in_request import SignInRequest, mistakes, remembered
from integration.store.crm import connections
from integration.store.crm.connections import Details, Secrets
from integration.web.console.connections.connection_health import healths
from integration.web.console.shell.console_parts import parts, person
from integration.web.console.shell.rooms import Room
from mappings.values.identifiers import ConnectionName, first_of

ROOM = Room("connections", "Connections", path="/connections")
_LONGEST = 500
_FIELDS = ("name", "client_id", "login_url", "api_url")


@ROOM.page("/", role="viewer")
def overview() -> str:
    """Every connection, and how it is."""
    own = parts()
    found = healths(own.settings, own.store, own.service(), own.now())
    crms = sorted(vendors.every(), key=lambda each: each.label)
    return render_template("console/connections/overview.html", connections=found, crms=crms)


@ROOM.page("/new/<system>", role="admin")
def sign_in(system: str) -> str:
    """The form with which an admin signs in to a CRM."""
    vendor = _vendor(system)
    return render_template(
        "console/connections/sign_in.html", vendor=vendor, given={}, wrong=(), redirect_uri=_back(vendor)
    )


@ROOM.change("/new/<system>", role="admin")
def begin_sign_in(system: str) -> str | tuple[str, int]:
    """Make the link that goes to the CRM's own page; whoever follows it in a browser signs in there."""
    vendor, own = _vendor(system), parts()
    given = {name: request.form.get(name, "").strip()[:_LONGEST] for name in _FIELDS}
    name = ConnectionName(given["name"]) if given["name"] else first_of(vendor.system)
    asked = SignInRequest(
        name=name,
        system=vendor.system,
        grant="authorization_code",
        details=Details(
            client_id=given["client_id"],
            login_url=given["login_url"].rstrip("/"),
            api_url=given["api_url"].rstrip("/"),
        ),
        secrets=Secrets(client_secret=request.form.get("client_secret", "").strip()[:_LONGEST]),
    )
    with own.store.read() as conn:
        row = connections.get(conn, name)
    asked = remembered(asked, row, own.settings)
    wrong = [_on_the_form(each) for each in mistakes(asked, row)]
    if not wrong:
        means = Means(settings=own.settings, store=own.store, now=own.now, actor=person().subject)
        try:
            offer = public_sign_in.offer(asked, means)
        except SignInRefusedError as refusal:
            wrong = [str(refusal)]
        else:
            return render_template("console/connections/follow.html", vendor=vendor, offer=offer)
    page = render_template(
        "console/connections/sign_in.html", vendor=vendor, given=given, wrong=wrong, redirect_uri=_back(vendor)
    )
    return page, 400


@ROOM.page("/new/<system>/app.zip", role="admin")
def app_files(system: str) -> Response:
    """The files of the app that the vendor's own tool uploads, with this service's addresses in them."""
    vendor, own = _vendor(system), parts()
    try:
        made = app_project.project(own.settings, vendor.system, first_of(vendor.system))
    except NoProjectError as error:
        abort(409, str(error))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in made.files.items():
            packed.writestr(f"coldframe-{vendor.system}/{name}", text)
        steps = "\n".join(f"{number}. {step}" for number, step in enumerate(made.steps, 1))
        packed.writestr(f"coldframe-{vendor.system}/WHAT-TO-DO.txt", f"{steps}\n")
    headers = {"Content-Disposition": f'attachment; filename="coldframe-{vendor.system}.zip"'}
    return Response(buffer.getvalue(), content_type="application/zip", headers=headers)


def _vendor(system: str) -> Vendor:
    found = next((each for each in vendors.every() if each.system == system), None)
    if found is None or "authorization_code" not in found.sign_in.grants:
        abort(404, f"There is no sign-in for {system[:_LONGEST]} here.")
    return found


def _back(vendor: Vendor) -> str:
    """The address that the CRM's app has to allow."""
    home = (parts().settings.public_url or request.host_url).rstrip("/")
    return f"{home}/signin/{vendor.system}/callback"


def _on_the_form(mistake: str) -> str:
    """A mistake in the words of the form: options are the command line's."""
    text = mistake.replace("--client-id is", "the client id is").replace("another --name", "another name")
    text = text.replace("--api-url must", "the address of the API must")
    text = text.partition(": set ")[0]
    return f"{text[:1].upper()}{text[1:]}."
