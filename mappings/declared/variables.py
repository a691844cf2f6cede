"""Environment variables as a CRM or a source declares them: data, which the settings check and read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

VariableKind: TypeAlias = Literal["text", "address", "token", "secrets", "path secrets", "signing secrets"]
"""`text` and `address` hold one plain value, `token` one secret; the others hold several secrets, parted by spaces.

`secrets` have 16 characters or more, `path secrets` stand in an address, `signing secrets` are of Standard Webhooks.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable; `remedy` is what to do where it is wrong. `pattern` is what a `text` has to match."""

    name: str
    kind: VariableKind
    remedy: str
    pattern: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Whoever sets `variable` has to set `needed` too; `why` completes "is not set, but …".

    `webhooks_of` names the connection whose webhooks it is about: without them (COLDFRAME_POLLED) nothing is needed.
    """

    variable: str
    needed: str
    why: str
    webhooks_of: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What the environment gives to the declared variables. Its values may be secrets and are never shown."""

    values: Mapping[str, str | tuple[str, ...]] = field(repr=False)
    """By variable; "" and () where it is not set."""

    def text(self, name: str) -> str:
        """The one value of a variable; "" where it is not set. KeyError for one that nobody has declared."""
        found = self.values[name]
        return found if isinstance(found, str) else next(iter(found), "")

    def several(self, name: str) -> tuple[str, ...]:
        """Each value of a variable. KeyError for one that nobody has declared."""
        found = self.values[name]
        return found if isinstance(found, tuple) else tuple(filter(None, [found]))
