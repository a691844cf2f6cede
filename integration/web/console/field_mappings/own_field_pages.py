"""What a CRM's field is mapped to: one of our fields, or a new one of the company's own, added in one form."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Reply

from connectors.base.port import FieldInfo
from integration.store.console.mapping_edits import Edit
from integration.web.console.field_mappings import read_form
from integration.web.console.field_mappings.edited_mapping import EditedMapping, edited_mapping, keep
from integration.web.console.field_mappings.field_checks import checked
from integration.web.console.field_mappings.field_pages import ROOM as ROOM  # noqa: PLC0414 - these pages are of that room
from integration.web.console.field_mappings.field_table import permission, rules_of
from integration.web.console.field_mappings.field_words import KINDS, fields_of
from integration.web.console.field_mappings.mapping_pages import chosen_object, shared
from integration.web.console.field_mappings.object_fields import LiveFields, live_fields, offered
from mappings.checking.fitting import takes
from mappings.model import catalogue
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.files.parse_recognition import second_key
from mappings.vocabulary.files.parse_vocabulary import KINDS as OWN_KINDS
from mappings.vocabulary.files.parse_vocabulary import RESERVED, parse
from mappings.yaml_files.located_yaml import load

_LONGEST = 62
_MOST_CHOICES = 300
_TYPES = {
    "number": ("number", "double", "int", "currency", "percent", "long"),
    "flag": ("bool", "boolean"),
    "date": ("date", "datetime"),
    "list": ("multipicklist",),
}
_TRANSFORMS = {
    "text": "text",
    "number": "number",
    "flag": "boolean",
    "choice": "picklist",
    "list": "list",
    "date": "date",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFieldForm:
    """A field of the company's own: its name, kind and meaning; of a picklist each value with the word for it."""

    name: str = ""
    kind: str = "text"
    label: str = ""
    values: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = field(default=())


@ROOM.page("/<connection>/map", role="editor")
def map_field(connection: str) -> str | Reply:
    """What a field of the CRM may be for us: read, written, or a field of our own; `ours` leads to its form."""
    made = edited_mapping(connection)
    object_name = chosen_object(made)
    name = request.args.get("field", "")
    section, _, ours = request.args.get("ours", "").partition(":")
    if ours:
        address = "console.field_mappings.one_field"
        return redirect(
            url_for(address, connection=connection, object=object_name, section=section, name=ours, add=name), 303
        )
    live = live_fields(made.service, made.connection, object_name)
    return _page(made, object_name, live, name, _suggested(made, live.named(name), name))


@ROOM.change("/<connection>/own-field", role="editor")
def add_own_field(connection: str) -> Reply | tuple[str, int]:
    """Add a field of our own to the vocabulary and to the mapping, both among the person's changes."""
    made = edited_mapping(connection)
    object_name, name = chosen_object(made), request.form.get("field", "")
    live = live_fields(made.service, made.connection, object_name)
    form, section = _posted(), _section(made, object_name)
    edits = _edits(made, form, object_name, section, name)
    found = checked(made, edits, object_name, live, str)
    problems = [*_word_problems(made, edits, section, form.name)]
    if not problems:
        problems = [each.text for several in found.by_slot.values() for each in several if each.severity == "error"]
    if problems or found.made is None:
        wrong = OwnFieldForm(
            name=form.name,
            kind=form.kind,
            label=form.label,
            values=form.values,
            problems=tuple(dict.fromkeys(problems)),
        )
        return _page(made, object_name, live, name, wrong), 400
    keep(found.made)
    flash(
        f"{form.label or form.name} is added to your changes. Once it is published, a playbook can score {form.name}."
    )
    return redirect(url_for("console.field_mappings.changes", connection=connection), 303)


