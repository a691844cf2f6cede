"""One field as a CRM's own description gives it, with what is needed to check a mapping."""

from typing import Protocol


class LiveField(Protocol):
    """A field as describe or a property listing gives it."""

    @property
    def name(self) -> str:
        """The CRM's name."""

    @property
    def type(self) -> str:
        """The CRM's own word."""

    @property
    def writable(self) -> bool:
        """Whether this user may set it."""

    @property
    def options(self) -> tuple[str, ...]:
        """Picklist values."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What people see for each of them, in their order; empty where the CRM does not say."""

    @property
    def length(self) -> int:
        """Characters at most, or 0."""

    @property
    def restricted(self) -> bool:
        """Whether other values than `options` are refused."""

    @property
    def creatable(self) -> bool:
        """Whether this user may set it in a new record."""

    @property
    def required(self) -> bool:
        """Whether a new record without it is refused."""
