"""The HubSpot session: the one place that touches HubSpot's client library.

The library's methods know numbered paths alone, which end in 2027: calls go to the dated paths of
`connectors.hubspot.paths` through the library's own HTTP client, which signs, pools and raises as its methods do.
Facts, measured with version 12: every access to one of its API objects builds a new connection pool, so one client is
kept; there is no default timeout, so each call brings one (`Client.api_request` takes none, and opens a connection for
each call); its own retries would repeat a POST, so they are off.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from hubspot import Client
from hubspot.crm.objects.exceptions import OpenApiException
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from connectors.answers.replies import TIMEOUT, Lost, Outcome, Reply, Timeout, clean, signed
from connectors.base.credentials import Credential, Fixed, Tokens
from connectors.base.limits import Usage
from connectors.base.spending import Allowance, Pool, Purse
from connectors.hubspot import paths
from connectors.shared.call_deadline import deadline, keep_deadline
from mappings.values import lenient_json
from mappings.values.instant import Span

_MILLISECOND: Span = 1_000
_UNSET = "unset"
"""What the library is built with: every call brings its own token."""
Query = Sequence[tuple[str, str]]


class HubSpotCalls:
    """Calls to HubSpot over connections that are kept; every call answers with an Outcome and raises nothing."""

    auth: tuple[str, ...] = ()
    """How the library signs a call."""

    def __init__(self, api_url: str, timeout: Timeout, purse: Purse) -> None:
        options: dict[str, Any] = {"access_token": _UNSET, "retry": False}
        if api_url:
            url = api_url.rstrip("/")
            options |= {"host": url, "base_url": url}
        self._client = Client.create(**options)
        self._timeout = timeout
        self.purse = purse

    @property
    def usage(self) -> Usage:
        """What HubSpot last said about its limits."""
        return self.purse.usage

    @cached_property
    def _http(self) -> Any:
        """The library's HTTP client, whose methods are not used."""
        return self._client.crm.objects.basic_api.api_client

    def close(self) -> None:
        """Close the connections that are kept open."""
        if "_http" in self.__dict__:
            manager = self._http.rest_client.pool_manager
            for pool in [manager.pools[key] for key in manager.pools.keys()]:  # noqa: SIM118 - it has no iterator
                pool.close()  # clear() alone leaves them open until the garbage is collected
            manager.clear()

    def _send(self, method: str, path: str, body: Any = None, query: Query = ()) -> Outcome:
        keep_deadline(self._http.rest_client.pool_manager)
        headers = {"Accept": "application/json"} | ({} if body is None else {"Content-Type": "application/json"})
        try:
            with deadline():
                # Undecoded: 207 and the headers reach us, and no model is built for each of 100 records.
                response = self._http.call_api(
                    path,
                    method,
                    query_params=list(query),
                    header_params=headers,
                    body=body,
                    auth_settings=list(self.auth),
                    _preload_content=False,
                    _request_timeout=self._timeout,
                )
                reply = _reply(response.status, response.headers, response.data)
        except OpenApiException as error:
            status = getattr(error, "status", None)
            if not status:
                return Lost(sent=False, reason=type(error).__name__)
            reply = _reply(status, error.headers or {}, error.body)
        except UnicodeDecodeError as error:
            refused: Any = error.__context__  # the library decodes the body of a refusal, and stumbles over stray bytes
            reply = _reply(refused.status, refused.headers or {}, error.object)
        except HTTPError as error:
            unsent = isinstance(error, (NewConnectionError, ConnectTimeoutError))
            return Lost(sent=not unsent, reason=type(error).__name__)
        self.purse.record_usage(_usage(reply.headers, self.usage))
        return reply


