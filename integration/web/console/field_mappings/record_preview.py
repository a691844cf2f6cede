"""The preview of a real record: by the mapping in force, and by a person's changes, a draft or a text beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import abort, render_template, request
from werkzeug.wrappers import Response as Reply

from connectors.base.port import Unavailable
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.base.service import Connection
from integration.flows.looking.preview import Preview, find, preview, stored_standing
from integration.flows.publishing import proposals
from integration.store.console import rule_drafts
from integration.store.db.json_codec import decode
from integration.web.console.field_mappings.edited_mapping import EditedMapping, edited_mapping
from integration.web.console.field_mappings.field_table import rules_of
from integration.web.console.field_mappings.field_words import SECTIONS, our_label
from integration.web.console.field_mappings.own_field_pages import ROOM as ROOM  # noqa: PLC0414 - these pages are of that room
from integration.web.console.rules import rule_files
from integration.web.console.shell.console_parts import parts
from mappings.language import mapping_files
from mappings.model import catalogue
from mappings.model.canonical import Value
from mappings.vocabulary.value import Vocabulary

_LONGEST = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class _Then:
    """What a record is looked at by, beside what is in force; `problems` keep it from being so."""

    title: str
    connection: Connection
    compiled: CompiledPlaybook
    problems: tuple[str, ...] = ()

    @property
    def words(self) -> Vocabulary:
        """The words that it is compiled with."""
        return self.compiled.playbook.vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLine:
    """One field of ours: which CRM fields it is read from, with what stands there, and what it is now and then."""

    of: str
    label: str
    sources: Sequence[tuple[str, Any]]
    now: Value
    then: Value


@ROOM.page("/<connection>/preview", role="editor")
def preview_changes(connection: str) -> str | tuple[str, int]:
    """What a record becomes by the reader's changes, or by the draft that the address names."""
    made, draft = edited_mapping(connection), request.args.get("draft", "")
    then = _by_draft(made, draft) if draft else _by_changes(made)
    return _page(made, then, {"draft": draft} if draft else {}, request.args.get("record", ""), "get")


@ROOM.change("/<connection>/preview", role="editor")
def preview_text(connection: str) -> Reply | str | tuple[str, int]:
    """What a record becomes by a text that is in somebody's editor."""
    made, text = edited_mapping(connection), request.form.get("text", "")
    then = _by_texts(made, "The text in the editor", text, None)
    return _page(made, then, {"text": text}, request.form.get("record", ""), "post")


def _by_changes(made: EditedMapping) -> _Then:
    if not made.edits:
        return _Then(title="The mapping in force", connection=made.connection, compiled=made.service.rules.compiled)
    return _by_texts(made, "With your changes", made.text, made.words_text if made.both else None)


def _by_draft(made: EditedMapping, draft_id: str) -> _Then:
    with parts().store.read() as conn:
        draft = rule_drafts.get(conn, draft_id)
    if draft is None or draft.subject.removeprefix(rule_files.TOGETHER) != made.file.subject:
        abort(404, "There is no draft of this mapping under this address: drafts are kept for a week.")
    title = f"With the draft: {draft.terms.reason}"
    if draft.subject == made.file.subject:
        return _by_texts(made, title, draft.body, None)
    texts = decode(draft.body, dict[str, str])
    return _by_texts(made, title, texts["mapping"], texts["vocabulary"])


def _by_texts(made: EditedMapping, title: str, text: str, words_text: str | None) -> _Then:
    compiled = made.service.rules.compiled
    problems: tuple[str, ...] = ()
    if words_text is not None:
        found = proposals.of_vocabulary(made.service, words_text, made.words_file.title)
        compiled = found.proposal.compiled if found.proposal else compiled
        problems = () if found.proposal else tuple(map(str, found.problems))
    file = mapping_files.parsed(text, made.file.title, made.connection.system, vocabulary=compiled.playbook.vocabulary)
    if file.mapping is None:
        problems += tuple(str(each) for each in file.problems if each.severity == "error")
        return _Then(title=title, connection=made.connection, compiled=compiled, problems=problems)
    connection = replace(made.connection, mapping=file.mapping, located=file.located, text=text)
    return _Then(title=title, connection=connection, compiled=compiled, problems=problems)


def _page(
    made: EditedMapping, then: _Then, hidden: Mapping[str, str], asked: str, method: str
) -> str | tuple[str, int]:
    record, wrong = asked.strip()[:_LONGEST], "\n".join(then.problems)
    seen: tuple[Preview, Preview] | None = None
    if record and not wrong:
        try:
            seen = _seen(made, then, record)
            wrong = "" if seen else f"{catalogue.label(made.connection.system)} has no person '{record}'."
        except ValueError as error:
            wrong = str(error)
        except Unavailable as away:
            wrong = f"{catalogue.label(made.connection.system)} does not answer now: {away}."
    page = render_template(
        "console/field_mappings/preview.html",
        connection=made.connection,
        object=next(iter(made.mapping.people), next(iter(made.mapping.objects))),
        title=then.title,
        hidden=hidden,
        method=method,
        record=record,
        wrong=wrong,
        same=then.connection is made.connection,
        now=seen[0] if seen else None,
        then=seen[1] if seen else None,
        lines=_lines(made, then, *seen) if seen else (),
        points=_points(*seen) if seen else (),
    )
    return page if not wrong else (page, 404 if not then.problems else 400)


def _seen(made: EditedMapping, then: _Then, named: str) -> tuple[Preview, Preview] | None:
    """The record by what is in force and by the other mapping; it and its company are read once."""
    now_at, connection = parts().now(), made.connection
    record = find(then.connection, named, [connection.mapping])
    if record is None:
        return None
    with parts().store.read() as conn:
        stands = stored_standing(conn, connection, record)
    others = [connection.mapping]
    after = preview(then.connection, then.compiled, record, now_at, stands, others=others, anew=stands is not None)
    before = preview(connection, made.service.rules.compiled, record, now_at, stands, company=after.company)
    return before, after


def _lines(made: EditedMapping, then: _Then, before: Preview, after: Preview) -> list[ReadLine]:
    """Everything of ours that either of them reads, in the order of the mapping."""
    found = []
    for section, now, new in (("lead", before.lead, after.lead), ("account", before.account, after.account)):
        for name in dict.fromkeys([*new, *now]):
            sources: dict[str, Any] = {}
            for connection in (then.connection, made.connection):
                for record in (after.record, after.company):
                    mapping = connection.mapping.objects.get(record.object) if record else None
                    for rule in rules_of(mapping, section) if mapping else ():
                        if rule.name == name and record:
                            sources |= {each.field: record.fields.get(each.field) for each in rule.sources}
            label = our_label(then.words, section, name)
            line = ReadLine(
                of=SECTIONS[section], label=label, sources=list(sources.items()), now=now.get(name), then=new.get(name)
            )
            found.append(line)
    return found


def _points(before: Preview, after: Preview) -> list[tuple[str, float, float]]:
    now, new = dict(before.fit), dict(after.fit)
    return [(rule, now.get(rule, 0), new.get(rule, 0)) for rule in dict.fromkeys([*new, *now])]
