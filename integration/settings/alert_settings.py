"""The settings for alerts: the channels by name, and the secrets with which they are reached."""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from integration.settings.alert_channels import USUAL_WEBHOOK, Channel
from integration.settings.value_types import (
    Endpoint,
    Endpoints,
    Mailbox,
    Mailboxes,
    MailServer,
    OwnSecrets,
    SlackChannels,
    Token,
)


class AlertSettings(BaseModel):
    """The part of the settings that is about alerts; fields as in `Settings`."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False, hide_input_in_errors=True)

    alert_url: Endpoint | None = Field(
        None,
        alias="COLDFRAME_ALERT_URL",
        description="Set the https://… address that takes alerts as Standard Webhooks, or unset it: they are then in "
        "the log and in `coldframe doctor` alone.",
    )
    alert_secrets: OwnSecrets = Field(
        (),
        alias="COLDFRAME_ALERT_SECRET",
        description="Set whsec_ and base64 of 24 or more random bytes, the same as the receiver has (several, parted "
        "by spaces, during a rotation).",
    )
    alert_webhooks: Endpoints = Field(
        default_factory=dict,
        alias="COLDFRAME_ALERT_WEBHOOKS",
        description="Set NAME=https://… for each further receiver of signed alerts, parted by spaces, or unset it.",
    )
    slack_channels: SlackChannels = Field(
        default_factory=dict,
        alias="COLDFRAME_SLACK_CHANNELS",
        description="Set NAME=C0123456789 (a channel's id, with COLDFRAME_SLACK_TOKEN) or "
        "NAME=https://hooks.slack.com/… for each channel, parted by spaces, or unset it.",
    )
    slack_token: Token | None = Field(
        None,
        alias="COLDFRAME_SLACK_TOKEN",
        description="Set the bot token (xoxb-…) of your Slack app, or unset it where all channels are incoming "
        "webhooks.",
    )
    teams_channels: Endpoints = Field(
        default_factory=dict,
        alias="COLDFRAME_TEAMS_CHANNELS",
        description="Set NAME=https://… (the address of a Teams workflow that takes webhooks) for each channel, parted "
        "by spaces, or unset it.",
    )
    alert_emails: Mailboxes = Field(
        default_factory=dict,
        alias="COLDFRAME_ALERT_EMAILS",
        description="Set NAME=sales-ops@example.com for each mailbox of staff, parted by spaces, or unset it.",
    )
    smtp_url: MailServer | None = Field(
        None,
        alias="COLDFRAME_SMTP_URL",
        description="Set smtp://USER:PASSWORD@HOST:587 (STARTTLS) or smtps://USER:PASSWORD@HOST:465, special "
        "characters as %XX, or unset it.",
    )
    smtp_from: Mailbox | None = Field(
        None, alias="COLDFRAME_SMTP_FROM", description="Set the address that alerts by e-mail come from."
    )

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Every channel that has a name here."""
        usual = [Channel(medium="webhook", name=USUAL_WEBHOOK)] if self.alert_url else []
        return (
            *usual,
            *(Channel(medium="webhook", name=name) for name in self.alert_webhooks),
            *(Channel(medium="slack", name=name) for name in self.slack_channels),
            *(Channel(medium="teams", name=name) for name in self.teams_channels),
            *(Channel(medium="email", name=name) for name in self.alert_emails),
        )

    def alert_secret_values(self) -> Iterator[SecretStr]:
        """Every secret among these settings."""
        yield from self.alert_secrets
        yield from filter(None, (self.alert_url, self.slack_token, self.smtp_url))
        yield from (*self.alert_webhooks.values(), *self.slack_channels.values(), *self.teams_channels.values())