class HubSpotSession(HubSpotCalls):
    """Calls about an account's records, signed with its access token.

    ValueError at construction for a token that cannot be one.
    """

    auth = ("oauth2",)

    def __init__(self, credential: Credential, timeout: Timeout = TIMEOUT, allowance: Allowance | None = None) -> None:
        self._tokens: Tokens = credential.source
        if credential.tokens is None:
            self._tokens = Fixed(clean(credential.token))
        super().__init__(credential.api_url, timeout, Purse(allowance))

    def read(self, kind: str, body: Mapping[str, Any]) -> Outcome:
        """Records of a type, up to 100 of them: POST batch/read."""
        return self._call("POST", paths.objects(kind, "batch/read"), body)

    def update(self, kind: str, body: Mapping[str, Any]) -> Outcome:
        """Change up to 100 records: POST batch/update."""
        return self._call("POST", paths.objects(kind, "batch/update"), body)

    def create(self, kind: str, body: Mapping[str, Any]) -> Outcome:
        """Create up to 100 records: POST batch/create."""
        return self._call("POST", paths.objects(kind, "batch/create"), body)

    def search(self, kind: str, body: Mapping[str, Any]) -> Outcome:
        """POST search: five a second for the whole account, which the allowance keeps."""
        return self._call("POST", paths.objects(kind, "search"), body, pool="search")

    def page(self, kind: str, fields: Sequence[str], *, linked: Sequence[str], after: str, limit: int) -> Outcome:
        """GET a page of all records by rising id, with the ids of `linked` objects."""
        query = [("limit", str(limit)), ("archived", "false")]
        query += [("properties", name) for name in fields] + [("associations", name) for name in linked]
        return self._call("GET", paths.objects(kind), query=[*query, *([("after", after)] if after else [])])

    def associated(self, kind: str, to: str, body: Mapping[str, Any]) -> Outcome:
        """Which records of type `to` up to 100 records belong to: POST batch/read."""
        return self._call("POST", paths.associations(kind, to), body)

    def unsubscribe(self, emails: Sequence[str]) -> Outcome:
        """End all e-mail subscriptions of up to 100 addresses."""
        return self._call("POST", paths.UNSUBSCRIBE, {"inputs": list(emails)}, query=[("channel", "EMAIL")])

    def properties(self, kind: str) -> Outcome:
        """GET all property definitions of an object type."""
        return self._call("GET", paths.properties(kind))

    def call_outcomes(self) -> Outcome:
        """GET the outcomes that a logged call may have: an array of ids and labels."""
        return self._call("GET", paths.CALL_OUTCOMES)

    def owners(self, after: str, *, archived: bool = False) -> Outcome:
        """GET a page of 100 owners, of those that are archived or of those that are not."""
        query = [("limit", "100"), ("archived", str(archived).lower())]
        return self._call("GET", paths.OWNERS, query=[*query, *([("after", after)] if after else [])])

    def _call(self, method: str, path: str, body: Any = None, *, query: Query = (), pool: Pool = "") -> Outcome:
        """The call with whatever token is current."""

        def send(token: str) -> Outcome:
            self._http.configuration.access_token = token
            return self.purse.spend(pool) or self._send(method, path, body, query)

        return signed(self._tokens, send)


def _reply(status: int, headers: Mapping[str, str], body: bytes | str | None) -> Reply:
    lowered = {name.lower(): value for name, value in headers.items()}
    given = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body or b""
    return Reply(status=status, headers=lowered, body=lenient_json.said(given))


def _usage(headers: Mapping[str, str], before: Usage) -> Usage:
    """The limits as the last reply gave them; replies of search carry none, and nothing changes then."""
    told = {
        name.removeprefix("x-hubspot-ratelimit-"): int(value)
        for name, value in headers.items()
        if name.startswith("x-hubspot-ratelimit-") and value.isascii() and value.isdigit()
    }
    if not told:
        return before
    window = told.get("interval-milliseconds")
    return Usage(
        window=window * _MILLISECOND if window is not None else before.window,
        window_limit=told.get("max", before.window_limit),
        window_remaining=told.get("remaining", before.window_remaining),
        daily_limit=told.get("daily", before.daily_limit),
        daily_remaining=told.get("daily-remaining", before.daily_remaining),
    )
