"""A delivery that somebody has overheard is answered, and nothing happens again."""

import json
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

from web_process import Web, delivery, signed


def test_a_delivery_sent_again_is_answered_and_kept_once_whichever_process_takes_it(data: Path) -> None:
    body = delivery()
    headers = signed(body, "msg_overheard")
    with Web(data) as one, Web(data, log=data / "other.log") as other:
        answers = [web.ask("POST", "/webhooks/activities", body, headers) for web in (one, other, one, other)]
        fresh = one.ask("POST", "/webhooks/activities", body, signed(body, "msg_fresh"))
        retried = other.ask("POST", "/webhooks/activities", body, signed(body, "msg_overheard"))
    assert {status for status, _ in (*answers, fresh, retried)} == {202}
    ids = [json.loads(answer)["delivery"] for _, answer in (*answers, retried)]
    assert len(set(ids)) == 1
    assert json.loads(fresh[1])["delivery"] not in ids
    with closing(connect(data / "coldframe.db")) as database:
        assert database.execute("SELECT count(*) FROM inbox").fetchone() == (2,)
