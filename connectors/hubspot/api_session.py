"""The HubSpot session: the one place that touches HubSpot's client library.

Facts, measured with version 12: every access to `client.crm.….batch_api` builds a new connection pool, so
the API objects are kept; there is no default timeout, so each call brings one; its own retries would repeat
a POST, so they are off. Paths and payload shapes stay in this folder: HubSpot's date-versioned API replaces
them all by 2027.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from hubspot import Client
from hubspot.crm.associations.v4.exceptions import OpenApiException as AssociationsError
from hubspot.crm.objects.exceptions import OpenApiException as ObjectsError
from hubspot.crm.owners.exceptions import OpenApiException as OwnersError
from hubspot.crm.properties.exceptions import OpenApiException as PropertiesError
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from connectors.answers.replies import TIMEOUT, Lost, Outcome, Reply, Timeout, clean, signed
from connectors.base.credentials import Credential, Fixed, Tokens
from connectors.base.limits import Usage
from connectors.base.spending import Allowance, Pool, Purse
from connectors.shared.call_deadline import deadline, keep_deadline
from mappings.values import lenient_json
from mappings.values.instant import Span

ERRORS = (ObjectsError, PropertiesError, OwnersError, AssociationsError)
_MILLISECOND: Span = 1_000
_UNSET = "unset"
"""What the library is built with: every call brings its own token."""


class HubSpotSession:
    """HubSpot's API objects, kept; every call answers with an Outcome and raises nothing.

    ValueError at construction for a token that cannot be one.
    """

    errors: ClassVar[tuple[type[Any], ...]] = ERRORS
    """What the library raises for a reply that says no: each of its API families has an exception of its own."""

    def __init__(self, credential: Credential, timeout: Timeout = TIMEOUT, allowance: Allowance | None = None) -> None:
        self._tokens: Tokens = credential.source
        if credential.tokens is None:
            self._tokens = Fixed(clean(credential.token))
        options: dict[str, Any] = {"access_token": _UNSET, "retry": False}
        if credential.api_url:
            url = credential.api_url.rstrip("/")
            options |= {"host": url, "base_url": url}
        self._client = Client.create(**options)
        self._timeout = timeout
        self.purse = Purse(allowance)

    @property
    def usage(self) -> Usage:
        """What HubSpot last said about its limits."""
        return self.purse.usage

    @cached_property
    def _batches(self) -> Any:
        return self._client.crm.objects.batch_api

    @cached_property
    def _listing(self) -> Any:
        return self._client.crm.objects.basic_api

    @cached_property
    def _search(self) -> Any:
        return self._client.crm.objects.search_api

    @cached_property
    def _properties(self) -> Any:
        return self._client.crm.properties.core_api

    @cached_property
    def _owners(self) -> Any:
        return self._client.crm.owners.owners_api

    @cached_property
    def _associations(self) -> Any:
        return self._client.crm.associations.v4.batch_api

    def read(self, kind: str, body: Mapping[str, Any]) -> Outcome:
        """POST /crm/v3/objects/{kind}/batch/read."""
        return self._call(self._batches.read, kind, body)

    def update(self, kind: str, body: Mapping[str, Any]) -> Outcome:
        """POST /crm/v3/objects/{kind}/batch/update."""
        return self._call(self._batches.update, kind, body)

    def create(self, kind: str, body: Mapping[str, Any]) -> Outcome:
        """POST /crm/v3/objects/{kind}/batch/create."""
        return self._call(self._batches.create, kind, body)

    def search(self, kind: str, body: Mapping[str, Any]) -> Outcome:
        """POST /crm/v3/objects/{kind}/search: five a second for the whole account, which the allowance keeps."""
        return self._call(self._search.do_search, kind, body, pool="search")

    def page(self, kind: str, fields: Sequence[str], *, linked: Sequence[str], after: str, limit: int) -> Outcome:
        """GET /crm/v3/objects/{kind}: a page of all records by rising id, with the ids of `linked` objects."""
        options: dict[str, Any] = {"limit": limit, "properties": list(fields), "archived": False}
        options |= {"associations": list(linked)} if linked else {}
        options |= {"after": after} if after else {}
        return self._call(self._listing.get_page, kind, **options)

    def associated(self, kind: str, to: str, body: Mapping[str, Any]) -> Outcome:
        """POST /crm/v4/associations/{kind}/{to}/batch/read."""
        return self._call(self._associations.get_page, kind, to, body)

    def unsubscribe(self, emails: Sequence[str]) -> Outcome:
        """POST /communication-preferences/v4/statuses/batch/unsubscribe-all, which the library does not know yet."""
        path = "/communication-preferences/v4/statuses/batch/unsubscribe-all"
        return self._call(
            self._batches.api_client.call_api,
            path,
            "POST",
            query_params=[("channel", "EMAIL")],
            header_params={"Accept": "application/json", "Content-Type": "application/json"},
            body={"inputs": list(emails)},
            auth_settings=["oauth2"],
        )

    def properties(self, kind: str) -> Outcome:
        """GET /crm/v3/properties/{kind}."""
        return self._call(self._properties.get_all, kind)

    def owners(self, after: str, *, archived: bool = False) -> Outcome:
        """GET /crm/v3/owners, a page of 100, of those that are archived or of those that are not."""
        page: dict[str, Any] = {"limit": 100, "archived": archived} | ({"after": after} if after else {})
        return self._call(self._owners.get_page, **page)

    def close(self) -> None:
        """Close the connections that are kept open."""
        for name in ("_batches", "_listing", "_search", "_properties", "_owners", "_associations"):
            if name in self.__dict__:
                manager = self.__dict__[name].api_client.rest_client.pool_manager
                for pool in [manager.pools[key] for key in manager.pools.keys()]:  # noqa: SIM118 - it has no iterator
                    pool.close()  # clear() alone leaves them open until the garbage is collected
                manager.clear()

    def _call(self, method: Callable[..., Any], *arguments: Any, pool: Pool = "", **options: Any) -> Outcome:
        """The call with whatever token is current: the API objects that are kept read it from their configuration."""
        configuration = _client(method).configuration

        def send(token: str) -> Outcome:
            configuration.access_token = token
            return self.purse.spend(pool) or self._send(method, *arguments, **options)

        return signed(self._tokens, send)

    def _send(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Outcome:
        keep_deadline(_client(method).rest_client.pool_manager)
        try:
            with deadline():
                # Undecoded: 207 and the headers reach us, and no model is built for each of 100 records.
                response = method(*arguments, _request_timeout=self._timeout, _preload_content=False, **options)
                reply = _reply(response.status, response.headers, response.data)
        except self.errors as error:
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


def _client(method: Callable[..., Any]) -> Any:
    """The library's own client behind a method of one of its API objects, or of that client itself."""
    caller = method.__self__  # type: ignore[attr-defined] # every method here is bound
    return getattr(caller, "api_client", caller)


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
