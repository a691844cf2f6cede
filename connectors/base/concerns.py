"""Concerns: what a refusal is about: the connection, the object asked for, the request, or one record of it."""

from enum import StrEnum


class Concern(StrEnum):
    """What a refusal is about, and so what else would meet it."""

    CONNECTION = "connection"
    """The CRM, what stands before it, or the credential: everything for this connection."""
    OBJECT = "object"
    """What was asked for as such (an object, a field, a path): every record alike."""
    REQUEST = "request"
    """The request as it was, its size or one of its records: a part of it may pass."""
    RECORD = "record"
    """One record, or one value that was asked for: its neighbours may pass."""
