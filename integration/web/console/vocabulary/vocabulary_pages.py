"""The page of the vocabulary: the company's own words, and what was not recognised, to tick; ticks become a draft."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from flask import render_template, request
from werkzeug.wrappers import Response as Reply

from integration.flows.looking.learning import learned
from integration.flows.publishing.proposals import ProposalError
from integration.store.events import unrecognised_words
from integration.web.console.rules import rule_files
from integration.web.console.rules.new_drafts import NO_REASON, chosen_terms, drafted, led_to
from integration.web.console.rules.rule_files import RuleFile
from integration.web.console.shell.console_parts import parts
from integration.web.console.shell.rooms import Room
from integration.web.console.shell.rules_in_force import service_in_force
from integration.web.console.vocabulary.seen_words import KINDS, SeenWord, Ticked, seen, taught
from integration.wiring.whole_service import Service
from mappings.vocabulary.value import CANONICAL, Vocabulary
from mappings.yaml_files.edited_yaml import EditError

ROOM = Room("vocabulary", path="/vocabulary")
_MOST = 200
"""Words that a page shows."""


@ROOM.page("/", role="viewer")
def overview() -> str:
    """The company's own words, and what came in that nobody knows."""
    return _page(service_in_force(), (), (), None)


@ROOM.change("/propose", role="editor")
def propose() -> Reply | tuple[str, int]:
    """Make a draft of a vocabulary that knows what was ticked."""
    service, terms = service_in_force(), chosen_terms("vocabulary")
    file, ticked = _file(service), _ticked()
    problems = [] if terms.reason else [NO_REASON]
    text = file.text
    try:
        if not ticked:
            problems.append("Tick what you know.")
        text = text if text.strip() else "language: 1\n"
        for each in ticked:
            text = taught(text, each)
        found = rule_files.checked(service, parts().settings, file, text)
        problems += [str(each) for each in found.problems if each.severity == "error"]
    except (EditError, ProposalError, ValueError) as error:
        problems.append(str(error))
    if problems:
        return _page(service, problems, ticked, terms), 400
    return led_to(drafted(service, file.subject, text, terms))


def _page(service: Service, problems: Sequence[str], ticked: Sequence[Ticked], terms: object) -> str:
    words = service.rules.vocabulary
    with parts().store.read() as conn:
        unknown = learned(conn, words, _MOST, buyers=False)
        outcomes = unrecognised_words.oftenest(conn, _MOST, ["outcome"])
    chosen = {(each.kind, each.place, each.word): each.meaning for each in ticked}
    found = [_with(each, chosen) for one in unknown if (each := seen(one, words)) is not None]
    return render_template(
        "console/vocabulary/overview.html",
        groups=[(words_of, [each for each in found if each.kind == kind]) for kind, words_of in KINDS.items()],
        any=bool(found),
        outcomes=[each for each in outcomes if each.word.word],
        own=_own(words),
        problems=problems,
        terms=terms,
        most=_MOST,
    )


def _with(each: SeenWord, chosen: Mapping[tuple[str, str, str], str]) -> SeenWord:
    meaning = chosen.get((each.kind, each.place, each.word))
    return each if meaning is None else replace(each, chosen=meaning, ticked=True)


def _ticked() -> list[Ticked]:
    form = request.form
    return [
        Ticked(*(form.get(f"{name}{at}", "") for name in ("kind-", "place-", "word-", "means-")))
        for at in range(_MOST)
        if form.get(f"tick-{at}") == "yes"
    ]


def _own(words: Vocabulary) -> list[tuple[str, str, str]]:
    """(word, what it is, label) of everything that the company has added."""
    found = [(name, "field of the person", words.lead[name].label) for name in words.own_lead]
    found += [(name, "field of the company", words.account[name].label) for name in words.own_account]
    found += [(name, "activity", words.label(name)) for name in words.own_activities]
    for name in ("source", "seniority"):
        known = CANONICAL.lead[name].choices
        found += [(each, name, each.replace("_", " ")) for each in words.lead[name].choices if each not in known]
    reasons = [each for each in words.reasons if each not in CANONICAL.reasons]
    return [*found, *((each, "reason of a rejection", each.replace("_", " ")) for each in reasons)]


def _file(service: Service) -> RuleFile:
    return next(each for each in rule_files.files(service, parts().settings) if each.what == "vocabulary")
