"""Signing in by OAuth 2: what both vendors' ways have in common, over Authlib.

A call has a timeout, follows no redirect, goes to one address and asks no environment. A failure is Unavailable: the
verdict is RELOGIN where the vendor has said that it will give no token for this, RETRY where it has said nothing yet.
Nothing of what was sent stands in it.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from requests.adapters import HTTPAdapter

from connectors.answers.edges import moved
from connectors.answers.replies import TIMEOUT, Reply, Timeout, clean, retry_after
from connectors.base.port import Receipt, Unavailable, Verdict
from connectors.base.sign_in_port import Asking, Client, Issued
from connectors.shared.call_deadline import deadline, keep_deadline
from mappings.values import lenient_json
from mappings.values.instant import SECOND, Span

_MESSAGE = 500
_OK, _REDIRECT, _BAD_REQUEST, _UNAUTHORIZED, _TOO_MANY, _SERVER_ERROR = 200, 300, 400, 401, 429, 500
_FINAL = frozenset(
    {
        "invalid_grant",
        "invalid_client",
        "invalid_client_id",
        "invalid_client_credentials",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "invalid_app_access",
        "inactive_user",
        "inactive_org",
        "access_denied",
        "redirect_uri_mismatch",
        "BAD_REFRESH_TOKEN",
        "BAD_CLIENT_ID",
        "BAD_CLIENT_SECRET",
        "BAD_AUTH_CODE",
        "EXPIRED_AUTH_CODE",
        "BAD_REDIRECT_URI",
        "BAD_GRANT_TYPE",
        "MISSING_SCOPES",
    }
)
"""What asking again does not change, in both vendors' words."""
_PASSING = ("rate exceeded", "retry your request", "temporarily")
"""What the description says where the code sounds final and is not."""


class TokenEndpoint:
    """The one address at which a vendor gives tokens."""

    def __init__(self, client: Client, url: str, *, pkce: bool = False, timeout: Timeout = TIMEOUT) -> None:
        self.url = url
        self._seen: requests.Response | None = None
        self._session = OAuth2Session(
            client.id,
            client.secret or None,
            token_endpoint_auth_method="client_secret_post" if client.secret else "none",
            code_challenge_method="S256" if pkce else None,
            default_timeout=timeout,
        )
        parts = urlsplit(url)
        self._session.trust_env = False  # no proxy and no .netrc that somebody left behind
        # A redirect is a reply like others: it says where the vendor has moved.
        self._session.get_redirect_target = lambda _reply: None
        self._session.adapters.clear()
        self._session.mount(f"{parts.scheme}://{parts.netloc}/", _adapter())
        for hook in ("access_token_response", "refresh_token_response"):
            self._session.register_compliance_hook(hook, self._note)

    def authorization(self, page: str, asking: Asking, **more: str) -> str:
        """The address of the vendor's page, with state and, where used, the code challenge."""
        self._session.redirect_uri = asking.redirect_uri
        address, _ = self._session.create_authorization_url(
            page, state=asking.state, code_verifier=asking.verifier, **more
        )
        return str(address)

    def fetch(self, grant_type: str, **body: str) -> Mapping[str, Any]:
        """POST for a token; the reply's members. Raises Unavailable."""
        return self._asked(
            lambda: self._session.fetch_token(self.url, grant_type=grant_type, allow_redirects=False, **body)
        )

    def refresh(self, refresh_token: str) -> Mapping[str, Any]:
        """POST for the next token; the reply's members. Raises Unavailable."""
        return self._asked(lambda: self._session.refresh_token(self.url, refresh_token, allow_redirects=False))

    def close(self) -> None:
        """Hang up."""
        self._session.close()

    def _asked(self, ask: Callable[[], Any]) -> Mapping[str, Any]:
        self._seen = None
        code = message = ""
        try:
            with deadline():
                told: Mapping[str, Any] = lenient_json.clean(dict(ask()))
        except OAuthError as error:
            code, message = lenient_json.text(str(error.error or "")), lenient_json.text(str(error.description or ""))
        except requests.HTTPError:
            pass  # the status says it, below
        except requests.RequestException as error:
            raise _silent(type(error).__name__) from None
        except ValueError:
            message = "a reply that is no token"
        else:
            if isinstance(told.get("access_token"), str) and told["access_token"].strip():
                return told
            code = str(told.get("status") or "")
            code = str(told.get("category") or code) if code in {"", "error"} else code
            message = str(told.get("message") or "a reply without a token")
        raise self._refused(code, message) from None

    def _refused(self, code: str, message: str) -> Unavailable:
        seen = self._seen
        status = 0 if seen is None else seen.status_code
        headers = {} if seen is None else {name.lower(): value for name, value in seen.headers.items()}
        if _REDIRECT <= status < _BAD_REQUEST:
            return Unavailable(moved(Reply(status=status, headers=headers, body="")).receipt(""))
        wait = retry_after(headers)
        passing = any(words in message.casefold() for words in _PASSING)
        final = code in _FINAL and not passing and status < _SERVER_ERROR and status != _TOO_MANY
        if final:
            return Unavailable(Receipt(key="", verdict=Verdict.RELOGIN, code=code, message=message[:_MESSAGE]))
        return _failed(code or f"HTTP_{status}", message, wait)

    def _note(self, response: requests.Response) -> requests.Response:
        self._seen = response
        return response


