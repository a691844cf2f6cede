"""What tests about people in sales share: a receiver of alerts, and somebody who asks for a demo."""

from collections.abc import Callable, Iterator

import pytest
from flows_alerts import with_receiver
from flows_receiver import Receiver, receiving
from flows_roles import ANA, Drain
from flows_run import Watch, activity, receive

from integration.wiring.whole_service import Service


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def alerting(service: Service, receiver: Receiver) -> Iterator[Service]:
    with with_receiver(service, receiver) as found:
        yield found


@pytest.fixture
def asked(service: Service, at: Watch, drain_all: Drain) -> Callable[..., None]:
    """Somebody asks for a demo, and everything that can be done is done."""

    def ask(email: str = ANA, number: int = 1) -> None:
        receive(service, activity(number, email, "demo_request", at()))
        drain_all(service)

    return ask
