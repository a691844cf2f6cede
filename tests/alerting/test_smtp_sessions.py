"""A mail server is signed in to over TLS, and what it lacks is said."""

import ssl
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.base.port import Receipt, Verdict
from integration.alerting.alert_port import Alert
from integration.alerting.smtp_mail import MailServer, SmtpMail
from mappings.values.instant import parse
from sandbox.sinks.mail_server import MailServer as Receiver

NOW = parse("2026-01-07T09:00:00Z")
ALERT = Alert(key="k", alert="test", text="hello", at=NOW, raised_at=NOW)


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server shows, and what a client that trusts it alone is given."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(*plain))
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(file)
    trusted = ssl.create_default_context(cafile=str(file))
    return shown, trusted


def sent(receiver: Receiver, word: str = "s3cret%21", trust: ssl.SSLContext | None = None) -> Receipt:
    url = f"smtp://coldframe:{word}@127.0.0.1:{receiver.port}"
    server = MailServer(url=url, sender="coldframe@acme.example", timeout=5.0, trust=trust)
    return SmtpMail("email:ops", "ops@acme.example", server).send(ALERT, NOW)


def test_mail_goes_encrypted_and_signed_in(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    shown, trusted = contexts
    with Receiver(user="coldframe", password="s3cret!", tls=shown) as receiver:
        assert sent(receiver, trust=trusted).verdict is Verdict.DONE
        assert [each.text.strip() for each in receiver.mails] == ["test\n\nhello"]
        refused = sent(receiver, "wrong", trusted)
        assert (refused.verdict, refused.outage) == (Verdict.PAUSE, False)
        assert "COLDFRAME_SMTP_URL is not what the server expects" in refused.message
        assert "wrong" not in refused.message
        untrusted = sent(receiver)
        assert untrusted.verdict is Verdict.PAUSE
        assert len(receiver.mails) == 1


def test_a_mailbox_that_is_not_there_is_no_letter_and_says_so(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with Receiver(refuses=("ops@acme.example",), tls=contexts[0]) as receiver:
        server = MailServer(url=f"smtp://127.0.0.1:{receiver.port}", sender="a@acme.example", trust=contexts[1])
        refused = SmtpMail("email:ops", "ops@acme.example", server).send(ALERT, NOW)
    assert refused.verdict is Verdict.PAUSE
    assert refused.code == "SMTP_550"
    assert "No such mailbox" in refused.message
