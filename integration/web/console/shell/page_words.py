"""Names as people say them: stages, CRMs, kinds of work; numbers with their plural."""

from collections.abc import Mapping

from connectors import vendors
from mappings.values.identifiers import System

STAGES: Mapping[str, str] = {
    "inquiry": "Inquiry",
    "mql": "MQL",
    "sal": "SAL",
    "sql": "SQL",
    "customer": "Customer",
    "recycled": "Recycled",
    "suppressed": "Suppressed",
    "": "Not decided yet",
}
"""In the order of a lead's life."""


def stage_name(stage: str) -> str:
    """What people call a lead's stage."""
    return STAGES.get(stage, stage)


def connection_name(name: str) -> str:
    """What people call a connection: its CRM's name, or a name of its own; what failed may be Coldframe's."""
    if name in vendors.systems():
        return vendors.vendor(System(name)).label
    return "Coldframe" if name == "coldframe" else name


def counted(count: int, one: str, many: str = "") -> str:
    """`1 lead`, `1,200 leads`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
