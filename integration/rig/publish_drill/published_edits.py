"""Published edits: what a RevOps admin changes in a living installation's rules, one edit after the other.

Each edit changes the text that the one before it has left, so that they add up as they do in a company.
"""

from dataclasses import dataclass
from functools import reduce

from integration.playbook.reading import library

_STANDARD = "standard"

WORDS = """\
language: 1
activities:
  guided_tour: {label: Guided tour, properties: {chapter: text}}
recognise:
  - {url: '/lizenzen*', page: pricing}
  - {url: '/rundgang*', page: product}
"""
"""The installation's own words: an activity that its playbook uses, and two addresses that leads have visited."""
WORDS_WITHOUT_THE_ACTIVITY = "\n".join([WORDS.splitlines()[0], *WORDS.splitlines()[3:], ""])
WORDS_WITHOUT_AN_ADDRESS = WORDS.replace("  - {url: '/lizenzen*', page: pricing}\n", "")


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of the playbook's text: pieces of it, and what takes the place of each wherever it stands.

    A piece `first … last` is everything from the one to the other.
    """

    name: str
    changes: tuple[tuple[str, str], ...] = ()
    whole: str = ""
    """The name of a shipped playbook that takes the place of the whole text."""

    def of(self, source: str) -> str:
        """The text as it is after the edit. Raises ValueError where there is nothing to change."""
        return library.text(self.whole) if self.whole else reduce(self._changed, self.changes, source)

    def _changed(self, source: str, change: tuple[str, str]) -> str:
        piece, instead = change
        first, more, last = piece.partition(" … ")
        begin = source.find(first)
        end = source.find(last, begin) + len(last) if more else begin + len(first)
        if begin < 0 or end < len(last):
            msg = f"{self.name}: the playbook has no {piece!r}"
            raise ValueError(msg)
        return source.replace(source[begin:end], instead)


LOWER_GATE = Edit("a lowered gate", (("hot: total >= 80", "hot: total >= 45"),))
EDITS: tuple[Edit, ...] = (
    Edit(
        "a track renamed with `was`",
        (
            ("  welcome: # any", "  hello: # any"),
            ("    touches: {day 0: promised", "    was: welcome\n    touches: {day 0: promised"),
            ("otherwise: {track: welcome}", "otherwise: {track: hello}"),
        ),
    ),
    Edit("a track renamed without `was`", (("mql_nurture", "ready_nurture"),)),
    Edit(
        "a removed track with people on it",
        (
            ("  hello: # any … to: ready_nurture} # behaviour, not the calendar [five-tracks: timing]\n", ""),
            ("otherwise: {track: hello}", "otherwise: {track: advanced}"),
        ),
    ),
    Edit("a shortened fit group", (("      employees 50-300: 15\n      employees >= 301: 10\n", ""),)),
    Edit("fewer decay steps", (("{after 14d: 80%, after 30d: 50%, after 90d: 0%}", "{after 30d: 50%}"),)),
    Edit(
        "a longer pattern",
        (
            (
                "[content_download asset_type=roi_calculator, email_open, email_open]",
                "[page_view, email_open, email_open, email_click]",
            ),
        ),
    ),
    LOWER_GATE,
    Edit("a raised gate", (("hot: total >= 45", "hot: total >= 99"),)),
    Edit("another clock", (("within: 2h working", "within: 30m working"),)),
    Edit("another playbook", whole="behavioural"),
)
"""The edits of a playbook, in the order in which they are published."""


def living() -> str:
    """The playbook of the living installation: `standard`, with points for an activity of its own."""
    return Edit("own points", (("    webinar_attend: 5\n", "    webinar_attend: 5\n    guided_tour: 4\n"),)).of(
        library.text(_STANDARD)
    )
