"""The consent page, where a person lets an app in: it answers at once, or shows two links for a test to click."""

from html import escape
from urllib.parse import urlencode

from sandbox.shared.http_call import Answer, Call
from sandbox.shared.issued_tokens import Issuer


def consent(call: Call, issuer: Issuer, *, pkce: bool) -> Answer:
    """GET the vendor's authorize page."""
    client, back = call.argument("client_id"), call.argument("redirect_uri")
    if not client or call.argument("response_type") != "code" or not issuer.redirects(client, back):
        return _page("This app is not known here, or it asks to be sent somewhere that it has not registered.", 400)
    if pkce and call.argument("code_challenge") and call.argument("code_challenge_method") != "S256":
        return _page("code_challenge_method must be S256", 400)
    choice = call.argument("sandbox_choice") or ("deny" if issuer.settings.deny else "allow")
    if issuer.settings.page and not call.argument("sandbox_choice"):
        allow, deny = (escape(f"?{call.query}&sandbox_choice={one}", quote=True) for one in ("allow", "deny"))
        return _page(f'<p>Let the app in?</p><p><a href="{allow}">Yes</a> <a href="{deny}">No</a></p>', 200)
    if choice == "deny":
        told = {"error": "access_denied", "error_description": "end-user denied authorization"}
    else:
        issuer.asked[client] = f"{call.argument('scope')} {call.argument('optional_scope')}"
        told = {"code": issuer.code(client, back, call.argument("code_challenge"))}
    joint = "&" if "?" in back else "?"
    address = f"{back}{joint}{urlencode(told | {'state': call.argument('state')})}"
    return Answer(status=302, headers=(("Location", address),))


def form(call: Call) -> dict[str, str]:
    """The body of a token call, as a form; the last value of each name."""
    read = Call(method=call.method, path=call.path, query=call.body.decode("utf-8", "replace"))
    return {name: values[-1] for name, values in read.arguments().items()}


def _page(text: str, status: int) -> Answer:
    body = f"<!doctype html><html><body>{text}</body></html>".encode()
    return Answer(status=status, body=body, kind="text/html; charset=utf-8")
