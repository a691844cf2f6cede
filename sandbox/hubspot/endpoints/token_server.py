"""HubSpot's authorization server: the page, and the POST for a token."""

from typing import Any

from sandbox.hubspot.state.dated_paths import TOKEN
from sandbox.shared.consent_page import consent, form
from sandbox.shared.http_call import Answer, Call, reply
from sandbox.shared.issued_tokens import Issuer
from sandbox.shared.sandbox_clock import zulu

PATHS = ("/oauth/authorize", TOKEN)


class HubSpotOAuth:
    """What HubSpot answers to an app that wants a token."""

    def __init__(self, issuer: Issuer, portal_id: int) -> None:
        self.issuer = issuer
        self._portal = portal_id

    def authorize(self, call: Call) -> Answer:
        """GET the page."""
        return consent(call, self.issuer, pkce=False)

    def token(self, call: Call) -> Answer:
        """POST for a token."""
        given = form(call)
        client, wishes = given.get("client_id", ""), self.issuer.settings
        if wishes.refuse:
            return _refused("BAD_REFRESH_TOKEN", wishes.words or "missing or invalid refresh token", wishes.refuse)
        if not given.get("client_secret") or not self.issuer.knows(client, given["client_secret"]):
            return _refused("BAD_CLIENT_SECRET", "missing or invalid client secret", "invalid_client")
        match given.get("grant_type"):
            case "authorization_code":
                return self._exchanged(given)
            case "refresh_token":
                return self._refreshed(given)
            case _:
                return _refused("BAD_GRANT_TYPE", "missing or unknown grant type", "unsupported_grant_type")

    def _exchanged(self, given: dict[str, str]) -> Answer:
        client, back = given["client_id"], given.get("redirect_uri", "")
        if not self.issuer.redeem(given.get("code", ""), client, back, given.get("code_verifier", "")):
            return _refused("BAD_AUTH_CODE", "missing or unknown auth code", "invalid_grant")
        return self._issued(client, self.issuer.refresh(client))

    def _refreshed(self, given: dict[str, str]) -> Answer:
        token = given.get("refresh_token", "")
        if not self.issuer.refreshes(token, given["client_id"]):
            return _refused("BAD_REFRESH_TOKEN", "missing or invalid refresh token", "")
        return self._issued(given["client_id"], token)

    def _issued(self, client: str, refresh: str) -> Answer:
        """All scopes that the page was asked for, but for the one that is withheld."""
        scopes = self.issuer.asked.get(client, "").split()
        body = {
            "token_type": "bearer",
            "refresh_token": refresh,
            "access_token": self.issuer.access("hubspot"),
            "hub_id": self._portal,
            "scopes": [one for one in scopes if one != self.issuer.settings.withhold],
            "expires_in": self.issuer.settings.lifetime,
        }
        return reply(body)


def expired(correlation: str, at: int, now: int) -> Answer:
    """401 for a token that has expired (recorded: airbyte issue 74726)."""
    body = {
        "status": "error",
        "message": f"The OAuth token used to make this call expired {max(0, now - at) // 1_000} second(s) ago.",
        "correlationId": correlation,
        "category": "EXPIRED_AUTHENTICATION",
        "context": {"expire time": [zulu(at)]},
    }
    return reply(body, 401)


def _refused(status: str, message: str, error: str) -> Answer:
    """HubSpot has two spellings: its own `status`, and with it in newer replies OAuth's `error`."""
    body: dict[str, Any] = {"status": status, "message": message}
    if error:
        body |= {"error": error, "error_description": message}
    answer = reply(body, 400)
    answer.applied = False
    return answer
