"""Salesforce's authorization server: the page, and POST /services/oauth2/token with all four grants."""

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from sandbox.salesforce.state import salesforce_ids
from sandbox.salesforce.state.org import Org
from sandbox.shared.consent_page import consent, form
from sandbox.shared.http_call import Answer, Call, reply
from sandbox.shared.issued_tokens import Issuer

AUTHORIZE, TOKEN = "/services/oauth2/authorize", "/services/oauth2/token"
ORGANIZATION = salesforce_ids.ORGANIZATION + salesforce_ids.suffix(salesforce_ids.ORGANIZATION)
_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = frozenset({"https://login.salesforce.com", "https://test.salesforce.com"})
_LONGEST = 300


class SalesforceOAuth:
    """What Salesforce answers to an app that wants a token. None of its tokens says how long it lasts."""

    def __init__(self, issuer: Issuer, org: Org) -> None:
        self.issuer = issuer
        self._org = org

    def authorize(self, call: Call) -> Answer:
        """GET the page."""
        return consent(call, self.issuer, pkce=True)

    def token(self, call: Call) -> Answer:
        """POST for a token."""
        given = form(call)
        client, wishes = given.get("client_id", ""), self.issuer.settings
        if wishes.refuse:
            return _refused(wishes.refuse, wishes.words or "expired access/refresh token")
        if given.get("grant_type") == _JWT:
            return self._asserted(call, given.get("assertion", ""))
        if not self.issuer.knows(client, given.get("client_secret", "")):
            return _refused("invalid_client", "invalid client credentials")
        return self._granted(call, given)

    def _granted(self, call: Call, given: dict[str, str]) -> Answer:
        match given.get("grant_type"):
            case "authorization_code":
                return self._exchanged(call, given)
            case "refresh_token":
                return self._refreshed(call, given)
            case "client_credentials":
                return self._issued(call)
            case _:
                return _refused("unsupported_grant_type", "grant type not supported")

    def _exchanged(self, call: Call, given: dict[str, str]) -> Answer:
        client, back = given["client_id"], given.get("redirect_uri", "")
        if not self.issuer.redeem(given.get("code", ""), client, back, given.get("code_verifier", "")):
            return _refused("invalid_grant", "invalid authorization code or code verifier")
        return self._issued(call, refresh=self.issuer.refresh(client))

    def _refreshed(self, call: Call, given: dict[str, str]) -> Answer:
        client = given["client_id"]
        if not self.issuer.refreshes(given.get("refresh_token", ""), client):
            return _refused("invalid_grant", "expired access/refresh token")
        return self._issued(call, refresh=self.issuer.refresh(client) if self.issuer.settings.rotate else "")

    def _asserted(self, call: Call, assertion: str) -> Answer:
        """A token for a signed assertion, verified against the certificate that the app was registered with."""
        for client, app in self.issuer.apps.items():
            if not app.public_key:
                continue
            try:
                told = jwt.decode(assertion, RSAKey.import_key(app.public_key), algorithms=["RS256"]).claims
            except (JoseError, ValueError):
                continue
            return self._judged(call, client, told)
        return _refused("invalid_grant", "invalid assertion")

    def _judged(self, call: Call, client: str, told: dict[str, object]) -> Answer:
        now, until = self._org.now() // 1_000, told.get("exp")
        users = {str(one["Username"]) for one in self._org.all("User")}
        if told.get("iss") != client:
            return _refused("invalid_client_id", "client identifier invalid")
        if told.get("aud") not in _AUDIENCES:
            return _refused("invalid_grant", "audience is invalid")
        if not isinstance(until, int) or not now - 30 <= until <= now + _LONGEST:
            return _refused("invalid_grant", "assertion has expired or is good for too long")
        if told.get("sub") not in users:
            return _refused("invalid_grant", "user hasn't approved this consumer")
        return self._issued(call)

    def _issued(self, call: Call, *, refresh: str = "") -> Answer:
        origin = call.url.partition("/services/")[0]
        body = {
            "access_token": self.issuer.access(f"{ORGANIZATION[:15]}!sandbox"),
            "instance_url": self.issuer.settings.instance_url or origin,
            "id": f"https://login.salesforce.com/id/{ORGANIZATION}/{self._org.api_user}",
            "token_type": "Bearer",
            "issued_at": str(self._org.now()),
            "scope": "api refresh_token id",
            "signature": "c2FuZGJveA==",
        }
        return reply(body | ({"refresh_token": refresh} if refresh else {}))


def _refused(error: str, words: str) -> Answer:
    answer = reply({"error": error, "error_description": words}, 400)
    answer.applied = False
    return answer
