"""A company's own fields as people read them: the label from the vocabulary, and the value as text."""

from collections.abc import Iterator

from integration.core.compiled.context import Context
from integration.core.rules.calendar import day_words
from mappings.model.canonical import Value


def lines(context: Context) -> Iterator[str]:
    """A line of the packet: what is known of the company's own fields, of the lead and of its account."""
    words = context.playbook.vocabulary
    found = [(words.lead[name].label, text_of(context, name)) for name in words.own_lead]
    found += [(words.account[name].label, text_of(context, f"account.{name}")) for name in words.own_account]
    if known := [f"{label}: {shown}" for label, shown in found if shown]:
        yield "; ".join(known)


def text_of(context: Context, name: str) -> str:
    """A field of the company's own as people read it."""
    words, value = context.playbook.vocabulary, context.read(name)
    field = words.account.get(name[8:]) if name[:8] == "account." else words.lead.get(name)
    if field is not None and field.kind == "time" and isinstance(value, int):
        return day_words(value, context.playbook.calendar.timezone)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return text(value).replace("_", " ") if field is not None and field.choices else text(value)


def text(value: Value) -> str:
    """A value as people read it; "" where there is none."""
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
