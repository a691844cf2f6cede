"""An edited mapping: what is in force of a connection, with what one person has changed and not published yet."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import abort

from integration.flows.base.service import Connection
from integration.store.console import mapping_edits
from integration.store.console.mapping_edits import Edit, Edits
from integration.web.console.rules import rule_files
from integration.web.console.rules.rule_files import RuleFile
from integration.web.console.shell.console_parts import parts, person
from integration.web.console.shell.rules_in_force import service_in_force
from integration.wiring.whole_service import Service
from mappings.language import mapping_files
from mappings.language.mapping_files import MappingFile
from mappings.model.compiled_mapping import CrmMapping, ObjectMapping
from mappings.values.identifiers import ConnectionName
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.files.parse_recognition import second_key
from mappings.vocabulary.files.parse_vocabulary import parse
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.edited_yaml import EditError, dropped, put


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedMapping:
    """A connection's mapping and the vocabulary with the edits; `file` and `words_file` are as they are in force."""

    service: Service
    connection: Connection
    file: RuleFile
    words_file: RuleFile
    held: Edits
    edits: tuple[Edit, ...]
    """Those that change something of what is in force."""
    text: str
    words_text: str
    words: Vocabulary
    parsed: MappingFile

    @property
    def mapping(self) -> CrmMapping:
        """The mapping with the edits; the one in force, where they do not compile."""
        return self.parsed.mapping or self.connection.mapping

    @property
    def both(self) -> bool:
        """Whether the vocabulary changes, too."""
        return any(each.file == "vocabulary" for each in self.edits)

    @property
    def shown_edits(self) -> list[tuple[int, Edit]]:
        """The edits that people see, each with its place; the first line of a new vocabulary goes along."""
        return [(at, each) for at, each in enumerate(self.edits) if each.path != ("language",)]

    def object_mapping(self, name: str) -> ObjectMapping:
        """How an object is mapped; 404 for one that is not."""
        if name not in self.mapping.objects:
            abort(404, f"This mapping has no {name}.")
        return self.mapping.objects[name]

    def with_edits(self, *more: Edit) -> "EditedMapping":
        """The same with further edits; each takes the place of one of the same place before. Raises EditError."""
        places = {(each.file, each.path) for each in more}
        kept = [each for each in self.held.edits if (each.file, each.path) not in places]
        return _edited(self.service, self.connection, (self.file, self.words_file), Edits(edits=(*kept, *more)))


def edited_mapping(connection: str) -> EditedMapping:
    """What the person of this request has before them. 404 for a connection that is not there, 503 for newer rules."""
    service = service_in_force()
    found = service.connections.get(ConnectionName(connection))
    if found is None:
        abort(404, "There is no connection of this name in use yet.")
    files = {each.subject: each for each in rule_files.files(service, parts().settings)}
    with parts().store.read() as conn:
        held = mapping_edits.of(conn, found.name, person().subject)
    return _edited(service, found, (files[f"mapping:{found.name}"], files["vocabulary"]), held, lenient=True)


def keep(made: EditedMapping, draft: str = "") -> None:
    """Keep the edits for this person."""
    kept = Edits(edits=made.edits, draft=draft)
    with parts().store.write() as conn:
        mapping_edits.put(conn, made.connection.name, person().subject, kept, parts().now())


def applied(text: str, edit: Edit) -> str:
    """A text with an edit. Raises EditError."""
    twice = second_key if edit.file == "vocabulary" else None
    return dropped(text, edit.path, twice) if edit.value is None else put(text, edit.path, edit.value, twice)


def _edited(
    service: Service, connection: Connection, files: Sequence[RuleFile], held: Edits, *, lenient: bool = False
) -> EditedMapping:
    file, words_file = files
    texts = {"mapping": file.text or connection.text, "vocabulary": words_file.text}
    telling = []
    for each in held.edits:
        try:
            text = applied(texts[each.file], each)
        except EditError:
            if not lenient:
                raise
            continue
        if text != texts[each.file]:
            texts[each.file] = text
            telling.append(each)
    words = service.rules.vocabulary
    if any(each.file == "vocabulary" for each in telling):
        words = parse(texts["vocabulary"], words_file.title, shipped())[0] or words
    return EditedMapping(
        service=service,
        connection=connection,
        file=file,
        words_file=words_file,
        held=held,
        edits=tuple(telling),
        text=texts["mapping"],
        words_text=texts["vocabulary"],
        words=words,
        parsed=mapping_files.parsed(texts["mapping"], file.title, vocabulary=words),
    )
