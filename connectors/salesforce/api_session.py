"""The Salesforce session: the one place that touches simple-salesforce.

The library keeps the session, the token and the addresses; its own call layer is not used, because it
recurses on a lasting 401, drops headers when it tries again and has no timeout (measured with 1.12). https is
hard-coded in it, so a sandbox is reached by an adapter that sends requests for the instance elsewhere.
"""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce

from connectors.answers.replies import TIMEOUT, Lost, Outcome, Reply, Timeout, clean, signed
from connectors.answers.web_address import place
from connectors.base.credentials import Credential, Fixed, Tokens
from connectors.base.limits import Usage
from connectors.base.spending import Allowance, Purse
from connectors.salesforce.hosts import salesforces
from connectors.shared.call_deadline import deadline, keep_deadline
from mappings.values import lenient_json

VERSION = "66.0"
"""Spring '26."""
RESOURCES = f"/services/data/v{VERSION}"
"""What this version offers, and as whom we ask."""


class SalesforceSession:
    """The instance's REST API; every call answers with an Outcome and raises nothing.

    ValueError at construction for an instance that is neither Salesforce's nor a configured sandbox, or for a
    token that cannot be one.
    """

    def __init__(self, credential: Credential, timeout: Timeout = TIMEOUT, allowance: Allowance | None = None) -> None:
        self._timeout = timeout
        self.purse = Purse(allowance)
        instance = credential.instance_url or credential.api_url
        host = urlsplit(place(instance)).netloc
        if not host or not (credential.api_url or salesforces(instance)):
            msg = f"not an address of Salesforce: {instance or 'none given'}"
            raise ValueError(msg)
        self._tokens: Tokens = credential.source if credential.tokens else Fixed(clean(credential.token))
        session = _Straight()
        # No environment: a .netrc would replace the token. No address but the instance's, and no redirects.
        session.trust_env = False
        session.max_redirects = 0
        session.adapters.clear()
        session.mount(f"https://{host}/", _Adapter(credential.api_url))
        self._host = host
        # Every call brings its own token.
        self._library = Salesforce(session_id="", instance_url=f"https://{host}", version=VERSION, session=session)

    @property
    def host(self) -> str:
        """The org's own name, such as `acme.my.salesforce.com`."""
        return self._host

    @property
    def usage(self) -> Usage:
        """What Salesforce last said about its limits."""
        return self.purse.usage

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Outcome:
        """GET a path below the version's base, or a whole path that begins with `/services/`."""
        return self._call("GET", path, parameters=parameters)

    def post(self, path: str, body: Mapping[str, Any]) -> Outcome:
        """POST JSON."""
        return self._call("POST", path, body=body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Outcome:
        """PATCH JSON."""
        return self._call("PATCH", path, body=body)

    def delete(self, path: str) -> Outcome:
        """DELETE."""
        return self._call("DELETE", path)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._library.session.close()

    def _call(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Outcome:
        return signed(self._tokens, partial(self._send, method, path, parameters, body))

    def _send(
        self, method: str, path: str, parameters: Mapping[str, str] | None, body: Mapping[str, Any] | None, token: str
    ) -> Outcome:
        withheld = self.purse.spend()
        if withheld is not None:
            return withheld
        base = f"https://{self._host}" if path.startswith("/services/") else self._library.base_url
        try:
            with deadline():
                response = self._library.session.request(
                    method,
                    base + path,
                    params=parameters,
                    data=None if body is None else json.dumps(body),
                    headers={**self._library.headers, "X-PrettyPrint": "0", "Authorization": f"Bearer {token}"},
                    timeout=self._timeout,
                    allow_redirects=False,
                )
        except requests.ConnectTimeout:
            return Lost(sent=False, reason="ConnectTimeout")
        except requests.RequestException as error:
            return Lost(sent=not _refused_connection(error), reason=type(error).__name__)
        reply = _reply(response)
        self.purse.record_usage(_usage(reply.headers, self.usage))
        return reply


class _Straight(requests.Session):
    """A session that goes where it was sent and nowhere else: a redirect is a reply like others."""

    def get_redirect_target(self, _resp: requests.Response) -> str | None:
        """Nowhere."""
        return None


class _Adapter(HTTPAdapter):
    """Sends to the instance, or to the sandbox in its place; never without a timeout."""

    def __init__(self, elsewhere: str) -> None:
        self._elsewhere = urlsplit(elsewhere) if elsewhere else None
        super().__init__()
        keep_deadline(self.poolmanager)

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, timeout: Any = None, **options: Any
    ) -> requests.Response:
        if self._elsewhere:
            asked = urlsplit(str(request.url))
            path = self._elsewhere.path.rstrip("/") + asked.path
            place = {"scheme": self._elsewhere.scheme, "netloc": self._elsewhere.netloc, "path": path}
            request.url = urlunsplit(asked._replace(**place))
        return super().send(request, timeout=timeout or TIMEOUT, **options)


def _refused_connection(error: requests.RequestException) -> bool:
    """Whether no connection came about, so that nothing was sent."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError"}


def _reply(response: requests.Response) -> Reply:
    lowered = {name.lower(): value for name, value in response.headers.items()}
    if lowered.get("content-type", "").startswith("text/csv"):
        body: Any = lenient_json.as_text(response.content)
    else:
        body = lenient_json.said(response.content)
    return Reply(status=response.status_code, headers=lowered, body=body)


def _usage(headers: Mapping[str, str], before: Usage) -> Usage:
    """`api-usage=18/15000`: calls used and allowed in the last 24 hours."""
    told = headers.get("sforce-limit-info", "").partition("api-usage=")[2].split(";")[0]
    used, _, total = told.partition("/")
    if not (used.isascii() and used.isdigit() and total.isascii() and total.isdigit()):
        return before
    return Usage(daily_limit=int(total), daily_remaining=max(0, int(total) - int(used)))
