"""Compiles contents: by which channel each reaches people, and who does what where a person delivers it."""

from integration.core.handoff.wording import literal
from integration.core.model.effects import Channel
from integration.core.rules.automation_rules import Content, TaskStep
from integration.playbook.language import schema
from integration.playbook.language.names import Names
from mappings.yaml_files.located_yaml import Path

BY_HAND = {"linkedin": "LinkedIn", "direct_mail": "Direct mail"}
"""The channels whose touches a person delivers, as the subject of their task calls them. [operating-model: channels]"""
_OF_TASKS = ("say", "note", "due", "to", "priority")
"""What is said of a task, and means nothing where the marketing system delivers."""


def compile_contents(file: schema.PlaybookFile, names: Names) -> tuple[Content, ...]:
    """The contents that are no plain e-mails."""
    found = [
        _choice(name, content, names, file) if content.first_unseen else _content(name, content, names)
        for name, content in file.contents.items()
    ]
    return tuple(each for each in found if each is not None)


def _choice(name: str, content: schema.Content, names: Names, file: schema.PlaybookFile) -> Content:
    """A content that is the first unseen of others; these say how they go and what they are."""
    path: Path = ("contents", name)
    for key in ("channel", "asset", *_OF_TASKS):
        if key in content.model_fields_set:
            names.report.problem((*path, key), f"'{key}' is said of each content that 'first_unseen' names", key=True)
    others = {each: other for each, other in file.contents.items() if not other.first_unseen}
    known = [each for each in content.first_unseen if each in others]
    places = [((*path, "first_unseen", index), each) for index, each in enumerate(content.first_unseen)]
    if content.otherwise is not None:
        places.append(((*path, "otherwise"), content.otherwise))
    for place, each in places:
        if each not in others:
            names.report.unknown(place, "content", each, others)
        elif known and others[each].channel != others[known[0]].channel:
            ways = f"'{each}' goes by {others[each].channel}, '{known[0]}' by {others[known[0]].channel}"
            names.report.problem(place, f"{ways}: one touch has one channel")
    channel = others[known[0]].channel if known else "email"
    return Content(
        name=name, channel=channel, first_unseen=tuple(content.first_unseen), otherwise=content.otherwise or ""
    )


def _content(name: str, content: schema.Content, names: Names) -> Content | None:
    path: Path = ("contents", name)
    if content.channel == "linkedin" or content.channel == "direct_mail":  # noqa: PLR1714 - so mypy knows which
        task = _task(name, content, content.channel)
        return Content(name=name, channel=content.channel, task=task, assets=tuple(content.asset))
    for key in _OF_TASKS:
        if key in content.model_fields_set:
            whose = " or ".join(BY_HAND)
            names.report.problem(
                (*path, key), f"'{key}' is about a person's task: it goes with channel {whose}", key=True
            )
    if content.otherwise is not None:
        names.report.problem((*path, "otherwise"), "'otherwise' goes with 'first_unseen'", key=True)
    if content.channel == "email" and not content.asset:
        return None
    return Content(name=name, channel=content.channel, assets=tuple(content.asset))


def _task(name: str, content: schema.Content, channel: Channel) -> TaskStep:
    """Who does what by when; the owner by the next day, where the file does not say."""
    about = literal(content.about.strip() or name.replace("_", " "))
    return TaskStep(
        channel=channel,
        subject=content.say or f"{BY_HAND[channel]} for {{name}}, {{company}}: {about}",
        note=content.note or (about if content.say else ""),
        due=content.due,
        assignee=content.to,
        priority=content.priority,
    )
