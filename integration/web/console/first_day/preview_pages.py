"""The preview: what one real record becomes, from the CRM's fields to what would be written. Nothing is."""

from flask import abort, render_template, request

from connectors.base.port import Unavailable
from integration.flows.looking.preview import find, newcomer, preview, stored_standing
from integration.store.console import long_works
from integration.store.console.long_works import Work
from integration.web.console.first_day.first_day_pages import ROOM as ROOM  # noqa: PLC0414 - these pages are of that room
from integration.web.console.shell.console_parts import parts, person
from integration.web.console.shell.rules_in_force import service_in_force
from mappings.values.identifiers import ConnectionName

_LONGEST = 320


@ROOM.page("/preview/<connection>", role="editor")
def one_record(connection: str) -> str | tuple[str, int]:
    """A form that asks for a record; with one, what becomes of it by the mapping and the playbook in force."""
    record = request.args.get("record", "").strip()[:_LONGEST]
    service = service_in_force()
    found = service.connections.get(ConnectionName(connection))
    if found is None:
        abort(404, "There is no connection of this name in use yet.")
    shown: dict[str, object] = {"connection": found, "record": record, "words": service.rules.vocabulary}
    if not record:
        return render_template("console/first_day/preview.html", seen=None, wrong="", **shown)
    seen, wrong = None, ""
    try:
        there = find(found, record)
        if there is not None:
            with parts().store.read() as conn:
                stands = stored_standing(conn, found, there)
            seen = preview(found, service.rules.compiled, there, parts().now(), stands)
        else:
            wrong = f"{found.name} has no person '{record}'."
            if (new := newcomer(found, record)) is not None:
                wrong += " A record would be created with: " + ", ".join(f"{k}: {v}" for k, v in new.items()) + "."
    except (ValueError, Unavailable) as error:
        wrong = str(error)
    if seen is not None:
        _note(found.name)
    page = render_template("console/first_day/preview.html", seen=seen, wrong=wrong, **shown)
    return (page, 200) if seen is not None else (page, 404)


def _note(connection: ConnectionName) -> None:
    """That somebody has looked at a record: the path shows it."""
    now = parts().now()
    seen = Work(
        kind="preview", connection=connection, actor=person().subject, began_at=now, moved_at=now, state="ready"
    )
    with parts().store.write() as conn:
        long_works.put(conn, seen)
