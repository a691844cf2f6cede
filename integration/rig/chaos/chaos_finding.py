"""What a comparison found: figures for people, and every difference."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Finding:
    """Figures of the comparison, and everything that is not as it must be."""

    figures: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def same(self, what: str, found: object, wanted: object) -> None:
        """Note a difference, if there is one."""
        if found != wanted:
            self.differences.append(f"{what}: {found!r}, expected {wanted!r}")
