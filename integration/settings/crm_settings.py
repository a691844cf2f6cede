"""The settings for CRMs: how they are reached, whose webhooks are accepted, and which mapping is read."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from connectors.base.port import Credential
from integration.settings.value_types import GuardedAddress, NamedPaths, OrganizationId, PathSecrets, Secrets, Token


class CrmSettings(BaseModel):
    """The part of the settings that is about HubSpot and Salesforce; fields as in `Settings`."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False, hide_input_in_errors=True)

    hubspot_access_token: Token | None = Field(
        None,
        alias="HUBSPOT_ACCESS_TOKEN",
        description="Set a HubSpot service key or a private app's access token.",
    )
    hubspot_client_secrets: Secrets = Field(
        (),
        alias="HUBSPOT_CLIENT_SECRET",
        description="Set the client secret of the HubSpot app that sends the webhooks (several, parted by spaces, "
        "during a rotation).",
    )
    hubspot_api_url: GuardedAddress | None = Field(
        None, alias="HUBSPOT_API_URL", description="Set https://…, or unset it to reach HubSpot itself."
    )
    hubspot_app_id: Annotated[str, Field(pattern=r"^[0-9]+$")] | None = Field(
        None,
        alias="HUBSPOT_APP_ID",
        description="Set the number of the public app whose webhooks `coldframe provision` is to subscribe, or unset "
        "it and subscribe by hand.",
    )
    hubspot_developer_key: Token | None = Field(
        None,
        alias="HUBSPOT_DEVELOPER_API_KEY",
        description="Set the API key of the developer account that owns the app, or unset it and subscribe by hand.",
    )
    salesforce_instance_url: GuardedAddress | None = Field(
        None,
        alias="SALESFORCE_INSTANCE_URL",
        description="Set the org's own address, such as https://acme.my.salesforce.com.",
    )
    salesforce_access_token: Token | None = Field(
        None,
        alias="SALESFORCE_ACCESS_TOKEN",
        description="Set an access token of the integration user.",
    )
    salesforce_client_secret: Token | None = Field(
        None,
        alias="SALESFORCE_CLIENT_SECRET",
        description="Set the consumer secret of the External Client App for `coldframe connect salesforce`, or type it "
        "when you are asked.",
    )
    salesforce_api_url: GuardedAddress | None = Field(
        None, alias="SALESFORCE_API_URL", description="Set https://…, or unset it to reach Salesforce itself."
    )
    hubspot_mapping: str | None = Field(
        None,
        alias="COLDFRAME_HUBSPOT_MAPPING",
        description="Name the YAML file that maps HubSpot's fields (docs/mapping.md), or unset it for the one shipped.",
    )
    salesforce_mapping: str | None = Field(
        None,
        alias="COLDFRAME_SALESFORCE_MAPPING",
        description="Name the YAML file that maps Salesforce's fields (docs/mapping.md), or unset it for the one "
        "shipped.",
    )
    connection_mappings: NamedPaths = Field(
        default_factory=dict,
        alias="COLDFRAME_MAPPINGS",
        description="Set NAME=PATH for each connection that has a mapping file of its own, parted by spaces, such as "
        "hubspot-emea=emea.yaml, or unset it.",
    )
    salesforce_organization_id: OrganizationId | None = Field(
        None,
        alias="SALESFORCE_ORGANIZATION_ID",
        description="Set the org's id as Setup > Company Information shows it: 15 or 18 letters and digits.",
    )
    outbound_secrets: PathSecrets = Field(
        (),
        alias="COLDFRAME_OUTBOUND_SECRET",
        description="Set 24 or more random letters and digits (openssl rand -hex 24; several, parted by spaces, during "
        "a rotation): the secret in the address of Salesforce's outbound messages.",
    )

    @property
    def hubspot(self) -> Credential | None:
        """How to reach HubSpot, or None where it is not connected."""
        if self.hubspot_access_token is None:
            return None
        return Credential(token=self.hubspot_access_token.get_secret_value(), api_url=self.hubspot_api_url or "")

    @property
    def salesforce(self) -> Credential | None:
        """How to reach Salesforce, or None where it is not connected."""
        if self.salesforce_access_token is None:
            return None
        return Credential(
            token=self.salesforce_access_token.get_secret_value(),
            api_url=self.salesforce_api_url or "",
            instance_url=self.salesforce_instance_url or "",
        )

    @property
    def mappings(self) -> Mapping[str, str | None]:
        """The mapping file of each system; None for the one that comes with Coldframe."""
        return {"hubspot": self.hubspot_mapping, "salesforce": self.salesforce_mapping}

    def mapping_of(self, connection: str, system: str) -> str | None:
        """The mapping file of one connection: its own, else its system's; None for the shipped one."""
        return self.connection_mappings.get(connection) or self.mappings[system]
