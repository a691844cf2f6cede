"""The form for one field: how it is read or written, checked while one edits, kept as a change of the person's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Reply

from integration.store.console.mapping_edits import Edit
from integration.web.console.field_mappings import read_form, write_form
from integration.web.console.field_mappings.edited_mapping import EditedMapping, edited_mapping, keep
from integration.web.console.field_mappings.field_checks import FieldCheck, checked
from integration.web.console.field_mappings.field_table import owner_words, permission
from integration.web.console.field_mappings.field_words import fields_of, our_label
from integration.web.console.field_mappings.mapping_pages import ROOM as ROOM  # noqa: PLC0414 - these pages are of that room
from integration.web.console.field_mappings.mapping_pages import chosen_object, shared
from integration.web.console.field_mappings.object_fields import LiveFields, live_fields, offered
from integration.web.console.field_mappings.read_form import ReadForm, SourceForm
from integration.web.console.field_mappings.write_form import TargetForm, WriteForm
from mappings.conflicts.field_conflicts import UNOWNED
from mappings.model import catalogue
from mappings.model.canonical import Field

Form = ReadForm | WriteForm


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPlace:
    """Which field of ours, in which section of which object; and the CRM's fields there."""

    made: EditedMapping
    object: str
    section: str
    name: str
    ours: Field
    live: LiveFields

    @property
    def path(self) -> tuple[str, ...]:
        """Where the mapping says it."""
        return ("objects", self.object, self.section, self.name)

    @property
    def written(self) -> bool:
        """Whether it is about what is written."""
        return self.section == "write"

    @property
    def raw(self) -> Any:
        """What the mapping says; None for nothing."""
        found = self.made.parsed.located.value if self.made.parsed.located else {}
        for step in self.path:
            found = found.get(step) if isinstance(found, dict) else None
        return found

    @property
    def owns(self) -> Sequence[str]:
        """What this system owns in the section."""
        value = self.made.parsed.located.value if self.made.parsed.located else {}
        listed = (value.get("owns") or {}).get(self.section)
        return [str(each) for each in listed] if isinstance(listed, list) else []

    @property
    def ownable(self) -> bool:
        """Whether a system may own it."""
        return self.section in {"lead", "account"} and self.name not in UNOWNED


@ROOM.page("/<connection>/field", role="viewer")
def one_field(connection: str) -> str:
    """The form as the mapping has the field; `add` names a CRM field that is put into it."""
    place = _place(connection)
    form = _with(place, _of_file(place), request.args.get("add", "").strip())
    return _page(place, form, FieldCheck() if place.raw is None else _checked(place, form))


@ROOM.change("/<connection>/field", role="editor")
def save_field(connection: str) -> Reply | tuple[str, int] | str:
    """Keep the field as the form has it, leave it out of the mapping, or show the form with what was chosen."""
    place, action = _place(connection), request.form.get("action", "save")
    form = _posted(place)
    if action == "remove":
        return _kept(place, checked(place.made, _edits(place, None), place.object, place.live, str), "not mapped")
    if action == "more":
        form = _with(place, form, "", more=True)
    found = _checked(place, form)
    if action != "save":
        return _page(place, form, found)
    if found.wrong:
        return _page(place, form, found), 400
    return _kept(place, found, "changed")


@ROOM.change("/<connection>/field/check", role="editor")
def check_field(connection: str) -> str:
    """What is wrong with the form as it stands, for each of its inputs."""
    place = _place(connection)
    form = _posted(place)
    check, slots = _checked(place, form), _slots(form)
    return render_template("console/field_mappings/checked.html", check=check, slots=slots, hints=_hints(place, form))


def _place(connection: str) -> FieldPlace:
    made, asked = edited_mapping(connection), request.values
    object_name, section, name = chosen_object(made), asked.get("section", ""), asked.get("name", "")
    kind = made.object_mapping(object_name).kind
    sections = {"person": ("lead", "account", "write"), "account": ("account",), "opportunity": ("opportunity",)}
    ours = fields_of(made.words, section).get(name)
    if section not in sections.get(kind, ()) or ours is None:
        abort(404, f"{object_name} has no field '{name}' of ours.")
    live = live_fields(made.service, made.connection, object_name)
    return FieldPlace(made=made, object=object_name, section=section, name=name, ours=ours, live=live)


def _of_file(place: FieldPlace) -> Form:
    if place.written:
        return write_form.of_targets(place.raw) if place.raw is not None else WriteForm(targets=())
    if place.raw is None:
        return ReadForm(sources=(), owned=place.name in place.owns)
    return read_form.of_rule(place.raw, owned=place.name in place.owns)


