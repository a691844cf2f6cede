"""Reads the settings from the environment: once, with all mistakes at once, secrets never shown."""

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, create_model

from integration.settings import declared_settings
from integration.settings.alert_settings import AlertSettings
from integration.settings.combinations import unmet
from integration.settings.console_settings import ConsoleSettings
from integration.settings.declared_settings import DeclaredSettings
from integration.settings.local_key import with_kept_key, with_stand_in
from integration.settings.mistakes import Mistake, refused, unusable
from integration.settings.value_types import (
    Address,
    DatabaseUrl,
    Flag,
    Folded,
    RedisUrl,
    Rehearsal,
    Secret,
    Secrets,
)
from mappings.declared.variables import Variable
from mappings.values.instant import SECOND, Span


class SettingsError(Exception):
    """The environment cannot be run with; `mistakes` says everything that is wrong with it."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


class Settings(DeclaredSettings, AlertSettings, ConsoleSettings):
    """A Coldframe's settings. Each field's alias is its variable; its description, the remedy for a mistake.

    `load` adds what CRMs and sources declare.
    """

    secret_key: Secret = Field(
        alias="COLDFRAME_SECRET_KEY",
        description="Set 16 or more random characters, the same for every process: openssl rand -hex 32.",
    )
    previous_keys: Secrets = Field(
        (),
        alias="COLDFRAME_PREVIOUS_SECRET_KEYS",
        description="Set the secret keys that were in use before (several, parted by spaces) until `coldframe keys "
        "rotate` has been run; unset it otherwise.",
    )
    public_url: Address | None = Field(
        None,
        alias="COLDFRAME_PUBLIC_URL",
        description="Set the address under which senders of webhooks reach this service, such as https://coldframe.example.com.",
    )
    playbook: str = Field(
        "standard",
        alias="COLDFRAME_PLAYBOOK",
        min_length=1,
        description="Name a playbook that comes with Coldframe, or the path of a YAML file.",
    )
    vocabulary: str | None = Field(
        None,
        alias="COLDFRAME_VOCABULARY",
        description="Name the YAML file with your own words and addresses (docs/vocabulary.md), or unset it for what "
        "comes with Coldframe.",
    )
    routing: str | None = Field(
        None,
        alias="COLDFRAME_ROUTING",
        description="Name the YAML file that says who gets tasks (docs/routing.md), or unset it: owners get them.",
    )
    data_dir: str = Field(
        "./var", alias="COLDFRAME_DATA_DIR", min_length=1, description="Name a directory that can be written to."
    )
    given_database_url: DatabaseUrl | None = Field(
        None,
        alias="DATABASE_URL",
        description="Set postgresql://user:password@host/name, or unset it to use SQLite in COLDFRAME_DATA_DIR.",
    )
    given_redis_url: RedisUrl | None = Field(
        None, alias="REDIS_URL", description="Set redis://host:6379/0, or run `coldframe up`, which brings its own."
    )
    redis_verify: bool = Field(
        default=True,
        alias="COLDFRAME_REDIS_VERIFY",
        description="Set false only for a Redis with a certificate of its own making, such as Heroku's.",
    )
    metrics_token: Secret | None = Field(
        None,
        alias="COLDFRAME_METRICS_TOKEN",
        description="Set 16 or more random characters, which Prometheus sends as a bearer token for /metrics; unset, "
        "/metrics answers on this machine alone.",
    )
    bind: str = Field(
        "127.0.0.1",
        alias="COLDFRAME_BIND",
        min_length=1,
        description="Set the address to listen on; 0.0.0.0 only behind a platform's router or a proxy.",
    )
    port: int = Field(8000, alias="PORT", ge=0, le=65535, description="Set a port number.")
    request_seconds: float = Field(
        10,
        alias="COLDFRAME_REQUEST_SECONDS",
        ge=0.5,
        le=60,
        description="Set 0.5 to 60 seconds for a request to arrive in, its head and its body each; 10 suits.",
    )
    lease_seconds: int = Field(
        20, alias="COLDFRAME_LEASE_SECONDS", ge=5, le=60, description="Set 5 to 60 seconds; 20 suits."
    )
    linger_seconds: float = Field(
        1.0, alias="COLDFRAME_LINGER_SECONDS", ge=0, le=30, description="Set 0 to 30 seconds; 1 suits."
    )
    poll_seconds: int = Field(
        60,
        alias="COLDFRAME_POLL_SECONDS",
        ge=2,
        le=3600,
        description="Set 2 to 3600 seconds between two looks at what the CRMs changed; 60 suits.",
    )
    max_body_bytes: int = Field(
        4_194_304,
        alias="COLDFRAME_MAX_BODY_BYTES",
        ge=65_536,
        le=67_108_864,
        description="Set 65536 to 67108864 bytes; 4194304 suits.",
    )
    daily_reserve: float = Field(
        0.2,
        alias="COLDFRAME_DAILY_RESERVE",
        ge=0,
        le=0.9,
        description="Set 0 to 0.9: the part of a CRM's daily calls that is kept for people and other integrations; "
        "0.2 suits.",
    )
    keep_days: int = Field(
        7,
        alias="COLDFRAME_KEEP_DAYS",
        ge=1,
        le=3_650,
        description="Set for how many days raw deliveries are kept after they were read, 1 to 3650; 7 suits.",
    )
    keep_sync_error_days: int = Field(
        30,
        alias="COLDFRAME_KEEP_SYNC_ERROR_DAYS",
        ge=1,
        le=3_650,
        description="Set for how many days sync errors are kept after they were replayed or discarded, 1 to 3650; 30 "
        "suits.",
    )
    keep_audit_days: int | None = Field(
        None,
        alias="COLDFRAME_KEEP_AUDIT_DAYS",
        ge=30,
        le=36_500,
        description="Set for how many days lines of the audit trail are kept, 30 or more; unset it to keep them for "
        "ever.",
    )
    shadow: Annotated[bool, Flag] = Field(
        default=False,
        alias="COLDFRAME_SHADOW",
        description="Set 1 to compute everything and write nothing to any CRM, whatever "
        "`coldframe live` said; else unset it.",
    )
    tasks_per_hour: int = Field(
        600,
        alias="COLDFRAME_TASKS_PER_HOUR",
        ge=0,
        le=1_000_000,
        description="Set how many new tasks a CRM gets in an hour during the first week live; 0 for any number.",
    )
    live_rate: int = Field(
        3_000,
        alias="COLDFRAME_LIVE_RATE",
        ge=0,
        le=1_000_000,
        description="Set how many records are written to a CRM in a minute during the first week live; 0 for any "
        "number.",
    )
    rehearsal: Rehearsal | None = Field(
        None, alias="COLDFRAME_REHEARSAL", description="Unset it: it makes time run fast, for the demo's sandbox only."
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Folded] = Field(
        "info", alias="COLDFRAME_LOG_LEVEL", description="Set debug, info, warning or error."
    )
    log_format: Annotated[Literal["json", "console"], Folded] = Field(
        "json", alias="COLDFRAME_LOG_FORMAT", description="Set json or console."
    )

    @property
    def database_url(self) -> SecretStr:
        """The store's SQLAlchemy address: as given, or SQLite in the data directory."""
        return self.given_database_url or SecretStr(f"sqlite:///{self.data_dir}/coldframe.db")

    @property
    def redis_url(self) -> SecretStr | None:
        """Redis's address as given, with what it takes to trust a certificate of its own making."""
        given = self.given_redis_url
        if given is None or self.redis_verify or not given.get_secret_value().startswith("rediss://"):
            return given
        joint = "&" if "?" in given.get_secret_value() else "?"
        return SecretStr(f"{given.get_secret_value()}{joint}ssl_cert_reqs=none")

    @property
    def lease(self) -> Span:
        """How long a worker may keep a lane without a sign of life."""
        return self.lease_seconds * SECOND

    @property
    def linger(self) -> Span:
        """How long a delivery waits for a batch to fill."""
        return round(self.linger_seconds * SECOND)

    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for the log to black out; nothing else should call this."""
        held = (
            self.secret_key,
            self.metrics_token,
            *self.previous_keys,
            *self.alert_secret_values(),
            *self.console_secret_values(),
        )
        addresses = (self.given_database_url, self.given_redis_url, self.smtp_url)
        passwords = (urlsplit(url.get_secret_value()).password for url in addresses if url)
        return (
            *(secret.get_secret_value() for secret in held if secret),
            *filter(None, passwords),
            *self.declared_secrets(),
        )


@lru_cache(maxsize=4)
def _model(declared: tuple[Variable, ...]) -> type[Settings]:
    """The settings with what CRMs and sources declare."""
    return create_model("Settings", __base__=Settings, **declared_settings.fields(declared))


def variables() -> Mapping[str, str]:
    """Every variable that is read, and its remedy."""
    found = _model(declared_settings.variables()).model_fields.values()
    return {field.alias: field.description or "" for field in found if field.alias}


def load(environ: Mapping[str, str]) -> Settings:
    """Settings from these variables; SettingsError with every mistake otherwise. Other variables are ignored.

    An empty variable counts as not set.
    """
    declared, remedies = declared_settings.variables(), variables()
    given = {name: environ[name] for name in remedies if environ.get(name, "").strip()}
    found = list(unmet(given))
    mistakes = [*map(unusable, declared_settings.failures())]
    try:
        settings = _model(declared).model_validate(given)
    except ValidationError as error:
        found = [*refused(error), *found]
    else:
        if not found and not mistakes:
            return settings
    mistakes += [Mistake(variable=name, problem=problem, remedy=remedies[name]) for name, problem in found]
    raise SettingsError(tuple(mistakes))


def from_environment() -> Settings:
    """Settings of this process; SettingsError with every mistake otherwise."""
    return load(with_kept_key(os.environ))  # noqa: TID251 - this is the one place


def looked_at() -> Settings:
    """Settings as `coldframe up` would have them here, its key made or not; SettingsError with every mistake.

    For commands that look and seal nothing.
    """
    return load(with_stand_in(os.environ))  # noqa: TID251 - as above
