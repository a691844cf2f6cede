"""The headers of the console's pages: nothing from other hosts, no script or style in the page, no frame around it."""

from collections.abc import Mapping

from flask import Response

_POLICY: Mapping[str, str] = {
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


def guarded(response: Response, *, static: bool) -> Response:
    """The response with the console's policy; styles and scripts may be kept, pages may not."""
    response.headers["Content-Security-Policy"] = "; ".join(f"{name} {value}" for name, value in _POLICY.items())
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Cache-Control"] = f"public, max-age={_KEPT_SECONDS}" if static else "no-store"
    return response
