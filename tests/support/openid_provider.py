"""An OpenID Connect provider over HTTP: discovery, authorization with PKCE, signed id tokens; `claims` say who."""

import base64
import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from served_apps import served
from werkzeug.wrappers import Response as Reply

CLIENT, SECRET = "console", "provider-secret"


@dataclass
class OpenIdProvider:
    """`changes` replaces claims of the id token; `key` signs it; `answers` replaces the token endpoint's answer."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    published: RSAKey | None = None
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    redirects: bool = False

    def agree(self, address: str) -> str:
        """What the person's browser does at the provider: the address to which it is sent back."""
        given = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert given["response_type"] == "code"
        assert given["code_challenge_method"] == "S256"
        code = f"code-{len(self.asked)}"
        self.asked[code] = given
        return f"{given['redirect_uri']}?{urlencode({'code': code, 'state': given['state']})}"

    def token(self) -> Response | Reply:
        if self.redirects:
            return redirect("http://127.0.0.1:9/elsewhere", 307)
        given = self.asked.pop(request.form["code"])
        verifier = request.form["code_verifier"].encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        assert challenge == given["code_challenge"]
        now = int(time.time())  # noqa: TID251 - the provider's own clock
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": given["nonce"]}
        token = jwt.encode({"alg": "RS256", "kid": "one"}, {**claims, **self.claims, **self.changes}, self.key)
        return jsonify({"access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": token})


@contextmanager
def openid_provider() -> Iterator[OpenIdProvider]:
    """A provider that listens on this machine."""
    provider, app = OpenIdProvider(), Flask("provider")
    app.add_url_rule("/token", "token", provider.token, methods=["POST"])

    @app.get("/.well-known/openid-configuration")
    def discovery() -> Response:
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        places = dict(zip(names, (f"{provider.url}/{each}" for each in ("authorize", "token", "jwks")), strict=True))
        return jsonify({"issuer": provider.url, "id_token_signing_alg_values_supported": ["RS256"], **places})

    @app.get("/jwks")
    def jwks() -> Response:
        return jsonify({"keys": [(provider.published or provider.key).as_dict(private=False)]})

    with served(app) as url:
        provider.url = url
        yield provider
