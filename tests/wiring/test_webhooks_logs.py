"""What must never be in the log: secrets and e-mail addresses, wherever they turn up."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest
import structlog

from connectors.base.port import Receipt, Unavailable, Verdict
from integration.settings.environment import load
from integration.store.db.errors import StoreDownError
from integration.wiring import logs

Lines: TypeAlias = Callable[[], list[str]]

CANARY = "canary-0123456789abcdef"
MAIL = "ana.silva@acme.example"


@pytest.fixture(params=["json", "console"])
def lines(request: pytest.FixtureRequest) -> Iterator[Lines]:
    """Everything logged from here on, line by line."""
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure(
        load(
            {
                "COLDFRAME_SECRET_KEY": CANARY,
                "DATABASE_URL": f"postgresql://u:{CANARY}-sql@h/d",
                "COLDFRAME_LOG_FORMAT": request.param,
            }
        ),
        stream,
    )
    yield lambda: stream.getvalue().splitlines()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_line_says_what_when_and_how_grave(lines: Lines) -> None:
    structlog.get_logger("coldframe").warning("lane paused", lane="deliver:hubspot", seconds=5)
    (line,) = lines()
    assert "lane paused" in line
    assert "deliver:hubspot" in line
    assert "warning" in line
    if line.startswith("{"):
        told = json.loads(line)
        assert (told["event"], told["level"], told["seconds"]) == ("lane paused", "warning", 5)
        assert told["at"].endswith("Z")


@pytest.mark.parametrize(
    "said",
    [
        {"event": f"the key is {CANARY}"},
        {"event": "x", "note": [f"a {CANARY}"]},
        {"event": "x", "note": {"deep": {"deeper": (CANARY,)}}},
        {"event": "x", "access_token": "something-short"},
        {"event": "x", "headers": {"Authorization": "something-short", "Set-Cookie": "something-short"}},
        {"event": "sent Authorization: Bearer something-short"},
        {"event": f"connecting to postgresql://u:{CANARY}-sql@h/d"},
        {"event": "x", "error": ValueError(f"bad {CANARY}")},
        {"event": "x", "error": RuntimeError("Basic something-short")},
    ],
)
def test_no_secret_is_ever_in_a_line(lines: Lines, said: Any) -> None:
    structlog.get_logger("coldframe").warning(**said)
    (line,) = lines()
    assert CANARY not in line
    assert "something-short" not in line
    assert logs.BLACK in line


@pytest.mark.parametrize("said", [f"wrote to {MAIL}", f"<{MAIL}>", f"email={MAIL}", "q=ana.silva%40acme.example&x=1"])
def test_no_e_mail_address_is_ever_in_a_line(lines: Lines, said: Any) -> None:
    structlog.get_logger("coldframe").warning("x", said=said, listed=[said])
    (line,) = lines()
    assert "silva" not in line
    assert logs.E_MAIL in line


def test_tracebacks_are_blacked_out_too(lines: Lines) -> None:
    try:
        raise ValueError(f"{CANARY} of {MAIL}")  # noqa: EM102, TRY003, TRY301 - the very text is the subject
    except ValueError:
        structlog.get_logger("coldframe").exception("it broke")
    text = "\n".join(lines())
    assert "Traceback" in text
    assert "ValueError" in text
    assert CANARY not in text
    assert MAIL not in text


def test_a_crms_own_words_behind_an_outage_stay_out_of_the_log(lines: Lines) -> None:
    """The store goes away while the refusal of a CRM is being noted: the log shows both."""
    refusal = Receipt(key="", verdict=Verdict.RETRY, code="ROW_LOCK", message="Ana Silva, 7700 900123, is locked")
    store_is_away = StoreDownError("no route to the store")
    store_is_away.__context__ = Unavailable(refusal)
    structlog.get_logger("coldframe").error("a job failed", exc_info=store_is_away)
    whole = "\n".join(lines())
    assert "ROW_LOCK" in whole
    assert "no route to the store" in whole
    assert "Silva" not in whole
    assert "7700" not in whole


def test_the_libraries_lines_are_blacked_out_too(lines: Lines) -> None:
    logging.getLogger("some.library").warning("token %s of %s", CANARY, MAIL)
    (line,) = lines()
    assert "some.library" in line
    assert CANARY not in line
    assert MAIL not in line


def test_numbers_under_telling_names_are_kept(lines: Lines) -> None:
    structlog.get_logger("coldframe").warning("lease lost", token=17)
    assert "17" in lines()[0]


def test_what_is_below_the_level_is_not_said(lines: Lines) -> None:
    structlog.get_logger("coldframe").debug("chatter")
    assert lines() == []
