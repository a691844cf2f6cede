"""The demo's sender keeps to what the service asks of senders: 503 means send it again, other refusals are errors."""

from collections.abc import Iterator

import pytest
import requests

from integration.rig.stage.signed_delivery import until_stored


def answer(status: int, **headers: str) -> requests.Response:
    found = requests.Response()
    found.status_code = status
    found.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return found


def given(*answers: requests.Response | Exception) -> tuple[list[int], Iterator[requests.Response]]:
    tries: list[int] = []

    def each() -> Iterator[requests.Response]:
        for one in answers:
            tries.append(1)
            if isinstance(one, Exception):
                raise one
            yield one

    return tries, each()


def test_what_has_no_room_now_is_sent_again_until_it_is_stored() -> None:
    tries, answers = given(answer(503, retry_after="0"), answer(503, retry_after="0"), answer(202))
    until_stored(lambda: next(answers))
    assert len(tries) == 3


@pytest.mark.parametrize("status", [400, 401, 413, 500])
def test_what_is_refused_is_not_sent_again(status: int) -> None:
    tries, answers = given(answer(status), answer(202))
    with pytest.raises(requests.HTTPError):
        until_stored(lambda: next(answers))
    assert len(tries) == 1


def test_what_has_no_room_for_too_long_is_an_error() -> None:
    tries, answers = given(answer(503, retry_after="5"))
    with pytest.raises(requests.HTTPError):
        until_stored(lambda: next(answers), seconds=1.0)
    assert len(tries) == 1


def test_a_service_that_does_not_answer_for_too_long_is_an_error() -> None:
    tries, answers = given(requests.ConnectionError("refused"))
    with pytest.raises(requests.ConnectionError):
        until_stored(lambda: next(answers), seconds=0.5)
    assert len(tries) == 1
