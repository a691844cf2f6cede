"""Properties that an administrator has made required: on every new record, or where another property has a value.

HubSpot enforces both on writes by API since 2026-09, and knows no way round them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.hubspot.state.refusals import Invalid, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """`field` may not be empty: in a new record; with `when`, wherever that property gets `value`, or any where ""."""

    object: str
    field: str
    when: str = ""
    value: str = ""

    def broken_by(self, written: Mapping[str, str], held: Mapping[str, str] | None) -> bool:
        """Whether a write leaves it out; `held` are the values of the record that it changes."""
        if {**(held or {}), **written}.get(self.field):
            return False
        if self.when:
            given = written.get(self.when, "")
            return given == self.value if self.value else bool(given)
        return held is None

    def trouble(self) -> Invalid:
        """What HubSpot says of it."""
        if self.when:
            message = f"{self.field} is required because of a conditional property rule based on [{self.when}]"
            return Invalid(name=self.field, code="MISSING_CONDITIONAL_REQUIRED_PROPERTY", message=message)
        message = f"A value for {self.field} must be provided"
        return Invalid(name=self.field, code="MISSING_REQUIRED_PROPERTY", message=message)


class Requirements:
    """The required properties of a portal."""

    def __init__(self) -> None:
        self.standing: tuple[Requirement, ...] = ()

    def add(self, one: Requirement) -> None:
        """From now on."""
        self.standing = (*self.standing, one)

    def clear(self) -> None:
        """None are required any more."""
        self.standing = ()

    def check(self, kind: str, written: Mapping[str, str], held: Mapping[str, str] | None) -> None:
        """See that nothing required is left out by a write to a record with the values `held`. Raises Refused."""
        broken = [one for one in self.standing if one.object == kind and one.broken_by(written, held)]
        if broken:
            raise Refused(
                status=400,
                category="VALIDATION_ERROR",
                message="The property values provided are invalid",
                details=[one.trouble().detailed() for one in broken],
            )
