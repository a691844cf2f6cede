"""Signing in: from a person's request to a stored connection that works."""

import secrets as chance
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from connectors.answers.replies import clean
from connectors.base.sign_in_port import Asking, Issued, SignIn
from integration.flows.upkeep.renew_tokens import client
from integration.signin.keep_sign_in import Means, keep
from integration.signin.loopback_callback import Loopback
from integration.signin.sign_in_request import SignInRequest
from integration.store.crm.connections import Details
from integration.wiring import build
from integration.wiring.provisioners import further_scopes
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """How a person is taken to the vendor's page: `show` gets its address; `wait` is in seconds."""

    show: Callable[[str, str], None]
    port: int
    host: str = "localhost"
    wait: float = 300.0


def sign_in(request: SignInRequest, walk: Walk, means: Means) -> Details:
    """Get a token the requested way and store it, live. Raises Unavailable, NotSignedInError, ValueError."""
    with closing(build.token_endpoint(request.system, client(request.details, request.secrets))) as door:
        scopes = further_scopes(means.settings, means.store, request.system, request.name)
        issued = _issued(request, walk, door, means.now(), scopes)
        return keep(request, issued, door, means)


def _issued(request: SignInRequest, walk: Walk, door: SignIn, now: Instant, scopes: tuple[str, ...]) -> Issued:
    match request.grant:
        case "token":
            return Issued(access_token=clean(request.secrets.access_token), instance_url=request.details.instance_url)
        case "jwt_bearer":
            return door.asserted(now)
        case "client_credentials":
            return door.credentialed()
        case "authorization_code":
            return _walked(walk, door, scopes)


def _walked(walk: Walk, door: SignIn, scopes: tuple[str, ...]) -> Issued:
    with Loopback(walk.port, walk.host) as loopback:
        asking = Asking(
            redirect_uri=loopback.address,
            state=chance.token_urlsafe(32),
            verifier=chance.token_urlsafe(48),
            scopes=scopes,
        )
        walk.show(door.address(asking), loopback.address)
        code = loopback.code(asking.state, walk.wait)
    return door.exchanged(code, asking)
