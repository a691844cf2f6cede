"""Vendor: one value by which a CRM declares itself, once. `connectors.vendors` knows all of them.

Declaring costs nothing: what needs the vendor's library is imported when it is called.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from connectors.base.credentials import Credential
from connectors.base.port import Connector
from connectors.base.sign_in_port import Client, SignIn
from connectors.base.spending import Allowance, Pacing
from connectors.shared.provisioning import Provisioner
from mappings.declared.variables import Given, Need, Variable
from mappings.model.catalogue import CrmRules
from mappings.model.compiled_mapping import CrmMapping
from mappings.values.identifiers import System

GrantName: TypeAlias = Literal["authorization_code", "token", "jwt_bearer", "client_credentials"]
"""A way to a token: a person's yes in the browser, a token as it is, a signed assertion, the app's own secret."""
DetailName: TypeAlias = Literal["login_url", "user", "private_key", "instance_url"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What somebody who signs in may have to say beside the client id, as an option of the command line.

    That of `private_key` names a file; the others are texts.
    """

    name: DetailName
    option: str
    help: str
    metavar: str = "TEXT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """A sign-in as somebody asks for it, before it is tried."""

    grant: GrantName
    login_url: str = ""
    instance_url: str = ""
    api_url: str = ""


def _no_scopes(_mapping: CrmMapping) -> tuple[str, ...]:
    return ()


def _nothing(_wished: Wished) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRules:
    """How people sign in: the ways that there are (the usual one first), and what each of them is asked."""

    grants: tuple[GrantName, ...]
    grants_help: str
    help: str
    """Of `coldframe connect <system>`, with examples."""
    opened: Callable[[Client], SignIn]
    """Where the vendor gives tokens. ValueError for an address that is not the vendor's."""
    client_id: str = "The app's client id."
    details: tuple[Detail, ...] = ()
    secret: str = ""
    """The variable that may hold the client's secret."""
    public: bool = False
    """Whether an app may do without a client secret."""
    scopes: tuple[str, ...] = ()
    """What an app has to have been granted, by the names that its tokens say; none where they say nothing."""
    further: Callable[[CrmMapping], tuple[str, ...]] = _no_scopes
    """What has to be granted besides for what a mapping reads and has created."""
    signs_webhooks: bool = False
    """Whether the app signs its webhooks with the client's secret, so that it is asked for with a plain token too."""
    wrong: Callable[[Wished], Iterable[str]] = _nothing
    """What else is wrong with a request, a sentence each."""


class Connect(Protocol):
    """What builds a connector."""

    def __call__(self, credential: Credential, *, allowance: Allowance | None = None) -> Connector:
        """The connector of one connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What provisioning may want to know: the environment, where webhooks go (or ""), and who is to see scores."""

    given: Given
    webhook_url: str = ""
    sales: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRequest:
    """An app as somebody wants it: where its webhooks go and people come back to, and whether for several accounts."""

    webhook_url: str
    redirect_urls: Sequence[str] = ()
    several: bool = False


def _anew(_path: str, _old: str, new: str) -> str:
    return new


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The files of an app that the vendor's own tool uploads, by their paths, and what to do with them in sentences.

    `kept` is the new text of a file, by its path, the text that stands there and that which was made: a vendor may want
    parts of the old one to stay.
    """

    files: Mapping[str, str]
    steps: Sequence[str]
    kept: Callable[[str, str, str], str] = _anew


def _fits(_given: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """A CRM's declaration.

    `token`, `api_url` and `mapping` are the variables that hold an access token, a sandbox's address and the path of a
    mapping file; all of them stand among `variables`.
    """

    rules: CrmRules
    connect: Connect
    provisioner: Callable[[Credential, Setup], Provisioner]
    sign_in: SignInRules
    pacing: Pacing
    variables: tuple[Variable, ...]
    token: str
    api_url: str
    mapping: str
    credential: Callable[[Given], Credential | None]
    """How the environment itself reaches the CRM; None where it does not."""
    needs: tuple[Need, ...] = ()
    unfit: Callable[[Mapping[str, str]], Iterable[tuple[str, str]]] = _fits
    """(variable, problem) of variables that do not go together, by what is set."""
    project: Callable[[CrmMapping, ProjectRequest], Project] | None = None
    """The app that the vendor's webhooks and tokens come from, as files; None where it is made on a page."""
    views: Callable[[CrmMapping], Project] | None = None
    """The ready views as files for the vendor's own tool; None where they are made by the API, or not at all."""
    lists: Callable[[Credential], Provisioner] | None = None
    """What makes the ready views by the API, and says which a person makes; None where files do."""
    account: Callable[[Given], str] | None = None
    """The account that the environment names ("" for none); None where the CRM can be asked whose a token is."""
    place: int = field(default=100)
    """Sales works in the connected CRM with the lowest place: their tasks go there."""

    @property
    def system(self) -> System:
        """The name that references, mappings and commands go by."""
        return self.rules.name

    @property
    def label(self) -> str:
        """The name for people."""
        return self.rules.label
