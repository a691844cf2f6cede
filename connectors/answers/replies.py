"""Replies: what came back from a CRM, and what a refusal means, before any vendor's codes are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self, TypeAlias

from connectors.base.concerns import Concern
from connectors.base.credentials import Tokens
from connectors.base.port import Receipt, Unavailable, Verdict
from connectors.base.spending import Withheld
from mappings.values.identifiers import ExternalId
from mappings.values.instant import DAY, MINUTE, SECOND, Span

CONNECT_SECONDS = 3.05
READ_SECONDS = 10.0
Timeout: TypeAlias = tuple[float, float]
_UNAUTHORIZED = 401
TIMEOUT: Timeout = (CONNECT_SECONDS, READ_SECONDS)
"""Every call gives up after this: connect, then each wait for bytes."""
ASK_AGAIN: Span = 15 * MINUTE
"""How long to wait for what only a person can change."""


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

    `forbidden`: this is how a CRM refuses what is not for this user.
    """

    verdict: Verdict
    code: str = ""
    message: str = ""
    retry_after: Span | None = None
    outage: bool = False
    concern: Concern = Concern.CONNECTION
    forbidden: bool = False

    @property
    def divisible(self) -> bool:
        """Whether a part of the request may pass."""
        stops = self.verdict in {Verdict.PAUSE, Verdict.RELOGIN}
        return not stops and self.concern in {Concern.REQUEST, Concern.RECORD}

    @property
    def of_all(self) -> Self:
        """The refusal as the answer to every record of the call, of which none was judged by itself.

        What would meet every record alike is no fault of theirs: the connection waits for a person.
        """
        if self.verdict is Verdict.PERMANENT and self.concern is Concern.OBJECT:
            wait = self.retry_after or ASK_AGAIN
            return replace(self, verdict=Verdict.PAUSE, retry_after=wait, concern=Concern.CONNECTION)
        if self.concern is Concern.RECORD:
            return replace(self, verdict=Verdict.RETRY, concern=Concern.REQUEST)
        return self

    @property
    def undivided(self) -> Self:
        """The refusal of a call that may have been carried out in part, and must not be sent again in parts."""
        return replace(self, concern=Concern.CONNECTION) if self.concern is Concern.REQUEST else self

    @property
    def unsent(self) -> Self:
        """The refusal as the answer to what was not sent because of it."""
        return replace(self, verdict=Verdict.RETRY) if self.verdict is Verdict.UNCLEAR else self

    def receipt(self, key: str, record_id: str = "") -> Receipt:
        """The refusal as the answer to one write."""
        return Receipt(
            key=key,
            verdict=self.verdict,
            id=ExternalId(record_id),
            code=self.code,
            message=self.message,
            retry_after=self.retry_after,
            outage=self.outage,
            concern=self.concern,
            forbidden=self.forbidden,
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
        concern=receipt.concern,
        forbidden=receipt.forbidden,
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
    """The wait that Retry-After asks for, in seconds or until a date, a day at most; None where it says nothing."""
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return min(int(asked[:9]) * SECOND, DAY)
    until = _moment(asked)
    if until is None:
        return None
    # By the sender's own clock where the reply has its time.
    theirs = _moment(headers.get("date", ""))
    now = theirs or datetime.now(UTC)  # noqa: TID251 -- nothing else says how far off a date is
    return max(0, min(int((until - now).total_seconds()) * SECOND, DAY)) or None


def _moment(text: str) -> datetime | None:
    """A date as HTTP writes it."""
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


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
