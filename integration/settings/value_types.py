"""The types of single variables of the environment. Messages never repeat a value, since it may be a secret."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from mappings.values import emails
from webhooks.signatures import STANDARD_PREFIX, standard_keys

_SHORTEST_SECRET = 16
_SHORTEST_PATH = 24
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_DATABASES = ("sqlite", "postgresql+psycopg")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what is bound to this address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parted(text: str) -> tuple[str, ...]:
    """Several values in one variable, parted by spaces or commas."""
    return tuple(filter(None, re.split(r"[\s,]+", text)))


def _parted(value: object) -> object:
    return parted(value) if isinstance(value, str) else value


def _long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < _SHORTEST_SECRET:
        msg = f"shorter than {_SHORTEST_SECRET} characters" if secret.get_secret_value() else "is set, but empty"
        raise ValueError(msg)
    return secret


def _of_a_path(secret: SecretStr) -> SecretStr:
    """Long enough that nobody finds it by trying, and fit for an address as it is."""
    held = secret.get_secret_value()
    if not held:
        msg = "is set, but empty"
        raise ValueError(msg)
    if not re.fullmatch(rf"[A-Za-z0-9_-]{{{_SHORTEST_PATH},200}}", held):
        msg = f"not {_SHORTEST_PATH} or more letters, digits, - and _"
        raise ValueError(msg)
    return secret


def _signs(secret: SecretStr) -> SecretStr:
    try:
        standard_keys(_long_enough(secret).get_secret_value())
    except ValueError as error:
        msg = f"after whsec_: {error}" if str(error).startswith(("not", "empty")) else str(error)
        raise ValueError(msg) from None
    return secret


def _of_standard_webhooks(secret: SecretStr) -> SecretStr:
    """A secret that we sign with: its prefix says that base64 follows, which senders otherwise disagree on."""
    if not secret.get_secret_value().startswith(STANDARD_PREFIX):
        msg = f"does not begin with {STANDARD_PREFIX}" if secret.get_secret_value() else "is set, but empty"
        raise ValueError(msg)
    return _signs(secret)


def _address(text: str) -> str:
    """An absolute http(s) address without a trailing slash."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        msg = "not an absolute http(s) address"
        raise ValueError(msg)
    return text.rstrip("/")


def _guarded(text: str) -> str:
    """An address that a token may be sent to: https, or a sandbox on this machine or beside it in a container."""
    address = _address(text)
    parts = urlsplit(address)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK and "." in (parts.hostname or ""):
        msg = "http would send the token in the clear"
        raise ValueError(msg)
    return address


def _endpoint(secret: SecretStr) -> SecretStr:
    """Where something is sent to: https, or this very machine. It may contain the receiver's key, and is a secret."""
    try:
        parts = urlsplit(secret.get_secret_value())
        right = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.fragment and not parts.username
    except ValueError:
        right = False  # its words would repeat the address
    if not right:
        msg = "not an absolute https address"
        raise ValueError(msg)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        msg = "http would send what it says in the clear"
        raise ValueError(msg)
    return secret


def _database(secret: SecretStr) -> SecretStr:
    """Hosts hand out postgres:// and postgresql://; the driver here is psycopg 3."""
    scheme, separator, rest = secret.get_secret_value().partition("://")
    scheme = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}.get(scheme, scheme)
    if scheme not in _DATABASES or not separator:
        msg = "neither PostgreSQL nor SQLite"
        raise ValueError(msg)
    return SecretStr(f"{scheme}://{rest}")


