"""Browsers: what their pages of other sites may send here and read, as the rules of CORS have it.

Only origins that a source lists are let in. No cookie is ever asked for, and no answer tells anything of anybody.
"""

from collections.abc import Collection

from flask import Response, request

_REMEMBERED_SECONDS = "600"


def preflight(origins: Collection[str]) -> Response:
    """The answer to a browser that asks whether a page may send."""
    if not _listed(origins):
        return Response(status=403)
    allowed = {
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Max-Age": _REMEMBERED_SECONDS,
    }
    return Response(status=204, headers=allowed)


def let_read(response: Response, origins: Collection[str]) -> None:
    """Let a listed page read this answer, whatever it is."""
    response.vary.add("Origin")
    if _listed(origins):
        response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]


def _listed(origins: Collection[str]) -> bool:
    return request.headers.get("Origin", "").lower() in origins
