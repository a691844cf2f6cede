"""Alert channels: what settings call the places that alerts are sent to, and routing.yaml names."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Medium: TypeAlias = Literal["slack", "teams", "webhook", "email"]
MEDIA: tuple[Medium, ...] = get_args(Medium)
USUAL_WEBHOOK = "default"
"""What the receiver at COLDFRAME_ALERT_URL is called in routing.yaml."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Where an alert is sent: a medium, and what the settings call the channel."""

    medium: Medium
    name: str

    @property
    def way(self) -> str:
        """What its lane is called."""
        return "webhook" if (self.medium, self.name) == ("webhook", USUAL_WEBHOOK) else f"{self.medium}:{self.name}"

    def __str__(self) -> str:
        return f"{self.medium}: {self.name}"
