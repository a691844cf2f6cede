"""A task's text as people read it, in whichever form a CRM keeps it."""

import html
import re

_TAG = re.compile(r"</?(?:p|br|b|strong|ul|li|a)\b[^>]*>")
_BREAK = re.compile(r"<br>|</p>|</li>|</ul>")


def words_of(body: str) -> str:
    """The text without HubSpot's markup, a line for each line of the page."""
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", body))).strip("\n")
