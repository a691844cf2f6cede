"""How people connect a CRM: the commands and the settings, in words."""

from collections.abc import Sequence

from connectors import vendors


def how_to_connect() -> str:
    """The commands that connect a CRM."""
    return _listed([f"coldframe connect {each}" for each in sorted(vendors.systems())])


def variables() -> str:
    """The variables that connect one."""
    return _listed([each.token for each in sorted(vendors.every(), key=lambda each: each.system)])


def _listed(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
