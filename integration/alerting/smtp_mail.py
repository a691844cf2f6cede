"""Alerts by e-mail to staff, through a mail server (SMTP with STARTTLS, or TLS from the first byte).

`Message-ID` is made of the alert's key, the same in every repetition: some mailboxes drop what they have had, others do
not. So a message whose receipt was lost is not sent again, but becomes a sync error for a person to look at. Until
the message's last byte nothing is accepted, and what fails before is simply tried again.
"""

import hashlib
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from connectors.answers.replies import READ_SECONDS
from connectors.base.port import Receipt, Verdict
from integration.alerting import alert_words
from integration.alerting.alert_port import Alert
from integration.alerting.alert_post import MISDIRECTED, unclear
from integration.alerting.alert_words import cut
from mappings.values.instant import MINUTE, Instant, Span, to_datetime

_PORTS = {"smtp": 587, "smtps": 465}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_LATER: Span = MINUTE
"""How long to wait where the server refuses for now (greylisting, a full queue)."""
_PERMANENT = 500
_SUBJECT = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed in, as smtp:// or smtps:// says; smtp:// to this very machine needs no STARTTLS."""

    url: str
    sender: str
    timeout: float = READ_SECONDS
    trust: ssl.SSLContext | None = None

    def opened(self) -> smtplib.SMTP:
        """A session, encrypted and signed in to. Raises OSError and SMTPException."""
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        trust = self.trust or ssl.create_default_context()
        if parts.scheme == "smtps":
            session: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=self.timeout, context=trust)
        else:
            session = smtplib.SMTP(host, port, timeout=self.timeout)
        try:
            session.ehlo()
            if parts.scheme == "smtp" and (session.has_extn("starttls") or host not in _LOOPBACK):
                session.starttls(context=trust)
                session.ehlo()
            if parts.username:
                session.login(unquote(parts.username), unquote(parts.password or ""))
        except BaseException:
            session.close()
            raise
        return session


class SmtpMail:
    """One mailbox."""

    for_people = True

    def __init__(self, name: str, to: str, server: MailServer) -> None:
        self.name = name
        self._to = to
        self._server = server

    def send(self, alert: Alert, now: Instant) -> Receipt:
        """Hand in one message; see the port."""
        sealed = wire(message(alert, self._server.sender, self._to, now))
        try:
            session = self._server.opened()
        except (OSError, smtplib.SMTPException) as error:
            return _before(alert.key, error)
        try:
            return self._handed_in(session, alert.key, sealed)
        finally:
            session.close()

    def settled(self, alert: Alert, since: Instant) -> Receipt:
        """Nobody can say."""
        del since
        return unclear(alert.key, "no receipt, and a mail server cannot be asked what it has had")

    def close(self) -> None:
        """Nothing is kept open."""

    def _handed_in(self, session: smtplib.SMTP, key: str, sealed: bytes) -> Receipt:
        try:
            for code, said in (session.mail(self._server.sender), session.rcpt(self._to)):
                if code >= 400:  # noqa: PLR2004 - RFC 5321: refused, for now or for ever
                    return _refused(key, code, said, of_the_alert=False)
        except (OSError, smtplib.SMTPException) as error:
            return _before(key, error)
        try:
            code, said = session.data(sealed)
        except smtplib.SMTPDataError as error:
            return _refused(key, error.smtp_code, error.smtp_error, of_the_alert=True)
        except (OSError, smtplib.SMTPException) as error:
            return unclear(key, f"no receipt for the message: {type(error).__name__}")
        done = Receipt(key=key, verdict=Verdict.DONE)
        return done if code < 400 else _refused(key, code, said, of_the_alert=True)  # noqa: PLR2004 - as above


def message(alert: Alert, sender: str, to: str, now: Instant) -> EmailMessage:
    """The message, as plain text."""
    made = EmailMessage()
    made["From"] = f"Coldframe <{sender}>"
    made["To"] = to
    made["Subject"] = cut(alert_words.subject(alert), _SUBJECT)
    made["Date"] = format_datetime(to_datetime(now))
    made["Message-ID"] = f"<{hashlib.sha256(alert.key.encode()).hexdigest()}@{sender.partition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    lines = [alert_words.title(alert), ""]
    for each in alert_words.lines(alert):
        lines += [cut(each.text), *(f"  {label}: {url}" for label, url in each.links)]
    made.set_content("\n".join(lines) + "\n")
    return made


def wire(made: EmailMessage) -> bytes:
    """A message as it is handed in."""
    return made.as_bytes(policy=WIRE)


def _before(key: str, error: Exception) -> Receipt:
    """The message was not handed in, since the session failed before."""
    if isinstance(
        error, smtplib.SMTPAuthenticationError | smtplib.SMTPNotSupportedError | ssl.SSLCertVerificationError
    ):
        said = f"COLDFRAME_SMTP_URL is not what the server expects: {_said(error)}"
        return Receipt(key=key, verdict=Verdict.PAUSE, code="SMTP", message=said, retry_after=MISDIRECTED)
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= _PERMANENT:
        return _refused(key, error.smtp_code, error.smtp_error, of_the_alert=False)
    said = f"the mail server is away: {_said(error)}"
    return Receipt(key=key, verdict=Verdict.PAUSE, code="SMTP", message=said, retry_after=None, outage=True)


def _refused(key: str, code: int, said: bytes | str, *, of_the_alert: bool) -> Receipt:
    """The server refuses: for now, this message, or the mailbox and us."""
    text = cut(said.decode(errors="replace") if isinstance(said, bytes) else said, 200)
    told = f"SMTP_{code}"
    if code < _PERMANENT:
        return Receipt(
            key=key, verdict=Verdict.PAUSE, code=told, message=f"not now: {text}", retry_after=_LATER, outage=True
        )
    if of_the_alert:
        return Receipt(key=key, verdict=Verdict.PERMANENT, code=told, message=f"the server refuses this alert: {text}")
    wrong = f"COLDFRAME_ALERT_EMAILS, COLDFRAME_SMTP_FROM or COLDFRAME_SMTP_URL is not what the server expects: {text}"
    return Receipt(key=key, verdict=Verdict.PAUSE, code=told, message=wrong, retry_after=MISDIRECTED)


def _said(error: Exception) -> str:
    """What went wrong, without anything that was sent."""
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return cut(text.decode(errors="replace") if isinstance(text, bytes) else str(text), 200)
    return type(error).__name__
