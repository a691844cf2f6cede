"""The headers of the console's pages: nothing from other hosts, no script or style in the page, no frame around it."""

import secrets as chance

from flask import Response, g

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
_KEPT_SECONDS = 86_400
"""How long browsers keep the console's styles and scripts, whose addresses name their version."""


def style_nonce() -> str:
    """What lets this page's editor add its styles; the page names it in a `meta` element called `style-nonce`."""
    if "style_nonce" not in g:
        g.style_nonce = chance.token_urlsafe(16)
    found: str = g.style_nonce
    return found


def guarded(response: Response, *, static: bool) -> Response:
    """The response with the console's policy; styles and scripts may be kept, pages may not."""
    nonce = g.get("style_nonce")
    policy = _POLICY | ({"style-src": f"'self' 'nonce-{nonce}'"} if nonce else {})
    response.headers["Content-Security-Policy"] = "; ".join(f"{name} {value}" for name, value in policy.items())
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Cache-Control"] = f"public, max-age={_KEPT_SECONDS}" if static else "no-store"
    return response
