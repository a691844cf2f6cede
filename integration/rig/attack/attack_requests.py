"""Requests that never end, as an attacker sends them, each with the bytes before it falls silent."""

import struct

_PATH = b"/webhooks/activities"
_POST = b"POST " + _PATH + b" HTTP/1.1\r\nHost: attack\r\nContent-Type: application/json\r\n"

SILENCE = b""
HALF_A_HEAD = _POST + b"X-Never: en"
HELD_BODY = _POST + b"Content-Length: 1000\r\n\r\n{"
HELD_CHUNK = _POST + b"Transfer-Encoding: chunked\r\n\r\n3e8\r\n{"
CONTINUED = _POST + b"Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n"

_HEADERS, _DATA, _SETTINGS = 1, 0, 4
_END_HEADERS = 4


def http2_streams(count: int) -> bytes:
    """One connection of HTTP/2 with so many streams that each send one byte of a thousand (RFC 9113, RFC 7541)."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(_SETTINGS, 0, 0, b"")
    head = b"".join(
        (
            b"\x83\x86",  # :method POST, :scheme http
            b"\x04" + _text(_PATH),
            b"\x01" + _text(b"attack"),  # :authority
            b"\x0f\x0d" + _text(b"1000"),  # content-length
        )
    )
    streams = (
        _frame(_HEADERS, _END_HEADERS, 2 * number + 1, head) + _frame(_DATA, 0, 2 * number + 1, b"{")
        for number in range(count)
    )
    return preface + b"".join(streams)


def _text(value: bytes) -> bytes:
    return bytes([len(value)]) + value


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload
