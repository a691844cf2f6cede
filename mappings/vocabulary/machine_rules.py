"""Machine rules: how the opens and clicks of scanners, image proxies and prefetching are recognised.

Rule: [rules: scores]; source: [mautic: scanners].
"""

from dataclasses import dataclass

from mappings.values.instant import Span
from mappings.vocabulary.globs import Glob


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicks:
    """Clicks in one mail are a machine's where so many links, or so many clicks, fall within a span. 0 is no rule."""

    links: int = 0
    times: int = 0
    within: Span = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Opens:
    """Opens of one mail: so many within a span are a machine's; of those at most `apart` from the next one counts."""

    times: int = 0
    within: Span = 0
    apart: Span = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineRules:
    """What no person did. `agents` are programs by their name, `methods` of HTTP; spans of 0 are no rule."""

    agents: tuple[Glob, ...] = ()
    methods: frozenset[str] = frozenset()
    after_send: Span = 0
    clicks: Clicks = Clicks()
    opens: Opens = Opens()
