"""Alert post: one POST to the receiver of an alert, and what its answer means.

A redirect is never followed, since the address was given by an administrator and no other is to be called. Each POST
has a connection of its own: one that was kept open may be closed just while it is used, and then nobody knows whether
the alert has arrived.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import requests
import urllib3.exceptions

from connectors.answers.replies import TIMEOUT, Timeout, retry_after
from connectors.base.port import Receipt, Verdict
from connectors.shared.call_deadline import deadline, keep_deadline
from mappings.values.instant import MINUTE, Span

MISDIRECTED: Span = 10 * MINUTE
"""How long a way waits where its address or key is wrong: somebody has to set that right."""
_OF_THE_ALERT = frozenset({400, 409, 413, 422})
"""Statuses by which a receiver refuses this alert, and not us."""
_TOO_MANY = 429
_SERVER_ERROR = 500
_OF_A_GATEWAY = frozenset({502, 504})
"""Statuses of what stands before the receiver, which may have had the alert all the same."""
_SHOWN = 200
_NOT_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.SSLError,
    urllib3.exceptions.ProxyError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Where alerts are posted. `settings` names what the administrator sets right where the address is wrong.

    `drops_repeats`: it knows an alert by its key, so that sending again is safe whenever an answer is lost.
    """

    url: str
    settings: str
    drops_repeats: bool = False
    timeout: Timeout = TIMEOUT

    def post(self, key: str, body: bytes, headers: Mapping[str, str]) -> Receipt:
        """POST, and what became of the alert."""
        try:
            with deadline(), _session() as session, self._sent(session, body, headers) as answer:
                return self._judged(key, answer.status_code, {k.lower(): v for k, v in answer.headers.items()})
        except requests.RequestException as error:
            said = f"no answer: {type(error).__name__}"
            if self.drops_repeats or not_sent(error):
                return Receipt(key=key, verdict=Verdict.RETRY, code="NO_REPLY", message=said, outage=True)
            return unclear(key, said)

    def _sent(self, session: requests.Session, body: bytes, headers: Mapping[str, str]) -> requests.Response:
        return session.post(
            self.url,
            data=body,
            headers={"Content-Type": "application/json", "User-Agent": "Coldframe", **headers},
            timeout=self.timeout,
            allow_redirects=False,
            stream=True,  # nothing of the answer but its status is of interest, so nothing is read
        )

    def _judged(self, key: str, status: int, headers: Mapping[str, str]) -> Receipt:
        code = f"HTTP_{status}"
        if requests.codes.ok <= status < requests.codes.multiple_choices:
            return Receipt(key=key, verdict=Verdict.DONE)
        if status in _OF_THE_ALERT:
            said = "the receiver refuses this alert"
            return Receipt(key=key, verdict=Verdict.PERMANENT, code=code, message=said)
        if status in _OF_A_GATEWAY and not self.drops_repeats:
            return unclear(key, f"the receiver did not answer its gateway ({code})")
        wait = retry_after(headers)
        if status == _TOO_MANY or status >= _SERVER_ERROR:
            said = "the receiver asks for a pause" if status == _TOO_MANY else "the receiver is away"
            outage = status >= _SERVER_ERROR
            return Receipt(key=key, verdict=Verdict.PAUSE, code=code, message=said, retry_after=wait, outage=outage)
        said = f"{self.settings} is not what the receiver expects{_moved(status, headers)}"
        return Receipt(key=key, verdict=Verdict.PAUSE, code=code, message=said, retry_after=wait or MISDIRECTED)


def unclear(key: str, why: str) -> Receipt:
    """The alert may or may not have arrived."""
    return Receipt(key=key, verdict=Verdict.UNCLEAR, code="NO_REPLY", message=why, outage=True)


def not_sent(error: BaseException) -> bool:
    """Whether a request failed before anything of it was sent."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, _NOT_SENT):
            return True
        inner = getattr(seen, "reason", None) or (seen.args[0] if seen.args else None)
        seen = inner if isinstance(inner, BaseException) else None
    return False


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a .netrc would add a password of its own
    for adapter in session.adapters.values():
        keep_deadline(adapter.poolmanager)  # type: ignore[attr-defined] # each is an HTTPAdapter
    return session


def _moved(status: int, headers: Mapping[str, str]) -> str:
    """Where a redirect points to; it is reported and not followed."""
    if requests.codes.multiple_choices <= status < requests.codes.bad_request and headers.get("location"):
        return f"; it has moved to {headers['location'].partition('?')[0][:_SHOWN]}"
    return ""
