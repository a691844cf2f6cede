"""The address on this machine to which a vendor's page sends the answer of whoever signs in."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from integration.signin.loopback_callback import Loopback


@pytest.mark.parametrize("state", ["guessed", "", "our-state-and-more"])
def test_a_code_that_comes_with_another_state_is_refused(state: str) -> None:
    with Loopback(0) as door, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(door.code, "our-state", 30)
        back = door.address.replace("localhost", "127.0.0.1")
        stolen = requests.get(back, params={"code": "stolen", "state": state}, timeout=5)
        ours = requests.get(back, params={"code": "ours", "state": "our-state"}, timeout=5)
        assert waiting.result(30) == "ours"
    assert (stolen.status_code, ours.status_code) == (400, 200)
