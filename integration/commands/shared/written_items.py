"""What would be written, read from the store and the CRMs under a progress bar."""

from collections.abc import Iterator

from rich.console import Console
from rich.progress import Progress

from integration.flows.looking import compare_with_crm as flow
from integration.wiring.whole_service import Service


def read(service: Service) -> Iterator[tuple[flow.Item, ...]]:
    """What is to be written, with what is in the CRMs now, a record or a task at a time. Raises Unavailable."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        yield from progress.track(flow.pending(service), total=flow.total(service), description="reading the CRMs")
