"""Signing in to HubSpot: an authorization code, and refreshing by `expires_in`; the refresh token does not change.

HubSpot has no PKCE for apps with a secret.
"""

from typing import Any

from connectors.answers.replies import TIMEOUT, Timeout
from connectors.base.sign_in_port import Asking, Client, Issued
from connectors.hubspot import paths
from connectors.hubspot.setup.app_scopes import OPT_OUTS, SCOPES
from connectors.shared.oauth_flow import TokenEndpoint, described, impossible, issued
from mappings.values.instant import Instant

APP = "https://app.hubspot.com"
API = "https://api.hubapi.com"
AUTHORIZE = "/oauth/authorize"


class HubSpotSignIn:
    """HubSpot's ways to a token."""

    def __init__(self, client: Client, timeout: Timeout = TIMEOUT) -> None:
        self._client = client
        self._timeout = timeout
        self._api = (client.api_url or API).rstrip("/")
        self._endpoint = TokenEndpoint(client, self._api + paths.TOKEN, timeout=timeout)

    def address(self, asking: Asking) -> str:
        """HubSpot's page, on which a super admin picks the account.

        What not every account has is asked for as optional, as the app's files name it: the page refuses nobody for it.
        """
        optional = " ".join((OPT_OUTS, *asking.scopes))
        app = (self._client.login_url or self._client.api_url or APP).rstrip("/")
        return self._endpoint.authorization(app + AUTHORIZE, asking, scope=" ".join(SCOPES), optional_scope=optional)

    def exchanged(self, code: str, asking: Asking) -> Issued:
        """The token for a code. Raises Unavailable."""
        return self._issued(self._endpoint.fetch("authorization_code", code=code, redirect_uri=asking.redirect_uri))

    def refreshed(self, refresh_token: str) -> Issued:
        """The next token, for half an hour. Raises Unavailable."""
        return self._issued(self._endpoint.refresh(refresh_token))

    def asserted(self, now: Instant) -> Issued:
        """Raises Unavailable: HubSpot has no such way."""
        del now
        what = "HubSpot takes no JWT"
        raise impossible(what)

    def credentialed(self) -> Issued:
        """Raises Unavailable: HubSpot has no such way to an account's records."""
        what = "HubSpot gives no account's token for client credentials"
        raise impossible(what)

    def account(self, issued: Issued) -> str:
        """The portal that a token belongs to. Raises Unavailable.

        Asked with the token in a header where the token came without it: HubSpot's description of an access token
        wants the token in the address, which proxies and libraries log.
        """
        if issued.account:
            return issued.account
        return str(described(self._api + paths.ACCOUNT, issued.access_token, self._timeout).get("portalId") or "")

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._endpoint.close()

    def _issued(self, told: Any) -> Issued:
        return issued(told, account=str(told.get("hub_id") or ""), user=str(told.get("user") or ""))
