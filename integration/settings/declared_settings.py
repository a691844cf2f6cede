"""The variables that CRMs and sources declare, as fields of the settings."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors import vendors
from integration.settings.value_types import (
    GuardedAddress,
    NamedPaths,
    Names,
    PathSecrets,
    Secrets,
    SigningSecrets,
    Token,
)
from mappings.declared.installed import Failure
from mappings.declared.variables import Given, Need, Variable, VariableKind
from mappings.values.identifiers import System
from webhooks import registry

_SINGLE: Mapping[VariableKind, Any] = {"text": str, "address": GuardedAddress, "token": Token}
_SEVERAL: Mapping[VariableKind, Any] = {
    "secrets": Secrets,
    "path secrets": PathSecrets,
    "signing secrets": SigningSecrets,
}


class DeclaredSettings(BaseModel):
    """The part of the settings that CRMs and sources declare; `fields` makes the others of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False, hide_input_in_errors=True)

    connection_mappings: NamedPaths = Field(
        default_factory=dict,
        alias="COLDFRAME_MAPPINGS",
        description="Set NAME=PATH for each connection that has a mapping file of its own, parted by spaces, such as "
        "europe=emea.yaml, or unset it.",
    )

    polled: Names = Field(
        (),
        alias="COLDFRAME_POLLED",
        description="Name the connections that send no webhooks, parted by spaces, or unset it: their changes are read "
        "every COLDFRAME_POLL_SECONDS.",
    )

    @property
    def given(self) -> Given:
        """What the environment gives to the declared variables, secrets in plain: for those who declared them."""
        return Given({each.name: _plain(getattr(self, attribute(each.name))) for each in variables()})

    def mapping_of(self, connection: str, system: System) -> str | None:
        """The mapping file of one connection: its own, else its system's; None for the shipped one."""
        return self.connection_mappings.get(connection) or self.given.text(vendors.vendor(system).mapping) or None

    def declared_secrets(self) -> Iterator[str]:
        """Every secret in a declared variable."""
        given = self.given
        for each in variables():
            if each.kind not in {"text", "address"}:
                yield from given.several(each.name)


def variables() -> tuple[Variable, ...]:
    """Every declared variable, each once."""
    declared = [variable for each in vendors.every() for variable in each.variables]
    declared += [variable for each in registry.every() for variable in each.variables]
    return tuple({each.name: each for each in declared}.values())


def needs() -> tuple[Need, ...]:
    """What declared variables ask for."""
    asked = [need for each in vendors.every() for need in each.needs]
    return (*asked, *(need for each in registry.every() for need in each.needs))


def failures() -> tuple[Failure, ...]:
    """Declarations of installed packages that cannot be used."""
    return (*vendors.failures(), *registry.failures())


def fields(declared: tuple[Variable, ...]) -> Mapping[str, Any]:
    """(type, field) by attribute, as pydantic's `create_model` takes them."""
    return {attribute(each.name): (_type(each), _field(each)) for each in declared}


def attribute(variable: str) -> str:
    """What a declared variable is called as a field of the settings."""
    return variable.lower()


def _type(variable: Variable) -> Any:
    if variable.kind in _SEVERAL:
        return _SEVERAL[variable.kind]
    single = _SINGLE[variable.kind]
    return (Annotated[single, Field(pattern=variable.pattern)] if variable.pattern else single) | None


def _field(variable: Variable) -> Any:
    default = () if variable.kind in _SEVERAL else None
    return Field(default, alias=variable.name, description=variable.remedy)


def _plain(value: Any) -> str | tuple[str, ...]:
    if isinstance(value, tuple):
        return tuple(each.get_secret_value() for each in value)
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")
