"""Session ids in Salesforce's outbound messages: whoever has one is signed in, so none is ever stored.

A message may bring it in any encoding that XML knows, as characters, entities or CDATA, and repeat it in a field, a
comment or an address. What is kept is therefore written anew from what was read.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from lxml import etree

from webhooks.sources.salesforce_messages import envelope

_NAME = "sessionid"
_SHAPE = re.compile(r"00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?(?:!|%21)[A-Za-z0-9._%-]+")
"""A session id as Salesforce makes them: the organization's id, an exclamation mark, and the secret."""
_WRITTEN = re.compile(r"(sessionid\b[^<>]*>)[^<]*", re.IGNORECASE)
"""A session id's element within a text, as CDATA may contain it."""
_SHORTEST = 8
"""Characters that a text must have to be looked for in others: a shorter one would be found by chance."""


def stored(body: bytes) -> bytes:
    """A message as it is kept: in UTF-8, without comments, and without the session id. Raises Unreadable."""
    root = envelope(body)
    held = [element for element in root.iter(etree.Element) if etree.QName(element).localname.lower() == _NAME]
    spellings = tuple(_spellings("".join(element.itertext()).strip() for element in held))
    for element in held:
        element.clear(keep_tail=True)
    etree.strip_elements(root, etree.Comment, etree.ProcessingInstruction, with_tail=False)
    for element in root.iter(etree.Element):
        element.text, element.tail = _without(element.text, spellings), _without(element.tail, spellings)
        for name, value in element.attrib.items():
            element.attrib[name] = _without(value, spellings)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written


def _without(text: Any, spellings: Iterable[str]) -> Any:
    if not text:
        return text
    for each in spellings:
        text = text.replace(each, "")
    return _SHAPE.sub("", _WRITTEN.sub(r"\1", text))


def _spellings(secrets: Iterable[str]) -> Iterator[str]:
    """A session id, and the part of it that is secret: as it is, as an address writes it, in hex and in base64."""
    for whole in secrets:
        for secret in dict.fromkeys((whole, whole.partition("!")[2])):
            if len(secret) < _SHORTEST:
                continue
            yield from (secret, quote(secret, safe=""), secret.encode().hex(), secret.encode().hex().upper())
            for shift in range(3):
                # What stands before it moves its characters; the first and the last may belong to its neighbours.
                moved = base64.b64encode(b"\0" * shift + secret.encode()).decode().rstrip("=")
                core = moved[(shift * 8 + 5) // 6 : -1]
                yield from (core, core.replace("+", "-").replace("/", "_"))
