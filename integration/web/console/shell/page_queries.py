"""What an address or a form asks for: numbers, ids, texts of a bounded length."""

from collections.abc import Mapping

from flask import request

from integration.store.queues.dead_letters import NEWEST

_LONGEST = 200
_DIGITS = len(str(NEWEST))


def asked_text(name: str) -> str:
    """A text of the address or the form, without what surrounds it; "" where there is none."""
    return request.values.get(name, "").strip()[:_LONGEST].replace("\0", "")


def asked_number(name: str) -> int | None:
    """A positive whole number no larger than the store's ids; None where there is none."""
    return _number(request.values.get(name, ""))


def asked_numbers(name: str) -> list[int]:
    """Every positive whole number of this name in the form."""
    return [number for text in request.form.getlist(name) if (number := _number(text)) is not None]


def posted_pairs(form: Mapping[str, str], left: str, right: str, most: int) -> list[tuple[str, str]]:
    """The rows of a form's table of two columns, whose inputs are called `left` or `right` and the row's number."""
    rows = [row for row in range(most) if f"{left}{row}" in form]
    return [(form[f"{left}{row}"].strip(), form.get(f"{right}{row}", "").strip()) for row in rows]


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        return None
    number = int(text)
    return number if 0 < number <= NEWEST else None
