"""Cuts text to the length that a field of a CRM takes. Pure."""


def cut(text: str, limit: int) -> str:
    """At most `limit` characters as both CRMs count them (UTF-16 units), an ellipsis where something is missing."""
    if len(text.encode("utf-16-le")) <= 2 * limit:
        return text
    kept = text.encode("utf-16-le")[: 2 * (limit - 1)].decode("utf-16-le", errors="ignore")
    return kept.rstrip() + "…"