def _adapter() -> HTTPAdapter:
    """Asks once, and keeps to the deadline."""
    adapter = HTTPAdapter(max_retries=0)
    keep_deadline(adapter.poolmanager)
    return adapter


def described(address: str, token: str, timeout: Timeout) -> Mapping[str, Any]:
    """What a vendor says at this address about whoever has the token, sent in a header. Raises Unavailable."""
    with requests.Session() as session, deadline():
        session.trust_env = False
        for scheme in ("https://", "http://"):
            session.mount(scheme, _adapter())
        try:
            answer = session.get(
                address, headers={"Authorization": f"Bearer {token}"}, timeout=timeout, allow_redirects=False
            )
            told = lenient_json.said(answer.content)
        except requests.RequestException as error:
            raise _silent(type(error).__name__) from None
    said = told[0] if isinstance(told, list) and told else told
    said = said if isinstance(said, dict) else {}
    if answer.status_code == _OK:
        return said
    verdict = Verdict.RELOGIN if answer.status_code == _UNAUTHORIZED else Verdict.PERMANENT
    code = str(said.get("category") or said.get("errorCode") or f"HTTP_{answer.status_code}")
    message = str(said.get("message") or "")[:_MESSAGE]
    raise Unavailable(Receipt(key="", verdict=verdict, code=code, message=message))


def issued(told: Mapping[str, Any], **more: Any) -> Issued:
    """A token reply's common members; one of the wrong type counts as absent. Raises Unavailable."""
    try:
        token = clean(str(told["access_token"]))
    except ValueError:
        code, what = "UNUSABLE_TOKEN", "the token holds characters that no token has"
        raise _failed(code, what) from None
    seconds = told.get("expires_in")
    whole = seconds if isinstance(seconds, int) and not isinstance(seconds, bool) else 0
    scopes = told.get("scopes") or str(told.get("scope") or "").split()
    return Issued(
        access_token=token,
        refresh_token=str(told.get("refresh_token") or ""),
        lifetime=whole * SECOND if whole > 0 else None,
        scopes=tuple(str(one) for one in scopes) if isinstance(scopes, list) else (),
        **more,
    )


def impossible(what: str) -> Unavailable:
    """A way that this vendor does not have."""
    return Unavailable(Receipt(key="", verdict=Verdict.RELOGIN, code="unsupported_grant_type", message=what))


def _silent(reason: str) -> Unavailable:
    return _failed("NO_REPLY", reason)


def _failed(code: str, message: str, wait: Span | None = None) -> Unavailable:
    return Unavailable(
        Receipt(key="", verdict=Verdict.RETRY, code=code, message=message[:_MESSAGE], retry_after=wait, outage=True)
    )
