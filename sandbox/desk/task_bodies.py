"""A task's body as an SDR reads it: HubSpot's HTML with nothing in it that could run."""

import html
import re
from html.parser import HTMLParser

from markupsafe import Markup

_KEPT = frozenset(
    {"p", "br", "ul", "ol", "li", "b", "strong", "i", "em", "u", "h3", "h4", "hr", "div", "span", "blockquote"}
)
_DROPPED = frozenset({"script", "style", "iframe", "object", "template"})
_VOID = frozenset({"br", "hr"})
_WEB = re.compile(r"https?://[^\s\"'<>]+\Z")


class _Cleaner(HTMLParser):
    """Keeps a few plain tags without attributes, and links to the web; everything else becomes text or goes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._open: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get("href") or ""
        if tag in _DROPPED:
            self._hidden += 1
        elif tag == "a" and _WEB.match(address) and not self._hidden:
            self.parts.append(f'<a href="{html.escape(address)}" rel="noopener noreferrer">')
            self._open.append(tag)
        elif tag in _KEPT and not self._hidden:
            self.parts.append(f"<{tag}>")
            if tag not in _VOID:
                self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED:
            self._hidden = max(0, self._hidden - 1)
        elif tag in self._open:
            while self._open:
                last = self._open.pop()
                self.parts.append(f"</{last}>")
                if last == tag:
                    break

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(html.escape(data))

    def finished(self) -> str:
        self.close()
        self.parts.extend(f"</{tag}>" for tag in reversed(self._open))
        return "".join(self.parts)


def safe(body: str) -> Markup:
    """The body with its plain tags, safe to put on a page."""
    cleaner = _Cleaner()
    cleaner.feed(body)
    return Markup(cleaner.finished())  # noqa: S704 - built from escaped text and a fixed set of bare tags  # nosec B704
