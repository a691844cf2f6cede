"""The world of a replay: every lead and account of a file, run through the engine of the service."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from integration.commands.replaying.history_file.replay_lines import ACCOUNT, ACTIVITY, FIRST, Record, as_fields
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context, Unfoldable
from integration.core.model.account_state import AccountState
from integration.core.model.effects import Effect
from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.core.model.ledger import Line
from integration.core.model.state import Mark, newborn
from integration.core.rules.scoring_rules import POINT
from integration.core.run.account_signals import note, unseen
from integration.core.run.decide import order, settle, take
from integration.core.run.due_work import pass_time
from mappings.model.canonical import Activity, Value
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant
from mappings.values.seniority import seniority


@contextmanager
def about(lead: str) -> Iterator[None]:
    """Whatever fails inside is this lead's: raised as Unfoldable."""
    try:
        yield
    except Unfoldable:
        raise
    except Exception as error:
        raise Unfoldable(lead, "", error) from error


def carry(world: "World", record: Record, machine: str) -> None:
    """Let a world take one record. Raises Unfoldable."""
    try:
        world.take(record, machine)
    except Unfoldable:
        raise
    except Exception as error:
        raise Unfoldable(record[3], record[2], error) from error


class World:
    """Takes records in order; hands out effects and ledger lines as they come, lead by lead.

    Effects of different leads are not in time order: a lead's time passes when something happens to it, and at the end.
    """

    def __init__(self, compiled: CompiledPlaybook) -> None:
        self.compiled = compiled
        self.contexts: dict[str, Context] = {}
        self._signals = compiled.dispatch.account_arms
        self._fields: defaultdict[str, dict[str, Value]] = defaultdict(dict)
        self._members: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._accounts: dict[str, AccountState] = {}
        self._derived: list[Activity] = []
        self._joining: list[Record] = []
        self._changed: dict[str, Context] = {}
        self._senior: set[str] = set()
        """Leads whose seniority a line gives."""

    def take(self, record: Record, machine: str = "") -> None:
        """Apply one record, after what was derived from those before it; `machine` as in Activity."""
        at, kind = record[0], record[1]
        if self._joining and (kind != self._joining[0][1] or at != self._joining[0][0]):
            self._join()
        if self._derived and at > self._derived[0].at:
            self._tell()
        if kind == ACTIVITY:
            self._activity(record, machine)
        elif kind == ACCOUNT:
            self._account(record)
        else:
            self._joining.append(record)

    def until(self, end: Instant) -> None:
        """Let time pass for everybody."""
        self._join()
        self._tell()
        for context in self.contexts.values():
            with about(context.state.lead):
                pass_time(context, end, settle)
            self._changed[context.state.lead] = context

    def reached(self, place: Mark) -> bool:
        """Whether anybody has come to a place in the order of events, or further."""
        return any(
            (mark := context.state.watermark) is not None and mark >= place for context in self.contexts.values()
        )

    def drain(self) -> Iterator[tuple[str, list[Effect], list[Line]]]:
        """What was decided since the last time: (lead, effects, ledger lines)."""
        changed, self._changed = self._changed, {}
        for lead, context in changed.items():
            if context.effects or context.lines:
                effects, lines = context.effects, context.lines
                context.effects, context.lines = [], []
                yield lead, effects, lines

    def leads(self) -> list[str]:
        """Every lead that was ever named, in order."""
        return sorted(self.contexts)

    def _context(self, lead: str) -> Context:
        context = self.contexts.get(lead)
        if context is None:
            context = self.contexts[lead] = Context(self.compiled, newborn(LeadId(lead)))
        self._changed[lead] = context
        return context

    def _activity(self, record: Record, machine: str) -> None:
        at, _, name, lead, account, kind, properties = record
        activity = Activity(name, lead, at, kind, properties, account, machine)
        if lead:
            context = self.contexts.get(lead)
            if context is None or lead not in self._changed:
                context = self._context(lead)
            take(context, activity, record[:3])
        if kind in self._signals:
            self._observe(activity)

    def _observe(self, activity: Activity) -> None:
        context = self.contexts.get(activity.lead)
        account = context.state.account if context and context.state.account else activity.account
        if not account:
            return
        state = self._accounts.get(account)
        if state is None:
            state = self._accounts[account] = unseen(AccountId(account))
        self._derived += note(self.compiled, state, activity, lambda lead: self._engagement(lead, activity.at))

    def _engagement(self, lead: str, at: Instant) -> int:
        context = self._context(lead)
        pass_time(context, at, settle)
        return context.state.score.value // POINT

    def _tell(self) -> None:
        """Apply the derived activities, which come after everything else of their instant."""
        derived, self._derived = self._derived, []
        for activity in sorted(derived, key=order):
            take(self._context(activity.lead), activity)

    def _account(self, record: Record) -> None:
        at, _, name, _, account, first, raw = record
        fields = as_fields(raw)
        self._fields[account].update(fields)
        for lead in self._members[account]:
            told = AccountChanged(id=name, at=at, account=AccountId(account), fields=fields, initial=first == FIRST)
            take(self._context(lead), told)

    def _join(self) -> None:
        """Apply the field changes of one instant; who joins an account first gets the account's fields of then."""
        records, self._joining = self._joining, []
        for lead, events in _by_lead(records).items():
            context = self._context(lead)
            for event in sorted((*self._joined(lead, context, events), *events), key=order):
                take(context, self._ranked(context, event) if isinstance(event, LeadChanged) else event)

    def _ranked(self, context: Context, event: LeadChanged) -> LeadChanged:
        """With the seniority that the title names, while no line gives one, as a mapping reads it from a record."""
        fields, lead = event.fields, context.state.lead
        if fields.get("seniority") is not None:
            self._senior.add(lead)
        elif "seniority" in fields:
            self._senior.discard(lead)
        if lead in self._senior or not {"title", "seniority"} & fields.keys():
            return event
        title = fields.get("title", context.state.fields.get("title"))
        return replace(event, fields={**fields, "seniority": seniority(str(title or "")) or None})

    def _joined(self, lead: str, context: Context, events: Iterable[LeadChanged]) -> Iterator[Event]:
        for event in sorted(events, key=order):
            account = event.fields.get("account")
            if "account" not in event.fields or account == context.state.account:
                continue
            self._members[context.state.account].pop(lead, None)
            if account:
                account = str(account)
                self._members[account][lead] = None
                known = dict(self._fields[account])
                name = f"joined:{account}"
                yield AccountChanged(id=name, at=event.at, account=AccountId(account), fields=known, initial=True)


def _by_lead(records: Iterable[Record]) -> dict[str, list[LeadChanged]]:
    found: dict[str, list[LeadChanged]] = {}
    for at, _, name, lead, _, first, fields in records:
        told = LeadChanged(id=name, at=at, fields=as_fields(fields), initial=first == FIRST)
        found.setdefault(lead, []).append(told)
    return found
