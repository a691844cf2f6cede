"""The table of a connection's field mapping, what one has changed in it, and the way to a draft."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Reply

from integration.flows.publishing.proposals import ProposalError
from integration.store.console import mapping_edits
from integration.store.console.mapping_edits import Edit
from integration.store.db.json_codec import encode
from integration.web.console.field_mappings.edited_mapping import EditedMapping, edited_mapping, keep
from integration.web.console.field_mappings.field_table import PAGE, SHOWN, missing, rows
from integration.web.console.field_mappings.field_words import KINDS, SECTIONS, TRANSFORMS, our_label
from integration.web.console.field_mappings.object_fields import live_fields
from integration.web.console.rules import rule_files
from integration.web.console.rules.new_drafts import NO_REASON, chosen_terms, drafted, led_to
from integration.web.console.rules.version_pages import line_changes
from integration.web.console.shell.console_parts import parts, person
from integration.web.console.shell.rooms import Room
from mappings.model import catalogue

ROOM = Room("field_mappings", path="/mappings")
_LONGEST = 100


@ROOM.page("/<connection>", role="viewer")
def table(connection: str) -> str:
    """The fields of one object, the CRM's beside ours."""
    made = edited_mapping(connection)
    object_name = chosen_object(made)
    live = live_fields(made.service, made.connection, object_name)
    every = rows(made, object_name, live)
    asked, which = request.args.get("q", "").strip()[:_LONGEST], request.args.get("show", "")
    which = which if which in SHOWN else "all" if asked else "mapped"
    found = [row for row in every if row.is_shown(which) and (not asked or row.has(asked))]
    page = max(1, request.args.get("page", 1, type=int) or 1)
    return render_template(
        "console/field_mappings/table.html",
        **shared(made, object_name),
        live=live,
        rows=found[(page - 1) * PAGE : page * PAGE],
        found=len(found),
        page=page,
        pages=-(-len(found) // PAGE),
        troubles=sum(row.wrong for row in every),
        asked=asked,
        which=which,
        shown=SHOWN,
        missing=missing(made, object_name),
    )


@ROOM.change("/<connection>/ask", role="editor")
def ask(connection: str) -> Reply:
    """Ask the CRM for an object's fields again, whatever is kept."""
    made = edited_mapping(connection)
    object_name = chosen_object(made)
    live = live_fields(made.service, made.connection, object_name, anew=True)
    if not live.away:
        flash(f"The fields of {object_name} were read from {catalogue.label(made.connection.system)}.")
    return redirect(url_for("console.field_mappings.table", connection=connection, object=object_name), 303)


@ROOM.page("/<connection>/changes", role="viewer")
def changes(connection: str) -> str:
    """What the reader has changed and not published, and the form that makes a draft of it."""
    return _changes(edited_mapping(connection), ())


@ROOM.change("/<connection>/propose", role="editor")
def propose(connection: str) -> Reply | tuple[str, int]:
    """Make a draft of what was changed: of the mapping, or of it and the vocabulary together."""
    made = edited_mapping(connection)
    terms = chosen_terms("vocabulary" if made.both else "mapping")
    problems = [] if terms.reason else [NO_REASON]
    try:
        if made.both:
            body = encode({"vocabulary": made.words_text, "mapping": made.text})
            subject = f"{rule_files.TOGETHER}{made.file.subject}"
            found = rule_files.checked_together(made.service, made.file, vocabulary=made.words_text, mapping=made.text)
        else:
            body, subject = made.text, made.file.subject
            found = rule_files.checked(made.service, parts().settings, made.file, body)
        problems += [str(each) for each in found.problems if found.proposal is None and each.severity == "error"]
    except ProposalError as error:
        problems.append(str(error))
    if not made.edits:
        problems.append("Nothing is changed.")
    if problems:
        return _changes(made, problems), 400
    draft = drafted(made.service, subject, body, terms)
    keep(made, draft)
    return led_to(draft)


@ROOM.change("/<connection>/undo", role="editor")
def undo(connection: str) -> Reply:
    """Take back one change by its number, or all of them."""
    made, which = edited_mapping(connection), request.form.get("which", "")
    kept = [each for at, each in enumerate(made.edits) if which not in {"all", str(at)}]
    with parts().store.write() as conn:
        mapping_edits.put(
            conn,
            made.connection.name,
            person().subject,
            mapping_edits.Edits(edits=tuple(kept), draft=made.held.draft),
            parts().now(),
        )
    return redirect(url_for("console.field_mappings.changes", connection=connection), 303)


@ROOM.page("/<connection>/yaml", role="editor")
def as_yaml(connection: str) -> str:
    """The mapping's text with what was changed, in the editor of rules."""
    made = edited_mapping(connection)
    return render_template(
        "console/rules/edit.html", file=made.file, text=made.text, shipped=(), problems=(), terms=None
    )


def shared(made: EditedMapping, object_name: str) -> dict[str, object]:
    """What the templates of this room use."""
    return {
        "connection": made.connection,
        "system": catalogue.label(made.connection.system),
        "made": made,
        "object": object_name,
        "objects": list(made.mapping.objects),
        "kinds": KINDS,
        "transforms": TRANSFORMS,
        "sections": SECTIONS,
    }


def chosen_object(made: EditedMapping) -> str:
    """The object that the request names; the first person's where it names none. 404 for one that is not mapped."""
    name = request.values.get("object", "") or next(iter(made.mapping.people), next(iter(made.mapping.objects)))
    made.object_mapping(name)
    return name


def edit_words(made: EditedMapping, edit: Edit) -> str:
    """What an edit is about, as people read it."""
    if edit.file == "vocabulary":
        return f"{edit.path[-1]}: a field of our own of the {SECTIONS.get(edit.path[0], edit.path[0])}"
    if edit.path[0] == "owns":
        return f"whose word counts of the {SECTIONS.get(edit.path[1], edit.path[1])}"
    _, object_name, section, name = edit.path
    label = our_label(made.words, section, name)
    how = "not mapped any more" if edit.value is None else "written" if section == "write" else "read"
    return f"{label} of {object_name}: {how}"


def _changes(made: EditedMapping, problems: list[str] | tuple[()]) -> str:
    texts = {"mapping": made.file.text or made.connection.text, "vocabulary": made.words_file.text}
    after = {"mapping": made.text, "vocabulary": made.words_text}
    return render_template(
        "console/field_mappings/changes.html",
        **shared(made, next(iter(made.mapping.objects))),
        edits=[(edit_words(made, each), at) for at, each in made.shown_edits],
        differences={name: line_changes(text, after[name]) for name, text in texts.items() if after[name] != text},
        problems=problems,
        terms=chosen_terms("mapping") if problems else None,
    )
