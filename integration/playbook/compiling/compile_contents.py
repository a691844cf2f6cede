"""Compiles contents: by which channel each reaches people, and who does what where a person delivers it."""

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
    found = [_content(name, content, names) for name, content in file.contents.items()]
    return tuple(each for each in found if each is not None)


def _content(name: str, content: schema.Content, names: Names) -> Content | None:
    path: Path = ("contents", name)
    if content.channel == "linkedin" or content.channel == "direct_mail":  # noqa: PLR1714 - so mypy knows which
        return Content(name=name, channel=content.channel, task=_task(name, content, content.channel))
    for key in _OF_TASKS:
        if key in content.model_fields_set:
            whose = " or ".join(BY_HAND)
            names.report.problem(
                (*path, key), f"'{key}' is about a person's task: it goes with channel {whose}", key=True
            )
    return None if content.channel == "email" else Content(name=name, channel=content.channel)


def _task(name: str, content: schema.Content, channel: Channel) -> TaskStep:
    """Who does what by when; the owner by the next day, where the file does not say."""
    about = (content.about.strip() or name.replace("_", " ")).replace("{", "{{").replace("}", "}}")
    return TaskStep(
        channel=channel,
        subject=content.say or f"{BY_HAND[channel]} for {{name}}, {{company}}: {about}",
        note=content.note or (about if content.say else ""),
        due=content.due,
        assignee=content.to,
        priority=content.priority,
    )
