"""What an account is carried on to is what its whole history says, however and in whatever order things arrive."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from flows_crms import person
from flows_run import Watch, activity, drain_all, history, lead, receive

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.base.service import Rules
from integration.flows.people import derive_account_signals
from integration.flows.people.record_field_changes import ReportedFields, change_leads
from integration.flows.reading import reconcile
from integration.rig.bench.bench_history import chance
from integration.store.overall import merging
from integration.store.people import accounts
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.identifiers import AccountId
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND
from sandbox.server import Sandbox

EMAILS = ("ana@acme.example", "bo@acme.example", "cem@acme.example")
DEEDS: Sequence[tuple[str, dict[str, str]]] = (
    ("document_view", {"document": "proposal"}),
    ("page_view", {"page": "pricing"}),
    ("email_click", {"campaign": "spring", "url": "https://acme.example/a"}),
    ("content_download", {"asset": "guide"}),
)


@pytest.fixture
def firm(service: Service, sandbox: Sandbox, at: Watch) -> Service:
    """Three people of one company who are known, and the playbook `standard`."""
    for email in EMAILS:
        person(sandbox, "hubspot", email)
    known = replace(service, rules=Rules(compiled=CompiledPlaybook.of(build.playbook("standard"))))
    reconcile.poll(known, "hubspot")
    drain_all(known)
    at.forward(40 * DAY)
    return known


def account(service: Service) -> AccountId:
    return AccountId(str(lead(service, EMAILS[2]).account_id))


def stored_is_what_everything_says(service: Service) -> bool:
    with service.store.read() as conn:
        found = derive_account_signals.signals(conn, service, [account(service)], service.now())
    return not found.new and not found.stale


def carried(service: Service) -> bool:
    """Whether a state was left from which the account can be carried on."""
    with service.store.read() as conn:
        (row,) = accounts.get(conn, [account(service)])
        return row.state is not None


def test_what_arrives_in_order_is_applied_to_the_state_and_nothing_else_is_read(
    firm: Service, at: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(firm, activity(0, EMAILS[0], "document_view", at(), document="proposal"))
    drain_all(firm)
    asked: list[Sequence[AccountId]] = []
    whole = derive_account_signals.signals

    def noted(conn: Any, service: Any, ids: Sequence[AccountId], now: int) -> derive_account_signals.Signals:
        asked.append(ids)
        return whole(conn, service, ids, now)

    monkeypatch.setattr(derive_account_signals, "signals", noted)
    for number, email in enumerate(EMAILS[1:], 1):
        at.forward(HOUR)
        receive(firm, activity(number, email, "document_view", at(), document="proposal"))
        drain_all(firm)
    assert asked
    assert not any(asked), "no account was derived from its whole history"
    for email in EMAILS:
        assert [row.type for row in history(firm, email)].count("internal_sharing") == 1
    assert stored_is_what_everything_says(firm)


@pytest.mark.parametrize("seed", range(2))
def test_whatever_arrives_late_twice_or_with_a_scanners_clicks_comes_to_the_same(
    firm: Service, at: Watch, seed: int
) -> None:
    begun, ways = at(), set[bool]()
    for number in range(14):
        drawn = chance(100 * seed + number)
        at.forward((MINUTE, HOUR, 9 * HOUR)[drawn % 3])
        kind, properties = DEEDS[drawn // 3 % 4]
        when = at() if drawn // 12 % 4 else begun + drawn // 48 % (at() - begun)
        items = [activity(f"{seed}.{number}", EMAILS[drawn // 7 % 3], kind, when, **properties)]
        if kind == "email_click" and drawn // 5 % 2:
            items += [
                {
                    **items[0],
                    "id": f"{seed}.{number}.{more}",
                    "properties": {**properties, "url": f"https://x.test/{more}"},
                }
                for more in range(4)
            ]
        receive(firm, *items)
        drain_all(firm)
        at.forward(20 * SECOND)
        drain_all(firm)
        ways.add(carried(firm))
        assert stored_is_what_everything_says(firm), number
    assert True in ways


def _leaves(service: Service) -> None:
    """Bo works elsewhere from now on."""
    said = ReportedFields(lead(service, EMAILS[1]).id, service.now(), "moved", {"account": "other"}, initial=False)
    with service.store.write() as conn:
        accounts.add(conn, [accounts.NewAccount(id=AccountId("other"), domain=None, fields={}, created_at=0)])
        change_leads(conn, service.now(), [said], owners=service.ownership.lead)


def _is_one_with(service: Service) -> None:
    """Bo turns out to be Ana."""
    older, other = sorted(lead(service, email).id for email in EMAILS[:2])
    with service.store.write() as conn:
        merging.join(conn, other, older, service.now())


@pytest.mark.parametrize("happens", [_leaves, _is_one_with])
def test_who_leaves_or_turns_out_to_be_somebody_else_counts_no_longer(
    firm: Service, at: Watch, happens: Callable[[Service], None]
) -> None:
    for number, email in enumerate(EMAILS[:2]):
        receive(firm, activity(number, email, "page_view", at(), page="pricing"))
    drain_all(firm)
    assert carried(firm)
    happens(firm)
    assert not carried(firm)
    at.forward(HOUR)
    drain_all(firm)
    receive(firm, activity(3, EMAILS[2], "document_view", at(), document="proposal"))
    drain_all(firm)
    assert stored_is_what_everything_says(firm)
