"""The sandbox's front: which vendor a path belongs to, and Flask for what is the sandbox's own."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from sandbox.control import control
from sandbox.hubspot.api import PREFIXES as HUBSPOT
from sandbox.pages import pages
from sandbox.salesforce.api import PREFIXES as SALESFORCE
from sandbox.wire import Answer, Call

if TYPE_CHECKING:
    from sandbox.server import Sandbox


class Front:
    """Gives every call to the right door. A vendor's paths work with its prefix and without."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    @cached_property
    def app(self) -> Flask:
        """What is the sandbox's own, made when it is first asked for."""
        app = Flask("sandbox")
        app.config["MAX_CONTENT_LENGTH"] = None
        app.register_blueprint(control(self._sandbox))
        app.register_blueprint(pages(self._sandbox))
        return app

    def serve(self, call: Call) -> Answer:
        """One call. Raises Dropped where a fault wants the connection cut."""
        for prefix in ("/hubspot", "/salesforce"):
            if call.path.startswith(prefix + "/"):
                call.path = call.path[len(prefix) :]
                gate = self._sandbox.hubspot.gate if prefix == "/hubspot" else self._sandbox.salesforce.gate
                return gate.answer(call)
        if call.path.startswith(HUBSPOT):
            return self._sandbox.hubspot.gate.answer(call)
        if call.path.startswith(SALESFORCE):
            return self._sandbox.salesforce.gate.answer(call)
        return self._own(call)

    def _own(self, call: Call) -> Answer:
        builder = EnvironBuilder(
            path=call.path,
            query_string=call.query,
            method=call.method,
            headers=list(call.headers.items()),
            data=call.body,
        )
        try:
            response = Response.from_app(self.app, builder.get_environ(), buffered=True)
        finally:
            builder.close()
        dull = {"content-type", "content-length"}
        headers = tuple((name, value) for name, value in response.headers if name.lower() not in dull)
        kind = response.headers.get("Content-Type", "text/html; charset=utf-8")
        return Answer(status=response.status_code, body=response.get_data(), headers=headers, kind=kind)
