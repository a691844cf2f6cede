"""Template words: what the fields of a template stand for, for one lead and one cause. Pure."""

from collections.abc import Callable, Iterator, Mapping

from integration.core.compiled.context import Context
from integration.core.handoff import own_fields, packet
from integration.core.handoff.plain_words import account_words, fit_tier, lead_words, plain_words
from integration.core.handoff.wording import WORDING_FIELDS
from integration.core.model.effects import Wording
from integration.core.rules.scoring_rules import POINT
from mappings.values.instant import Instant


class Words(Mapping[str, str]):
    """The values of WORDING_FIELDS for one lead and one cause, worked out when asked for; "" for what is not known."""

    def __init__(self, context: Context, wording: Wording, *, due: Instant | None) -> None:
        self.context, self.wording, self.due = context, wording, due

    def __getitem__(self, name: str) -> str:
        if name in _OF_CAUSE:
            return str(getattr(self.wording, name))
        if name == "due":
            return packet.shown_time(self.context, self.due) if self.due is not None else ""
        if name == "signal":
            return _nth_signal(self.context, 0) or self.wording.activity
        composed = _COMPOSED.get(name)
        return composed(self.context) if composed is not None else self._field(name)

    def _field(self, name: str) -> str:
        words = self.context.playbook.vocabulary
        if name in words.own_lead:
            return own_fields.text_of(self.context, name)
        if name in words.own_account:
            return own_fields.text_of(self.context, f"account.{name}")
        return plain_words(own_fields.text(self.context.read(_SUBJECTS.get(name, name))))

    def __iter__(self) -> Iterator[str]:
        return iter(WORDING_FIELDS)

    def __len__(self) -> int:
        return len(WORDING_FIELDS)


def _nth_signal(context: Context, number: int) -> str:
    top = packet.strongest(context)
    return packet.signal(context, *top[number]) if len(top) > number else ""


_OF_CAUSE = ("play", "trigger", "clock", "activity", "asset", "page")
_SUBJECTS = {
    "company": "account.name",
    "domain": "account.domain",
    "employees": "account.employees",
    "revenue": "account.revenue",
    "industry": "account.industry",
}
_COMPOSED: Mapping[str, Callable[[Context], str]] = {
    "name": packet.who,
    "first_name": lambda context: lead_words(context, "first_name") or packet.who(context),
    "company": lambda context: account_words(context, "name") or account_words(context, "domain"),
    "fit": lambda context: str(context.state.fit // POINT),
    "engagement": lambda context: str(context.state.score.value // POINT),
    "total": lambda context: str((context.state.fit + context.state.score.value) // POINT),
    "fit_tier": fit_tier,
    "second_signal": lambda context: _nth_signal(context, 1),
    "key_action": packet.key_action,
    "colleagues": lambda context: str(max([0, *(people for people, _ in packet.colleagues(context).values())])),
}
