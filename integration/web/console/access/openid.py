"""Signing in with the company's OpenID Connect provider, by Authlib: discovery, PKCE, state, nonce, signed id token."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, url_for
from joserfc.errors import JoseError
from requests import RequestException
from werkzeug.wrappers import Response as Reply

from integration.settings.console_settings import Role
from integration.settings.environment import Settings

OAUTH = "coldframe.console.openid"
"""Under this name `Flask.extensions` holds Authlib's registry."""
_TIMEOUT_SECONDS = 10.0
_PROVIDER = "provider"


class OpenIdError(Exception):
    """Nobody is signed in; the text says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom the provider names: a verified e-mail where it has one, else its own id of the person."""

    subject: str
    name: str
    role: Role


class _Session(OAuth2Session):  # type: ignore[misc]  # Authlib has no types
    """Calls to the provider end in time, and go where they were sent and nowhere else."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, default_timeout=_TIMEOUT_SECONDS, **more)
        self.max_redirects = 0


class _Provider(FlaskOAuth2App):  # type: ignore[misc]  # as above
    client_cls = _Session


def configure(app: Flask, settings: Settings) -> None:
    """Make the provider known to the application, where the settings name one. Nothing is asked yet."""
    if settings.oidc_issuer is None or settings.oidc_client_secret is None:
        return
    registry = OAuth(app)
    registry.register(
        _PROVIDER,
        client_cls=_Provider,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256"},
    )
    app.extensions[OAUTH] = registry.create_client(_PROVIDER)


def begin(app: Flask, settings: Settings) -> Reply:
    """The way to the provider's page. Raises OpenIdError where it does not answer."""
    back = f"{(settings.public_url or '').rstrip('/')}{url_for('console.access.openid_answer')}"
    try:
        answer: Reply = app.extensions[OAUTH].authorize_redirect(back)
    except (RequestException, OAuthError, RuntimeError, ValueError, KeyError) as error:
        msg = f"The provider at {settings.oidc_issuer} does not answer as one: {type(error).__name__}."
        raise OpenIdError(msg) from error
    return answer


def finish(app: Flask, settings: Settings) -> Identity:
    """Whom the provider's answer in this request names. Raises OpenIdError, also for somebody who has no role."""
    provider = app.extensions[OAUTH]
    try:
        metadata = provider.load_server_metadata()
        issued = {"iss": {"essential": True, "value": metadata.get("issuer")}}
        claims = provider.authorize_access_token(claims_options=issued).get("userinfo")
    except OAuthError as error:
        msg = f"The provider refused: {error.description or error.error}."
        raise OpenIdError(msg) from error
    except (RequestException, JoseError, RuntimeError, ValueError, KeyError) as error:
        msg = f"The provider's answer cannot be used: {type(error).__name__}. Sign in again."
        raise OpenIdError(msg) from error
    if not claims:
        msg = "The provider named nobody: its answer has no id token."
        raise OpenIdError(msg)
    return identity(dict(claims), settings)


def identity(claims: Mapping[str, Any], settings: Settings) -> Identity:
    """Who this is, and their role. An e-mail counts where the provider does not say that it is unverified."""
    verified = claims.get("email_verified", True) in {True, "true"}
    email = str(claims.get("email") or "") if verified else ""
    held = claims.get(settings.oidc_claim)
    values = frozenset(map(str, held)) if isinstance(held, list) else frozenset({str(held)} if held else ())
    subject = email or str(claims.get("sub") or "")
    role = settings.role_of(email, values)
    if role is None or not subject:
        msg = (
            f"{subject or 'Somebody without a name'} has no role here. Whoever runs Coldframe names people and groups "
            "in COLDFRAME_CONSOLE_ROLES."
        )
        raise OpenIdError(msg)
    return Identity(subject=subject, name=str(claims.get("name") or subject), role=role)
