"""The service of a page, by the rules that are in force now."""

from flask import abort

from integration.flows.base.running_playbook import OutdatedError, published
from integration.web.console.shell.console_parts import parts
from integration.wiring.whole_service import Service


def service_in_force() -> Service:
    """The service by what is in force. Answers 503 where a newer program published that."""
    try:
        return published(parts().service())
    except OutdatedError as error:
        abort(503, str(error))
