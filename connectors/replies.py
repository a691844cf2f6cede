"""What came back from a CRM, and what a refusal means, before any vendor's words are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from connectors.base import Receipt, Tokens, Unavailable, Verdict
from connectors.spending import Withheld
from mappings.instant import DAY, SECOND, Span

CONNECT_SECONDS = 3.05
READ_SECONDS = 10.0
Timeout: TypeAlias = tuple[float, float]
_UNAUTHORIZED = 401
TIMEOUT: Timeout = (CONNECT_SECONDS, READ_SECONDS)
"""Every call gives up after this: connect, then each wait for bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A reply that arrived: `headers` under lower-case names, `body` as parsed JSON, or text where it is none."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """No reply: `sent` is false where the request cannot have reached the CRM."""

    sent: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a call, or one record of it, was not carried out; `code` and `message` are the CRM's own words.

    `of_a_record` says that a batch was refused for what one of its records holds, so that the others
    may pass without it.
    """

    verdict: Verdict
    code: str = ""
    message: str = ""
    retry_after: Span | None = None
    outage: bool = False
    of_a_record: bool = False

    def receipt(self, key: str, record_id: str = "") -> Receipt:
        """The refusal as the answer to one write."""
        return Receipt(
            key=key,
            verdict=self.verdict,
            id=record_id,
            code=self.code,
            message=self.message,
            retry_after=self.retry_after,
            outage=self.outage,
        )


Outcome: TypeAlias = Reply | Lost | Withheld | Refusal
"""What became of a call; a Refusal where it was not sent, since there was no token to send it with."""


def refusal(receipt: Receipt) -> Refusal:
    """A receipt that says no, as the refusal of the call it came from."""
    return Refusal(
        verdict=receipt.verdict,
        code=receipt.code,
        message=receipt.message,
        retry_after=receipt.retry_after,
        outage=receipt.outage,
    )


def clean(token: str) -> str:
    """A token fit for a header, without surrounding blanks; ValueError (not showing it) for one that is none."""
    trimmed = token.strip()
    if not trimmed or not trimmed.isascii() or not trimmed.isprintable() or " " in trimmed:
        msg = "the access token is empty or holds characters that no token has"
        raise ValueError(msg)
    return trimmed


def lost(outcome: Lost | Withheld | Refusal, *, idempotent: bool) -> Refusal:
    """What a lost reply means: try again where that does no harm, else look first. A call never made only waits."""
    if isinstance(outcome, Refusal):
        return outcome
    if isinstance(outcome, Withheld):
        return Refusal(verdict=Verdict.PAUSE, code=outcome.code, message=outcome.reason, retry_after=outcome.wait)
    harmless = idempotent or not outcome.sent
    verdict = Verdict.RETRY if harmless else Verdict.UNCLEAR
    return Refusal(verdict=verdict, code="NO_REPLY", message=outcome.reason, outage=True)


def retry_after(headers: Mapping[str, str]) -> Span | None:
    """The wait that Retry-After asks for, a day at most; None where it is missing or no number of seconds."""
    asked = headers.get("retry-after", "").strip()
    if not asked.isascii() or not asked.isdigit():
        return None
    return min(int(asked[:9]) * SECOND, DAY)


def signed(tokens: Tokens, call: Callable[[str], Outcome]) -> Outcome:
    """Carry out a call with the current token, and once more with the next one where that is refused.

    A call whose token is refused was not carried out, whatever it was to do: repeating it does no harm.
    """
    try:
        token = tokens.current()
        outcome = call(token)
        if not isinstance(outcome, Reply) or outcome.status != _UNAUTHORIZED:
            return outcome
        following = tokens.renewed(token)
    except Unavailable as away:
        return refusal(away.receipt)
    return outcome if following is None else call(following)