def _posted(place: FieldPlace) -> Form:
    return write_form.of_posted(request.form) if place.written else read_form.of_posted(request.form)


def _with(place: FieldPlace, form: Form, add: str, *, more: bool = False) -> Form:
    """The form with one CRM field more: the one that is added, an empty one, or one where it has none at all."""
    if isinstance(form, WriteForm):
        known = {each.field for each in form.targets}
        extra = (TargetForm(field=add),) if more or (add and add not in known) or not form.targets else ()
        return WriteForm(targets=(*form.targets, *extra)[: write_form.MOST_TARGETS])
    read = {each.field for each in form.sources}
    fresh = more or (add and add not in read) or not form.sources
    new = (SourceForm(field=add, transform=_usual(place.ours), plain=bool(place.ours.choices)),) if fresh else ()
    sources = (*form.sources, *new)[: read_form.MOST_SOURCES]
    return ReadForm(sources=sources, default=form.default, clears=form.clears, owned=form.owned)


def _usual(ours: Field) -> str:
    """The transform that a field of this kind needs, where nobody has chosen one."""
    return {"number": "number", "boolean": "boolean", "time": "date", "list": "list", "choice": "picklist"}.get(
        ours.kind, "text"
    )


def _edits(place: FieldPlace, form: Form | None) -> list[Edit]:
    """The edits that a form makes: the field's own, and who owns it where that changes."""
    value = None if form is None else form.value(place.ours) if isinstance(form, ReadForm) else form.value()
    edits = [Edit(file="mapping", path=place.path, value=value)]
    if isinstance(form, ReadForm) and place.ownable and form.owned != (place.name in place.owns):
        others = [each for each in place.owns if each != place.name]
        listed = [*others, place.name] if form.owned else others
        edits.append(Edit(file="mapping", path=("owns", place.section), value=listed or None))
    return edits


def _checked(place: FieldPlace, form: Form) -> FieldCheck:
    slot = read_form.slot if isinstance(form, ReadForm) else write_form.slot
    return checked(place.made, _edits(place, form), place.object, place.live, slot)


def _slots(form: Form) -> list[str]:
    return read_form.slots(form) if isinstance(form, ReadForm) else write_form.slots(form)


def _hints(place: FieldPlace, form: Form) -> dict[str, str]:
    """What is known of the CRM's field in each input that names one."""
    if isinstance(form, ReadForm):
        named = {f"s{at}-from": each.field for at, each in enumerate(form.sources)}
        blank = "Type a label or a name; leave it blank to take this field out."
    else:
        named = {f"t{at}-to": each.field for at, each in enumerate(form.targets)}
        blank = "Leave it blank to write to this field no more."
    return {slot: _hint(place, name) or blank for slot, name in named.items()}


def _hint(place: FieldPlace, name: str) -> str:
    field = place.live.named(name)
    if field is None:
        return ""
    may = permission(catalogue.rules(place.made.connection.system), field, name)
    return f"{field.label}, {field.type}" + (f"; may be written: {may}" if place.written else "")


def _kept(place: FieldPlace, found: FieldCheck, what: str) -> Reply:
    if found.made is None:
        abort(409, " ".join(each.text for problems in found.by_slot.values() for each in problems))
    keep(found.made)
    flash(
        f"{our_label(place.made.words, place.section, place.name)} is {what} in your changes. Nothing is published yet."
    )
    return redirect(
        url_for("console.field_mappings.table", connection=place.made.connection.name, object=place.object), 303
    )


def _page(place: FieldPlace, form: Form, found: FieldCheck) -> str:
    options: Mapping[str, Sequence[tuple[str, str]]] = {each.name: offered(each) for each in place.live.fields}
    system = catalogue.rules(place.made.connection.system)
    if isinstance(form, ReadForm):
        filled: Form = read_form.filled(form, options)
    else:
        filled = write_form.filled(form, place.ours.choices)
    writable = {each.name: permission(system, each, each.name) for each in place.live.fields}
    return render_template(
        f"console/field_mappings/{'write' if place.written else 'read'}.html",
        **shared(place.made, place.object),
        place=place,
        form=filled,
        check=found,
        hints=_hints(place, filled),
        live=place.live,
        options=options,
        labels={name: dict(each) for name, each in options.items()},
        writable=writable,
        label=our_label(place.made.words, place.section, place.name),
        owner=owner_words(place.made, place.section, place.name),
        unowned=UNOWNED.get(place.name, ""),
        natives=system.natives.get(place.name, frozenset()),
    )
