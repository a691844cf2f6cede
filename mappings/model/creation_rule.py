"""Creation: whom a CRM creates when they do something and no CRM knows them, as what, and with which fields."""

from dataclasses import dataclass

PROPERTY = "property."
"""How a source begins that is a property of the activity; `account.` begins those of the company."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One field of a created record: the first of `sources` that is known, else `default`; left out without either."""

    field: str
    sources: tuple[str, ...] = ()
    default: str = ""

    @property
    def always(self) -> bool:
        """Whether it is never left out: there is a default, or the e-mail, without which nobody is created."""
        return bool(self.default) or "email" in self.sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """Somebody unknown who does one of the activities `on` becomes a record of `object`, with their e-mail in `email`.

    Everything else that the record starts with is in `given`.
    """

    on: frozenset[str]
    object: str
    email: str
    given: tuple[Given, ...] = ()
