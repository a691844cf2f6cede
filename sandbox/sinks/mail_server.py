"""A mail server: takes messages by SMTP, with or without STARTTLS and a password, and keeps them.

Faults of the system `smtp` strike at the method `MAIL` (the session, before a message) or `DATA` (the message itself):
`apply_then_drop` keeps the message and cuts the connection before the receipt, `drop` cuts it without, `hang` waits
and answers as ever, `rate_limited` and `unavailable` answer 451 and 421, `status` its own code.
"""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from typing import Any, Self, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sandbox.shared.requested_faults import Fault, Faults

_CUT = "421 cut"
_WORDS = {"rate_limited": "451 4.7.1 Try again later", "unavailable": "421 4.3.2 Service not available"}


@dataclass(slots=True, kw_only=True)
class Mail:
    """A message that was taken."""

    sender: str
    to: tuple[str, ...]
    message: EmailMessage | Message

    @property
    def id(self) -> str:
        """Its Message-ID."""
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        """Its body."""
        body = self.message.get_body() if isinstance(self.message, EmailMessage) else None
        text = str(body.get_content()) if isinstance(body, EmailMessage) else str(self.message.get_payload())
        return text.replace("\r\n", "\n")


class MailServer:
    """Listens on 127.0.0.1 from `start` (or `with`) to `stop`. `mails` are the messages it has taken.

    With `user` it takes mail from whoever signs in, over TLS alone.
    """

    def __init__(
        self,
        faults: Faults | None = None,
        *,
        user: str = "",
        password: str = "",
        tls: ssl.SSLContext | None = None,
        refuses: tuple[str, ...] = (),
    ) -> None:
        self.faults = faults or Faults()
        self.mails: list[Mail] = []
        self.tries = 0
        """Messages that were begun."""
        self.refuses = refuses
        self._user, self._password, self._tls = user, password, tls
        self._controller = _Controller(self, hostname="127.0.0.1", port=0)

    @property
    def port(self) -> int:
        """Where it listens."""
        return listening(self._controller)

    def start(self) -> Self:
        """Begin to listen."""
        self._controller.start()
        return self

    def stop(self) -> None:
        """Stop listening."""
        self._controller.stop(no_assert=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def options(self) -> dict[str, Any]:
        """How each session behaves."""
        found: dict[str, Any] = {"hostname": "sandbox.example"}
        if self._tls is not None:
            found |= {"tls_context": self._tls, "require_starttls": True}
        if self._user:
            found |= {"authenticator": self._let_in, "auth_required": True}
        return found

    def _let_in(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        del server, session, envelope, mechanism
        known = isinstance(data, LoginPassword) and (data.login, data.password) == (
            self._user.encode(),
            self._password.encode(),
        )
        return AuthResult(success=known, handled=False)

    async def handle_MAIL(  # noqa: N802 - the library's own name and arguments
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """A message begins."""
        del session
        self.tries += 1
        fault, _ = self.faults.take("smtp", "MAIL", "*")
        if fault is not None:
            return await self._faulty(server, fault, "250 OK")
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - as above
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """To whom it goes."""
        del server, session
        if address in self.refuses:
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """The message itself."""
        del session
        fault, _ = self.faults.take("smtp", "DATA", "*")
        if fault is None:
            return self._kept(envelope)
        if fault.kind in {"apply_then_drop", "hang"}:
            answer = self._kept(envelope)
            return await self._faulty(server, fault, answer)
        return await self._faulty(server, fault, "250 OK")

    async def _faulty(self, server: SMTP, fault: Fault, answer: str) -> str:
        if fault.kind in {"apply_then_drop", "drop"}:
            if server.transport is not None:
                cast("asyncio.WriteTransport", server.transport).abort()
            return _CUT
        if fault.kind == "hang":
            await asyncio.sleep(fault.seconds)
            return answer
        return _WORDS.get(fault.kind, f"{fault.status} {fault.message or 'refused'}")

    def _kept(self, envelope: Envelope) -> str:
        held = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        self.mails.append(
            Mail(
                sender=str(envelope.mail_from),
                to=tuple(envelope.rcpt_tos),
                message=message_from_bytes(held, policy=default),
            )
        )
        return "250 OK"


class _Controller(Controller):
    """Gives each connection a session as the server's options say, STARTTLS among them."""

    def __init__(self, server: MailServer, **options: Any) -> None:
        self._mail_server = server
        super().__init__(server, **options)

    def factory(self) -> SMTP:
        """A session."""
        return SMTP(self.handler, **self._mail_server.options())

    def _trigger_server(self) -> None:
        """Connect once, as the library wants it, to the port that the system has chosen."""
        with socket.create_connection(("127.0.0.1", listening(self)), 5.0):
            pass


def listening(controller: Controller) -> int:
    """The port on which a controller listens."""
    return int(cast("asyncio.Server", controller.server).sockets[0].getsockname()[1])
