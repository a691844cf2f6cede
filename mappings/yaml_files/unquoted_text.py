"""Texts that lack quotes: what to write instead, in place of a parser's words about tokens."""

_KEY = ": "
_OPENING = "{[\"'@`%&*!|>"
_LONGEST = 100


def advice(line: str, problem: str) -> str | None:
    """What is wrong with a line that YAML cannot read, with the line as it should be; None where quotes do not help.

    `problem` is what the parser says of it.
    """
    written = line.strip()
    head, text = _parted(written)
    if not text:
        return None
    quoted = f"{head}{_quoted(text)}"[:_LONGEST]
    if problem.startswith("mapping values are not allowed"):
        if _KEY in text or text.endswith(":"):
            return f"a colon within a text: put the text in quotes, {quoted}"
        return "a key where the line before it goes on: indent it as its neighbours are"
    if text[0] in _OPENING and problem.startswith(("expected <block end>", "found character", "found undefined")):
        return f"a text that begins with {text[0]}: put the text in quotes, {quoted}"
    return None


def _parted(written: str) -> tuple[str, str]:
    """What stands before the text of a line (`- call: `), and the text without a comment."""
    dashes = written
    while dashes.startswith("- "):
        dashes = dashes[2:].lstrip()
    head = written[: len(written) - len(dashes)]
    key, colon, text = dashes.partition(_KEY)
    if not colon or " " in key:
        return head, dashes.partition(" #")[0].rstrip()
    return f"{head}{key}{_KEY}", text.partition(" #")[0].strip()


def _quoted(text: str) -> str:
    if '"' not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"
