"""Answers `GET /t.js`: the script that a website includes, where some website may send."""

from importlib.resources import files

from flask import Flask, Response

_TYPE = "text/javascript; charset=utf-8"
_HOUR = "public, max-age=3600"


def serve(app: Flask) -> None:
    """Serve the script to pages of any site: it holds no key and no secret."""
    script = (files("webhooks.sources.website") / "t.js").read_bytes()

    @app.get("/t.js")
    def show_script() -> Response:
        # Pages of other sites include it, which the headers of everything else forbid.
        headers = {"Cache-Control": _HOUR, "Cross-Origin-Resource-Policy": "cross-origin"}
        return Response(script, content_type=_TYPE, headers=headers)
