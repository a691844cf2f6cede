"""The settings for the admin's console: the OpenID Connect provider that people sign in with, and who may do what."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from integration.settings.value_types import GuardedAddress, Token, parted
from mappings.yaml_files.problems import nearest

Role: TypeAlias = Literal["viewer", "editor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what those before it may."""


@dataclass(frozen=True, slots=True)
class Grant:
    """`role` is for whoever has this e-mail address, an address of this domain (`*@acme.example`), or this claim."""

    role: Role
    holder: str

    def fits(self, email: str, claims: frozenset[str]) -> bool:
        """Whether somebody with this verified e-mail ("" for none) and these values of the claim gets the role."""
        if "@" not in self.holder:
            return self.holder in claims
        wanted, have = self.holder.casefold(), email.casefold()
        return have.endswith(wanted[1:]) and have != wanted[1:] if wanted.startswith("*@") else have == wanted


def _grants(value: object) -> object:
    """`ROLE=HOLDER`, parted by spaces or commas."""
    if not isinstance(value, str):
        return value
    found = []
    for part in parted(value.strip()):
        name, separator, holder = part.partition("=")
        role = {each: each for each in ROLES}.get(name.casefold())  # type: ignore[call-overload]
        if role is None or not separator or not re.fullmatch(r"\*?[^*\s]+", holder) or holder == "*":
            hint = nearest(name, ROLES) if role is None and separator else ""
            msg = f"'{part}' is not ROLE=E-MAIL, ROLE=*@DOMAIN or ROLE=CLAIM, with {', '.join(ROLES)} as roles{hint}"
            raise ValueError(msg)
        found.append(Grant(role, holder))
    return tuple(found)


Grants = Annotated[tuple[Grant, ...], BeforeValidator(_grants)]


class ConsoleSettings(BaseModel):
    """The part of the settings that is about the console; fields as in `Settings`."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False, hide_input_in_errors=True)

    oidc_issuer: GuardedAddress | None = Field(
        None,
        alias="COLDFRAME_OIDC_ISSUER",
        description="Set the issuer of your OpenID Connect provider, such as https://accounts.google.com, or unset it: "
        "people then sign in to the console by one-time links (`coldframe console`).",
    )
    oidc_client_id: str | None = Field(
        None,
        alias="COLDFRAME_OIDC_CLIENT_ID",
        min_length=1,
        description="Set the client id that the provider gave the console.",
    )
    oidc_client_secret: Token | None = Field(
        None,
        alias="COLDFRAME_OIDC_CLIENT_SECRET",
        description="Set the client secret that the provider gave the console.",
    )
    oidc_claim: str = Field(
        "groups",
        alias="COLDFRAME_OIDC_CLAIM",
        min_length=1,
        description="Name the claim of the provider that COLDFRAME_CONSOLE_ROLES goes by; groups suits.",
    )
    console_roles: Grants = Field(
        (),
        alias="COLDFRAME_CONSOLE_ROLES",
        description="Set ROLE=HOLDER for whoever may sign in, parted by spaces; ROLE is viewer, editor or admin; "
        "HOLDER is an e-mail address, *@DOMAIN, or a value of the claim.",
    )

    def role_of(self, email: str, claims: frozenset[str]) -> Role | None:
        """The highest role that somebody with this verified e-mail and these claims has; None for no role."""
        held = {grant.role for grant in self.console_roles if grant.fits(email, claims)}
        return next((role for role in reversed(ROLES) if role in held), None)

    def console_secret_values(self) -> Iterator[SecretStr]:
        """Every secret among these settings."""
        yield from filter(None, (self.oidc_client_secret,))
