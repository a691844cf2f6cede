"""Renew tokens: one renewal of a connection's token, however many processes need the next one.

Whoever finds a token expired (or refused) takes the connection's lease, looks whether the row has moved on in the
meantime, and only then asks the vendor; the others wait for the row to change. What survives a crash: a holder that
dies lets the lease expire, and the next one asks again; a token that was given but never stored is simply not used.
A refusal of the vendor's is stored, pauses the connection's lanes until somebody signs in anew, and drops nothing.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from connectors.base.port import Receipt, Unavailable, Verdict
from connectors.base.sign_in_port import Client, Issued, SignIn
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.audit.sealing import Keyring, SealError
from integration.store.crm import connection_pauses, connections
from integration.store.crm.connections import Details, Row, Secrets, StaleError
from integration.store.db.errors import LeaseLostError, StoreBusyError
from integration.store.db.session import Store
from integration.store.queues import leases
from integration.store.queues.leases import Lease
from mappings.values.identifiers import ConnectionName, System, first_of
from mappings.values.instant import MINUTE, SECOND, Instant, Span

log = structlog.get_logger()

MARGIN: Span = 2 * MINUTE
"""A token is renewed this long before it expires, so that none expires on its way."""
LOOK_SECONDS = 15.0
"""How long a process uses a token without looking whether the connection has been changed or taken away."""
HELD: Span = 30 * SECOND
"""The lease: longer than a token call may take."""
PATIENCE_SECONDS = 14.0
"""How long a process waits for another one's renewal before its flow has to come back later.

A little longer than a token call may take, and shorter than a lane's lease.
"""
_STEP_SECONDS = 0.1
_STORING = 5
"""How often storing a token is tried: where refresh tokens change, the one in hand is the only one that is good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What renewing takes. `sign_in` builds a vendor's token endpoint by system; `hide` keeps tokens out of the log."""

    store: Store
    keyring: Keyring
    sign_in: Callable[[System, Client], SignIn]
    now: Callable[[], Instant]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    holder: str
    hide: Callable[..., None] = lambda *_: None


@dataclass(frozen=True, slots=True)
class _Known:
    row: Row
    token: str = field(repr=False)
    looked: float