def _redis(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
        msg = "not a Redis address"
        raise ValueError(msg)
    return secret


def _named_paths(value: object) -> object:
    """`NAME=PATH` for each connection, parted by spaces or commas."""
    if not isinstance(value, str):
        return value
    found: dict[str, str] = {}
    for part in filter(None, re.split(r"[\s,]+", value.strip())):
        name, separator, path = part.partition("=")
        if not (name and separator and path) or name in found:
            msg = "not NAME=PATH for each connection, each once, parted by spaces"
            raise ValueError(msg)
        found[name] = path
    return found


def _named_secrets(value: object) -> object:
    """`NAME=VALUE` for each of several channels, parted by spaces or commas; a value may itself contain `=`."""
    if not isinstance(value, str):
        return value
    found: dict[str, SecretStr] = {}
    for part in parted(value.strip()):
        name, separator, held = part.partition("=")
        if not separator or not held or not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", name) or name in found:
            msg = "not NAME=VALUE for each channel, each name once and in small letters, parted by spaces"
            raise ValueError(msg)
        found[name] = SecretStr(held)
    return found


def _slack_channel(secret: SecretStr) -> SecretStr:
    """A channel's id, which the bot's token writes to, or the address of an incoming webhook."""
    return secret if re.fullmatch(r"[CGD][A-Z0-9]{5,20}", secret.get_secret_value()) else _endpoint(secret)


def _mailbox(secret: SecretStr) -> SecretStr:
    """One plain e-mail address."""
    if emails.normal(secret.get_secret_value()) is None:
        msg = "not an e-mail address"
        raise ValueError(msg)
    return secret


def _mail_server(secret: SecretStr) -> SecretStr:
    """smtp:// (with STARTTLS, but to this machine) or smtps:// (TLS from the first byte), with user and password."""
    try:
        parts = urlsplit(secret.get_secret_value())
        right = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.path in {"", "/"}
        right = right and not parts.query and not parts.fragment and (parts.port is None or parts.port > 0)
        right = right and (parts.username is None) == (parts.password is None)
    except ValueError:
        right = False  # its words would repeat the address
    if not right:
        msg = "not smtp://USER:PASSWORD@HOST:587 or smtps://USER:PASSWORD@HOST:465"
        raise ValueError(msg)
    return secret


def _rehearsal(value: object) -> object:
    """`UNTIL@RATE`: an Instant, and how many times as fast as the wall's the clock runs before it."""
    if not isinstance(value, str):
        return value
    until, separator, rate = value.partition("@")
    if not separator:
        msg = "not UNTIL@RATE"
        raise ValueError(msg)
    return int(until), float(rate)


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _flag(value: object) -> object:
    """Nothing is no."""
    return False if isinstance(value, str) and not value.strip() else value


Flag = BeforeValidator(_flag)
"""1 or true, 0 or false."""
Secret = Annotated[SecretStr, AfterValidator(_long_enough)]
"""A secret of at least 16 characters."""
PathSecrets = Annotated[tuple[Annotated[SecretStr, AfterValidator(_of_a_path)], ...], BeforeValidator(_parted)]
"""Several live secrets that stand in an address."""
Token = Annotated[SecretStr, Field(min_length=1)]
"""A credential as its vendor made it."""
Secrets = Annotated[tuple[Secret, ...], BeforeValidator(_parted)]
"""Several live secrets, parted by spaces or commas."""
SigningSecrets = Annotated[tuple[Annotated[SecretStr, AfterValidator(_signs)], ...], BeforeValidator(_parted)]
"""Several live Standard Webhooks secrets."""
OwnSecrets = Annotated[
    tuple[Annotated[SecretStr, AfterValidator(_of_standard_webhooks)], ...], BeforeValidator(_parted)
]
"""Several live Standard Webhooks secrets that we sign with."""
Address = Annotated[str, AfterValidator(_address)]
"""An absolute http(s) address."""
GuardedAddress = Annotated[str, AfterValidator(_guarded)]
"""An address that a token may be sent to."""
Endpoint = Annotated[SecretStr, AfterValidator(_endpoint)]
"""An address that messages are sent to; may contain a key."""
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database)]
"""SQLAlchemy's address of a PostgreSQL or SQLite database; may contain a password."""
RedisUrl = Annotated[SecretStr, AfterValidator(_redis)]
"""The address of a Redis; may contain a password."""
Folded = BeforeValidator(_lower)
"""Upper and lower case alike."""
Names = Annotated[tuple[str, ...], BeforeValidator(_parted)]
"""Several names, parted by spaces."""
NamedPaths = Annotated[Mapping[str, str], BeforeValidator(_named_paths)]
"""A path for each of several connections, by name."""
Endpoints = Annotated[Mapping[str, Endpoint], BeforeValidator(_named_secrets)]
"""An address for each of several channels, by name."""
SlackChannels = Annotated[
    Mapping[str, Annotated[SecretStr, AfterValidator(_slack_channel)]], BeforeValidator(_named_secrets)
]
"""A channel's id or the address of its incoming webhook, by name."""
Mailboxes = Annotated[Mapping[str, Annotated[SecretStr, AfterValidator(_mailbox)]], BeforeValidator(_named_secrets)]
"""An e-mail address, by name."""
MailServer = Annotated[SecretStr, AfterValidator(_mail_server)]
"""The address of a mail server; may contain a password."""
Mailbox = Annotated[SecretStr, AfterValidator(_mailbox)]
"""One e-mail address."""
Rehearsal = Annotated[tuple[int, float], BeforeValidator(_rehearsal)]
"""A clock that runs fast until an Instant: for the demo."""
