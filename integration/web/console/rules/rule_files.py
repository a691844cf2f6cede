"""Rule files: what may be edited and published here (playbook, vocabulary, routing, a mapping for each connection)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from integration.flows.base.running_mappings import stored
from integration.flows.publishing import proposals
from integration.flows.publishing.proposals import Checked, ProposalError
from integration.flows.publishing.put_in_force import current_rules
from integration.playbook.reading import library
from integration.settings.environment import Settings
from integration.store.events.playbook_versions import What
from integration.web.console.shell.page_words import connection_name
from integration.wiring.whole_service import Service
from mappings.values.identifiers import ConnectionName
from mappings.vocabulary.files import load_vocabulary
from mappings.yaml_files.problems import Problem

VERSION = "version:"
"""How the subject of a draft begins that puts a former version back; its number follows."""
TOGETHER = "vocabulary and "
"""How the subject of a draft begins that changes the vocabulary and a mapping together; the mapping's follows."""
_MOST = 1_000_000
"""Characters of a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """One file: `subject` names it in addresses and drafts; `text` is what is in force, "" where there is none yet."""

    subject: str
    what: What
    title: str
    text: str
    connection: ConnectionName | None = None
    about: str = ""


def files(service: Service, settings: Settings) -> Sequence[RuleFile]:
    """Every file of this installation, as it is in force. `service` works by what is in force."""
    _, said = current_rules(service)
    vocabulary = said.vocabulary if said.vocabulary is not None else _own(settings.vocabulary)
    return (
        RuleFile(
            subject="playbook",
            what="playbook",
            title="Playbook",
            text=said.playbook,
            about="Scores, stages, tracks, plays and clocks.",
        ),
        *(
            RuleFile(
                subject=f"mapping:{each.name}",
                what="mapping",
                title=f"Field mapping of {connection_name(each.name)}",
                text=each.text,
                connection=each.name if each.alone or _alone(service, each.name) else None,
                about="Which fields of the CRM are read as what, and which are written.",
            )
            for each in service.connections.values()
        ),
        RuleFile(
            subject="vocabulary",
            what="vocabulary",
            title="Vocabulary",
            text=vocabulary,
            about="Your own words, and what your addresses and forms mean.",
        ),
        RuleFile(
            subject="routing",
            what="routing",
            title="Routing",
            text=service.routing.text,
            about="Who gets the tasks, and where alerts go.",
        ),
    )


def checked(service: Service, settings: Settings, file: RuleFile, text: str) -> Checked:
    """Everything wrong with a text in the file's place, and what it would put in force. Raises ProposalError."""
    if len(text) > _MOST:
        msg = f"The text is longer than {_MOST:,} characters."
        raise ProposalError(msg)
    named = file.title
    match file.what:
        case "playbook":
            return proposals.of_playbook(service, text, named)
        case "vocabulary":
            return proposals.of_vocabulary(service, text, named)
        case "routing":
            return proposals.of_routing(service, text, named, settings.channels)
        case "mapping":
            return proposals.of_mapping(service, text, named, file.connection)


def checked_together(service: Service, file: RuleFile, *, vocabulary: str, mapping: str) -> Checked:
    """Everything wrong with a vocabulary and a mapping in the file's place that uses its words; both, or neither."""
    if max(len(vocabulary), len(mapping)) > _MOST:
        msg = f"The text is longer than {_MOST:,} characters."
        raise ProposalError(msg)
    return proposals.of_vocabulary_and_mapping(
        service, (vocabulary, "Vocabulary"), (mapping, file.title), file.connection
    )


def placed(problems: Sequence[Problem]) -> list[dict[str, object]]:
    """The problems as the editor takes them."""
    return [
        {"line": each.line, "column": each.column, "severity": each.severity, "text": each.text} for each in problems
    ]


def shipped() -> Sequence[str]:
    """The names of the playbooks that come with Coldframe."""
    return sorted(library.names())


def _alone(service: Service, connection: ConnectionName) -> bool:
    """Whether a version has a mapping for this connection alone."""
    version = service.rules.version
    it = service.connections[connection]
    files = dict(version.files) if version else {}
    named = f"mapping:{it.system}:{connection}"
    return named in files and stored(it, files) is files[named]


def _own(path: str | None) -> str:
    """The text of the vocabulary that settings name; "" for the shipped one, which nobody has to edit."""
    if path is None:
        return ""
    return Path(path).read_text(encoding="utf-8") if load_vocabulary.in_use(path)[0] is not None else ""
