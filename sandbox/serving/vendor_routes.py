"""Vendor routes: which vendor a path belongs to, and Flask for what is the sandbox's own."""

from functools import cached_property

from flask import Flask
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from sandbox.both.both_systems import BothSystems
from sandbox.desk.desk_pages import pages
from sandbox.hubspot.endpoints.api import PREFIXES as HUBSPOT
from sandbox.salesforce.endpoints.api import PREFIXES as SALESFORCE
from sandbox.serving.control_api import control
from sandbox.shared.http_call import Answer, Call


class Front:
    """Gives every call to the right vendor. A vendor's paths work with its prefix and without."""

    def __init__(self, sandbox: BothSystems) -> None:
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
        for prefix, sink in self._sandbox.sinks.by_prefix.items():
            if call.path.startswith(prefix + "/"):
                call.path = call.path[len(prefix) :]
                return sink.answer(call)
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