@dataclass(slots=True)
class StoredTokens:
    """The tokens of one stored connection, for one process; safe to carry over a fork."""

    means: Means = field(repr=False)
    name: ConnectionName
    _held: _Known | None = field(default=None, repr=False)

    def current(self) -> str:
        """A token that lasts a while yet, renewed where it does not. Raises Unavailable."""
        held = self._held
        if held is None or self.means.monotonic() - held.looked > LOOK_SECONDS or self._expiring(held.row):
            held = self._look()
        if not self._expiring(held.row):
            return held.token
        try:
            return self._follow(held).token
        except Unavailable as fault:
            if fault.receipt.verdict is Verdict.RELOGIN or (held.row.expires_at or 0) <= self.means.now():
                raise
            return held.token  # the vendor's token endpoint is out of order, and this one is good for a moment yet

    def renewed(self, after: str) -> str | None:
        """The token that follows one which the CRM refused; None for one that nothing follows. Raises Unavailable."""
        held = self._look()
        if held.token != after:
            return held.token
        if held.row.grant == "token":
            log.error("a CRM refuses its token", connection=self.name, remedy=remedy(held.row))
            return None
        return self._follow(held).token

    def _expiring(self, row: Row) -> bool:
        return row.expires_at is not None and row.expires_at - MARGIN <= self.means.now()

    def _look(self) -> _Known:
        """The row as it stands now. Raises Unavailable where it is gone, refused or cannot be opened."""
        with self.means.store.read() as conn:
            row = connections.get(conn, self.name)
        if row is None:
            said = f"nobody is signed in to {self.name}: run coldframe connect"
            raise _signed_out(said)
        if row.state == "refused":
            said = f"{row.reason}: {remedy(row)}"
            raise _signed_out(said)
        secrets = self._secrets(row)
        self._held = _Known(row, secrets.access_token, self.means.monotonic())
        return self._held

    def _secrets(self, row: Row) -> Secrets:
        try:
            secrets = connections.unsealed(row, self.means.keyring)
        except SealError as error:
            log.error("a stored token cannot be opened", connection=self.name, reason=str(error))  # noqa: TRY400 - no bug
            raise _signed_out(str(error), "SEALED") from None
        self.means.hide(secrets.access_token, secrets.refresh_token, secrets.client_secret)
        return secrets

    def _follow(self, held: _Known) -> _Known:
        """Renew, or wait for whoever does. Raises Unavailable when neither comes to an end in time."""
        means, started = self.means, self.means.monotonic()
        while means.monotonic() - started < PATIENCE_SECONDS:
            lease = self._take()
            try:
                now = self._look()
                if now.row.version != held.row.version:
                    return now
                if lease is not None:
                    return self._renew(now.row, lease)
            except (LeaseLostError, StaleError, StoreBusyError) as error:
                log.warning("a renewal is done by somebody else", connection=self.name, reason=str(error))
            finally:
                if lease is not None:
                    self._release(lease)
            means.sleep(_STEP_SECONDS)
        receipt = Receipt(key="", verdict=Verdict.RETRY, code="RENEWING", message="another process renews", outage=True)
        raise Unavailable(receipt)

    def _take(self) -> Lease | None:
        name, means = f"connection:{self.name}", self.means
        try:
            with means.store.read() as conn:
                if not leases.free(conn, name):
                    return None
            with means.store.write() as conn:
                return leases.take(conn, name, means.holder, HELD)
        except StoreBusyError:
            return None

    def _release(self, lease: Lease) -> None:
        with contextlib.suppress(StoreBusyError), self.means.store.write() as conn:  # else it expires
            leases.release(conn, lease)

    def _renew(self, row: Row, lease: Lease) -> _Known:
        """Ask the vendor, and store what it gives, or that it gives nothing."""
        secrets = self._secrets(row)
        try:
            issued = asked(self.means, row, secrets)
        except Unavailable as fault:
            if fault.receipt.verdict is Verdict.RELOGIN:
                self._refused(row, lease, fault.receipt)
            raise
        now = self.means.now()
        following = replace(
            secrets,
            access_token=issued.access_token,
            refresh_token=issued.refresh_token or secrets.refresh_token,
        )
        self.means.hide(following.access_token, following.refresh_token)
        self._store(row, lease, following, None if issued.lifetime is None else now + issued.lifetime)
        log.info("renewed a token", connection=self.name, version=row.version + 1)
        return self._look()

    def _store(self, row: Row, lease: Lease, following: Secrets, expires_at: Instant | None) -> None:
        for attempt in range(_STORING):
            try:
                with self.means.store.write() as conn:
                    leases.extend(conn, lease)
                    connections.renew(
                        conn,
                        row,
                        details=row.details,
                        secrets=following,
                        expires_at=expires_at,
                        keyring=self.means.keyring,
                        now=self.means.now(),
                    )
            except StoreBusyError:
                if attempt == _STORING - 1:
                    raise
            else:
                return

    def _refused(self, row: Row, lease: Lease, receipt: Receipt) -> None:
        said = f"{receipt.code}: {receipt.message}".strip(": ")
        with self.means.store.write() as conn:
            leases.extend(conn, lease)
            connections.refuse(conn, row, said, self.means.now())
            connection_pauses.sign_out(conn, self.name, f"signed out: {said}", now=self.means.now())
            trail = Entry(at=self.means.now(), actor="service", action="signed out", subject=self.name)
            audit_trail.add(conn, [replace(trail, detail={"said": said})])
        log.error(
            "a CRM has signed us out; nothing is dropped, the connection is paused until somebody signs in",
            connection=self.name,
            said=said,
            remedy=remedy(row),
        )


def asked(means: Means, row: Row, secrets: Secrets) -> Issued:
    """The vendor's next token for a row, by the way it was signed in. Raises Unavailable."""
    door = means.sign_in(row.system, client(row.details, secrets))
    try:
        match row.grant:
            case "jwt_bearer":
                issued = door.asserted(means.now())
            case "client_credentials":
                issued = door.credentialed()
            case _:
                issued = door.refreshed(secrets.refresh_token)
    finally:
        door.close()
    moved = issued.instance_url and issued.instance_url != row.details.instance_url
    if moved:
        log.warning("the org answers under another address; sign in anew to use it", connection=row.name)
    return issued


def client(details: Details, secrets: Secrets) -> Client:
    """Who we are at a vendor's token endpoint."""
    return Client(
        id=details.client_id,
        secret=secrets.client_secret,
        private_key=secrets.private_key,
        user=details.user,
        login_url=details.login_url,
        api_url=details.api_url,
    )


def remedy(row: Row) -> str:
    """What brings a connection back."""
    named = "" if row.name == first_of(row.system) else f" --name {row.name}"
    grant = "" if row.grant == "authorization_code" else f" --grant {row.grant.replace('_', '-')}"
    return f"run coldframe connect {row.system}{named}{grant}"


def _signed_out(message: str, code: str = "SIGNED_OUT") -> Unavailable:
    return Unavailable(Receipt(key="", verdict=Verdict.RELOGIN, code=code, message=message))
