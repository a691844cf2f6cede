"""The log: one line an event, JSON for machines or plain for people, with secrets and e-mail addresses blacked out.

Blacking out is the last thing before a line is written, so it holds for our own lines, for the libraries' and for
tracebacks. Of an exception's words, the values are left out: a name or a telephone number looks like any other text,
and libraries quote what they could not use.
"""

import base64
import logging
import re
import sys
import threading
import traceback
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, TextIO
from urllib.parse import quote

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from integration.settings.environment import Settings
from integration.wiring import clock
from mappings.values import instant

BLACK = "[redacted]"
E_MAIL = "[e-mail]"

_TELLING = re.compile(
    r"token|secret|passw|authori[sz]ation|cookie|signature|credential|api_?key|private_?key", re.IGNORECASE
)
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+", re.IGNORECASE)
_UNBROKEN = re.compile(r"[^\s<>\"'()\[\],;:=]+")
_AT = re.compile(r"@|%40")
_TOP_LEVEL = re.compile(r"\.[A-Za-z]{2,}")
_SHORTEST = 6
"""A shorter secret would black out half of every line."""
_OPENING = re.compile(r"['\"(]")
_WHOLE = {
    "'": re.compile(r"'[^'\\]*(?:\\.[^'\\]*)*'", re.DOTALL),
    '"': re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL),
    "(": re.compile(r"\([^()=]*=[^()]*\)=\([^()]*\)"),
}
"""Values in an exception's words, by how they begin: whatever is quoted, and the keys of PostgreSQL's details."""
_ROW = "row contains "
"""What stands before a whole row in PostgreSQL's details."""
VALUE = "[value]"


_LATER = 64
"""How many tokens that came later are remembered: those of a day, since one lasts half an hour or more."""


class Redaction:
    """What must never be in the log. Knows the secrets of this process by value, and those that are added later."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._given = frozenset(secrets)
        self._later: deque[str] = deque(maxlen=_LATER)
        self._known = _pattern(self._given)

    def hide(self, *secrets: str) -> None:
        """Black out these too, such as a token that has just been renewed."""
        new = [secret for secret in secrets if secret and secret not in self._given and secret not in self._later]
        if new:
            self._later.extend(new)
            self._known = _pattern({*self._given, *self._later})

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Black out a whole event."""
        return {name: self._value(name, value) for name, value in event.items()}

    def text(self, given: str) -> str:
        """The text without secrets and e-mail addresses."""
        if self._known is not None:
            given = self._known.sub(BLACK, given)
        given = _BEARER.sub(rf"\1 {BLACK}", given)
        return _UNBROKEN.sub(_without_address, given) if _AT.search(given) else given

    def _value(self, name: str, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if _TELLING.search(name):
            return BLACK
        if isinstance(value, Mapping):
            return {str(key): self._value(str(key), inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value("", inner) for inner in value]
        return self.text(value if isinstance(value, str) else repr(value))


def _pattern(secrets: Iterable[str]) -> re.Pattern[str] | None:
    held = {secret for secret in secrets if len(secret) >= _SHORTEST}
    known = sorted({form for secret in held for form in _forms(secret)}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, known))) if known else None


def _forms(secret: str) -> Iterator[str]:
    """A secret as it is, as an address writes it, and as base64 does wherever it begins."""
    yield from (secret, quote(secret, safe=""))
    for shift in range(3):
        # Of a secret inside a longer text, the characters that it shares with its neighbours are left off.
        coded = base64.b64encode(b"\0" * shift + secret.encode()).decode()
        inner = coded[(0, 2, 3)[shift] : len(coded) - (0 if coded[-1] != "=" else 4)]
        if len(inner) >= _SHORTEST:
            yield inner


def _without_address(found: re.Match[str]) -> str:
    """A text without spaces, and `[e-mail]` for what stands in it up to the end of the last address."""
    text = found.group()
    at = _AT.search(text, 1)
    ends = [each.end() for each in _TOP_LEVEL.finditer(text, at.end())] if at else []
    return f"{E_MAIL}{text[ends[-1] :]}" if ends else text


def _without_values(words: str) -> str:
    """An exception's words with `[value]` for every value. Reads them once, however many quotes are never closed."""
    parts: list[str] = []
    last, never_closed = 0, set[str]()
    for found in _OPENING.finditer(words):
        start, opening = found.start(), found.group()
        if start < last or opening in never_closed:
            continue
        end = _end_of_value(words, start)
        if end is not None:
            parts += (words[last:start], VALUE)
            last = end
        elif opening != "(":
            never_closed.add(opening)
    return "".join((*parts, words[last:]))


def _end_of_value(words: str, start: int) -> int | None:
    whole = _WHOLE[words[start]].match(words, start)
    if whole is None and words[start] == "(" and words.endswith(_ROW, 0, start):
        end = words.rfind(")", start)
        return end + 1 if end > 0 else None
    return whole and whole.end()


def traceback_words(error: BaseException) -> str:
    """The traceback of an exception and of those behind it, without the values in their words.

    An exception that carries the words of somebody else says itself, by `for_log`, what the log may have of them.
    """
    lines: list[str] = []
    seen: set[int] = set()
    while True:
        seen.add(id(error))
        words = _without_values(str(getattr(error, "for_log", error)))
        frames = "".join(traceback.format_tb(error.__traceback__))
        kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
        lines.append(f"Traceback (most recent call last):\n{frames}{kind}: {words}")
        before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if before is None or id(before) in seen:
            return "\n\nThis led to:\n\n".join(reversed(lines)).rstrip()
        error = before


def guard() -> None:
    """Let the log report what ends this process or a thread of it, and not Python, whose tracebacks show everything."""

    def ended(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, at)
            return
        structlog.get_logger().critical("the process ends", exc_info=(kind, error, at))

    def thread_ended(found: threading.ExceptHookArgs) -> None:
        if found.exc_value is not None:
            structlog.get_logger().critical("a thread ends", exc_info=found.exc_value)

    sys.excepthook = ended
    threading.excepthook = thread_ended


def hide(*secrets: str) -> None:
    """Keep these out of the log from now on."""
    for handler in logging.getLogger().handlers:
        for processor in getattr(handler.formatter, "processors", ()):
            if isinstance(processor, Redaction):
                processor.hide(*secrets)


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Send everything this process logs, its libraries' lines included, to `stream` (standard error)."""
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        _stamp,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.ExceptionRenderer(lambda exc_info: traceback_words(exc_info[1])),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *common,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=common,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            Redaction(settings.secrets()),
            _renderer(settings),
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())


def _stamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["at"] = instant.show(clock.now())
    return event


def _renderer(settings: Settings) -> Processor:
    if settings.log_format == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=False, timestamp_key="at", exception_formatter=structlog.dev.plain_traceback
    )
