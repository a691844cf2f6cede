"""The composite resource: up to 25 calls in one, each able to name what earlier ones answered.

Source: [salesforce: composite].
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from sandbox.salesforce.state.refusals import Refused
from sandbox.shared.http_call import Answer, Call, decoded, encoded, objects, reply

MOST = 25
_REFERENCE = re.compile(r"@\{(\w+)\.([\w.]+)\}")
_HALTED = {
    "errorCode": "PROCESSING_HALTED",
    "message": "The transaction was rolled back since another operation in the same transaction failed.",
}


class Composite:
    """POST `/composite`. With `allOrNone` the calls after a failed one are not made (earlier ones stay)."""

    def __init__(self, inner: Callable[[Call], Answer]) -> None:
        self._inner = inner

    def run(self, call: Call, version: str) -> Answer:
        """All subrequests, in order."""
        del version
        body = call.json()
        wishes = objects(body.get("compositeRequest"), "compositeRequest")
        if not 0 < len(wishes) <= MOST:
            message = f"The compositeRequest wants 1 to {MOST} subrequests"
            raise Refused(code="INVALID_INPUT", message=message)
        answers: dict[str, Any] = {}
        shown: list[dict[str, Any]] = []
        halted = False
        for wish in wishes:
            reference = str(wish.get("referenceId") or "")
            if not reference or reference in answers:
                raise Refused(code="INVALID_INPUT", message="Every subrequest wants a referenceId of its own")
            if halted:
                status, answered = 400, [_HALTED]
            else:
                status, answered = self._one(call, wish, answers)
            halted = halted or (bool(body.get("allOrNone")) and status >= 400)  # noqa: PLR2004  # HTTP's errors
            answers[reference] = answered
            shown.append({"body": answered, "httpHeaders": {}, "httpStatusCode": status, "referenceId": reference})
        return reply({"compositeResponse": shown})

    def _one(self, call: Call, wish: Mapping[str, Any], answers: Mapping[str, Any]) -> tuple[int, Any]:
        path, _, query = _filled(str(wish.get("url")), answers).partition("?")
        body = wish.get("body")
        answer = self._inner(
            Call(
                method=str(wish.get("method")),
                path=path,
                query=query,
                headers=call.headers,
                body=_filled(encoded(body).decode(), answers).encode() if body is not None else b"",
                record_faults=call.record_faults,
            )
        )
        return answer.status, decoded(answer.body)


def _filled(text: str, answers: Mapping[str, Any]) -> str:
    def value(match: re.Match[str]) -> str:
        found = answers.get(match[1])
        for step in match[2].split("."):
            found = found.get(step) if isinstance(found, dict) else None
        if found is None:
            message = f"Invalid reference specified. No value for {match[0]} found"
            raise Refused(code="PROCESSING_HALTED", message=message)
        return found if isinstance(found, str) else msgspec.json.encode(found).decode()

    return _REFERENCE.sub(value, text)
