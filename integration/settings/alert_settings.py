"""The settings for alerts: where they are sent, and what they are signed with."""

from pydantic import BaseModel, ConfigDict, Field

from integration.settings.value_types import Endpoint, OwnSecrets


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
