"""Signing in to Salesforce: the web-server flow with PKCE, JWT bearer, client credentials.

None of them says how long its token lasts (the org's session settings do): the next one is asked for when Salesforce
answers INVALID_SESSION_ID. The last two give no refresh token; one asks again.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2.rfc7523 import JWTBearerGrant
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from connectors.answers.replies import TIMEOUT, Timeout
from connectors.answers.web_address import place
from connectors.base.port import Receipt, Unavailable, Verdict
from connectors.base.sign_in_port import Asking, Client, Issued
from connectors.salesforce.hosts import PRODUCTION, TEST, salesforces
from connectors.shared.oauth_flow import TokenEndpoint, described, issued
from mappings.values.instant import MINUTE, SECOND, Instant, Span

AUTHORIZE = "/services/oauth2/authorize"
TOKEN = "/services/oauth2/token"  # noqa: S105 - a path
IDENTITY = "/services/oauth2/userinfo"
SCOPES = ("api", "refresh_token", "id")
ASSERTION: Span = 3 * MINUTE
"""How long an assertion of ours is good; Salesforce takes five minutes at most."""
_IDENTITY = re.compile(r"/id/(00D[A-Za-z0-9]{12,15})/(005[A-Za-z0-9]{12,15})$")


class SalesforceSignIn:
    """Salesforce's token endpoint. ValueError at construction for an address that is not Salesforce's."""

    def __init__(self, client: Client, timeout: Timeout = TIMEOUT) -> None:
        self._client = client
        self._timeout = timeout
        self._door = client.api_url.rstrip("/") or place(client.login_url or PRODUCTION)
        if not (client.api_url or salesforces(self._door)):
            msg = f"not an address of Salesforce: {client.login_url}"
            raise ValueError(msg)
        self._endpoint = TokenEndpoint(client, self._door + TOKEN, pkce=True, timeout=timeout)

    def address(self, asking: Asking) -> str:
        """Salesforce's page, on which the integration user says yes."""
        return self._endpoint.authorization(self._door + AUTHORIZE, asking, scope=" ".join(SCOPES))

    def exchanged(self, code: str, asking: Asking) -> Issued:
        """The token for a code. Raises Unavailable."""
        told = self._endpoint.fetch(
            "authorization_code", code=code, redirect_uri=asking.redirect_uri, code_verifier=asking.verifier
        )
        return self._issued(told)

    def refreshed(self, refresh_token: str) -> Issued:
        """The next token. Raises Unavailable."""
        return self._issued(self._endpoint.refresh(refresh_token))

    def asserted(self, now: Instant) -> Issued:
        """A token for an assertion that our private key signs (RS256). Raises Unavailable."""
        try:
            assertion = JWTBearerGrant.sign(
                RSAKey.import_key(self._client.private_key),
                self._client.id,
                audience(self._client.login_url or PRODUCTION),
                subject=self._client.user,
                issued_at=now // SECOND,
                alg="RS256",
                expires_in=ASSERTION // SECOND,
            )
        except (JoseError, ValueError):
            what = "the private key is no RSA key in PEM"
            raise Unavailable(Receipt(key="", verdict=Verdict.RELOGIN, code="invalid_client", message=what)) from None
        return self._issued(self._endpoint.fetch(JWTBearerGrant.GRANT_TYPE, assertion=assertion))

    def credentialed(self) -> Issued:
        """A token for the app's own id and secret; the org has said as which user. Raises Unavailable."""
        return self._issued(self._endpoint.fetch("client_credentials"))

    def account(self, issued: Issued) -> str:
        """The organization that a token belongs to; "" where the token may not ask. Raises Unavailable."""
        if issued.account:
            return issued.account
        where = (self._client.api_url or issued.instance_url).rstrip("/")
        try:
            told = described(where + IDENTITY, issued.access_token, self._timeout)
        except Unavailable as fault:
            if fault.receipt.verdict is Verdict.PERMANENT:
                return ""
            raise
        return str(told.get("organization_id") or "")

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._endpoint.close()

    def _issued(self, told: Any) -> Issued:
        """The token, once its instance is known to be Salesforce's: it is where every later token goes."""
        instance = str(told.get("instance_url") or "")
        known = salesforces(instance) or (self._client.api_url and place(instance) == place(self._client.api_url))
        if not known or not place(instance):
            what = f"Salesforce named an instance that is not one of its own: {instance[:200] or 'none'}"
            raise Unavailable(Receipt(key="", verdict=Verdict.RELOGIN, code="BAD_INSTANCE_URL", message=what))
        who = _IDENTITY.search(str(told.get("id") or ""))
        account, user = who.groups() if who else ("", "")
        return issued(told, instance_url=place(instance), account=account, user=self._client.user or user)


def audience(login_url: str) -> str:
    """Whom an assertion is for: Salesforce as a whole, or its sandboxes; never the org's own address."""
    host = urlsplit(place(login_url)).hostname or ""
    sandbox = host == _host(TEST) or host.endswith(".sandbox.my.salesforce.com")
    return TEST if sandbox else PRODUCTION


def _host(address: str) -> str:
    return urlsplit(address).netloc
