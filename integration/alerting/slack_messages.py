"""Slack messages: an alert as blocks and as plain text, within Slack's limits [api: chat.postMessage]."""

from collections.abc import Sequence
from typing import Any

from integration.alerting import alert_words
from integration.alerting.alert_port import Alert
from integration.alerting.alert_words import Line, cut

_SECTION = 2_900
"""Characters of a section's text; Slack takes 3,000."""
_MESSAGE = 12_000
"""Characters of all sections: Slack refuses messages whose blocks are much longer together."""
_TEXT = 3_000
"""Characters of the plain text, which notifications show."""


def message(alert: Alert, mention: str = "") -> dict[str, Any]:
    """`text` and `blocks` of a message. `mention` is the id of the user who is mentioned."""
    head = f"*{escaped(cut(alert_words.title(alert)))}*" + (f" <@{mention}>" if mention else "")
    sections = _sections(head, [_mrkdwn(each) for each in alert_words.lines(alert)])
    return {
        "text": escaped(cut(alert_words.subject(alert), _TEXT)),
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": each}} for each in sections],
    }


def escaped(text: str) -> str:
    """A text in which Slack sees no markup: no link, no mention of a channel or a person."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _mrkdwn(line: Line) -> str:
    said = " ".join(f"<{_address(url)}|{escaped(label)}>" for label, url in line.links)
    return f"{escaped(cut(line.text))} {said}".rstrip()


def _address(url: str) -> str:
    """An address between `<` and `|`, which it must not contain itself."""
    return escaped(url).replace("|", "%7C")


def _sections(head: str, lines: Sequence[str]) -> list[str]:
    """Lines in sections that Slack takes; what has no room is counted."""
    found, length = [head], len(head)
    for number, line in enumerate(lines):
        if length + len(line) > _MESSAGE:
            found.append(alert_words.left_out(len(lines) - number))
            break
        length += len(line) + 1
        if len(found[-1]) + len(line) + 1 > _SECTION:
            found.append(line)
        else:
            found[-1] += f"\n{line}"
    return found