def _page(made: EditedMapping, object_name: str, live: LiveFields, name: str, form: OwnFieldForm) -> str:
    found = live.named(name)
    if live.known and found is None:
        abort(404, f"{object_name} has no field '{name}', or hides it.")
    kind = made.object_mapping(object_name).kind
    sections = {"person": ("lead", "account"), "account": ("account",), "opportunity": ("opportunity",)}.get(kind, ())
    system = catalogue.rules(made.connection.system)
    may = permission(system, found, name)
    standing = fields_of(made.words, "write") if kind == "person" and may.startswith("yes") else {}
    parts = [
        (part, each)
        for part, each in standing.items()
        if system.writable(name, part) and (found is None or takes(made.connection.system, each.kind, found.type))
    ]
    read = {
        section: {rule.name for rule in rules_of(made.object_mapping(object_name), section)} for section in sections
    }
    return render_template(
        "console/field_mappings/map.html",
        **shared(made, object_name),
        field=found,
        name=name,
        live=live,
        permission=may,
        options=offered(found),
        readable=[(section, fields_of(made.words, section), read[section]) for section in sections],
        writable=parts,
        form=form,
        section=_section(made, object_name) if kind in {"person", "account"} else "",
        own_kinds={name: KINDS[each] for name, each in OWN_KINDS.items()},
    )


def _section(made: EditedMapping, object_name: str) -> str:
    return "account" if made.object_mapping(object_name).kind == "account" else "lead"


def _suggested(made: EditedMapping, found: FieldInfo | None, name: str) -> OwnFieldForm:
    """The form as the CRM's field suggests it, under a name that is free."""
    taken = {*made.words.lead, *made.words.account, *made.words.standing, *RESERVED}
    label = (found.label if found else "") or name
    free = next((each for each in (_word(label), _word(name)) if each not in taken), f"our_{_word(name)}"[:_LONGEST])
    if found is None:
        return OwnFieldForm(name=free, label=label)
    kind = next((each for each, types in _TYPES.items() if found.type in types), "choice" if found.options else "text")
    values = [(value, _word(words)) for value, words in offered(found)] if kind == "choice" else []
    return OwnFieldForm(name=free, kind=kind, label=label, values=tuple(values))


def _posted() -> OwnFieldForm:
    form = request.form
    rows = [(form.get(f"c{row}", "").strip(), form.get(f"v{row}", "").strip()) for row in range(_MOST_CHOICES)]
    return OwnFieldForm(
        name=form.get("name", "").strip()[: _LONGEST + 1],
        kind=form.get("kind", "text"),
        label=form.get("label", "").strip()[:100],
        values=tuple((value, word) for value, word in rows if value),
    )


def _edits(made: EditedMapping, form: OwnFieldForm, object_name: str, section: str, crm_field: str) -> list[Edit]:
    """The rule of the mapping first, then the field in the vocabulary."""
    table = {value: word for value, word in form.values if word} if form.kind == "choice" else {}
    rule = read_form.SourceForm(
        field=crm_field, transform=_TRANSFORMS.get(form.kind, "text"), values=tuple(table.items())
    ).value()
    word: dict[str, Any] = {"kind": form.kind, **({"label": form.label} if form.label else {})}
    if form.kind == "choice":
        word["choices"] = list(dict.fromkeys(table.values()))
    path = ("objects", object_name, section, form.name)
    language = [] if made.words_text.strip() else [Edit(file="vocabulary", path=("language",), value=1)]
    return [
        Edit(file="mapping", path=path, value=rule),
        *language,
        Edit(file="vocabulary", path=(section, form.name), value=word),
    ]


def _word_problems(made: EditedMapping, edits: Sequence[Edit], section: str, name: str) -> list[str]:
    """What the vocabulary says against a field of this name and kind."""
    if not name:
        return ["Give it a name."]
    if name in fields_of(made.words, section):
        return [f"'{name}' is a field of the {'person' if section == 'lead' else 'company'} already: choose it above."]
    text = made.with_edits(*edits).words_text
    located, _ = load(text, made.words_file.title, second_key)
    if located is None:
        return ["The vocabulary cannot be read any more."]
    return [each.text for each in parse(text, made.words_file.title, shipped())[1] if each.severity == "error"]


def _word(text: str) -> str:
    """A label as a name of ours."""
    found = re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")[:_LONGEST]
    return found if found[:1].isalpha() else f"v_{found}".strip("_")[:_LONGEST]
