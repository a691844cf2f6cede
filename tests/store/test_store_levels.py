"""What service levels are measured from: runs of clocks, outages as intervals, since when something has been here."""

from dataclasses import replace

from integration.store.assigning import assigned_tasks, clock_runs
from integration.store.assigning.assigned_tasks import AssignedTask
from integration.store.assigning.clock_runs import ClockRun
from integration.store.crm import connection_pauses, outages
from integration.store.db.session import Store
from integration.store.outgoing import alerts
from integration.store.outgoing.alerts import RaisedAlert
from integration.store.queues import dirty
from integration.store.schema.tables import assignments, outbox
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND, parse

T = parse("2026-01-06T09:00:00Z")


def intervals(store: Store, since: int = 0, before: int = T + DAY) -> list[tuple[str, str, int, int | None]]:
    """(connection, kind, beginning, end) in minutes from T."""
    with store.read() as conn:
        return [
            (
                each.connection,
                each.kind,
                (each.begins - T) // MINUTE,
                None if each.ends is None else (each.ends - T) // MINUTE,
            )
            for each in outages.between(conn, since, before)
        ]


def test_pauses_that_follow_each_other_are_one_outage_and_others_are_not(store: Store) -> None:
    with store.write() as conn:
        for minute in (0, 10, 11, 40):
            connection_pauses.pause(conn, "hubspot", T + (minute + 10) * MINUTE, "503", now=T + minute * MINUTE)
        connection_pauses.pause(conn, "hubspot", T + 5 * MINUTE, "429", now=T, limited=True)
        connection_pauses.pause(conn, "hubspot", T + HOUR, "spent", kind="budget", now=T)
        connection_pauses.pause(conn, "salesforce", T + MINUTE, "503", now=T)
    assert intervals(store) == [
        ("hubspot", "limit", 0, 5),
        ("hubspot", "outage", 0, 21),
        ("salesforce", "outage", 0, 1),
        ("hubspot", "outage", 40, 50),
    ]
    assert intervals(store, T + 21 * MINUTE, T + 40 * MINUTE) == [], "the end and the beginning are not in between"


def test_an_outage_ends_when_somebody_ends_the_pause(store: Store) -> None:
    with store.write() as conn:
        connection_pauses.sign_out(conn, "hubspot", "invalid_grant", now=T)
        connection_pauses.sign_out(conn, "hubspot", "invalid_grant", now=T + MINUTE)
        connection_pauses.stop(conn, "hubspot", "we look", now=T)
        connection_pauses.pause(conn, "hubspot", T + HOUR, "503", now=T)
    assert {each[3] for each in intervals(store)} == {None, 60}
    with store.write() as conn:
        connection_pauses.signed_in(conn, "hubspot", T + 2 * MINUTE)
    assert ("hubspot", "signed_out", 0, 2) in intervals(store)
    with store.write() as conn:
        connection_pauses.go(conn, "hubspot", T + 3 * MINUTE)
    assert intervals(store) == [
        ("hubspot", "outage", 0, 3),
        ("hubspot", "person", 0, 3),
        ("hubspot", "signed_out", 0, 2),
    ]


def test_outages_are_kept_for_more_than_a_year(store: Store) -> None:
    with store.write() as conn:
        connection_pauses.pause(conn, "hubspot", T + MINUTE, "503", now=T)
        connection_pauses.sign_out(conn, "hubspot", "open", now=T)
        assert not outages.prunable(conn, T + 400 * DAY)
        assert outages.prunable(conn, T + 401 * DAY)
        outages.prune(conn, T + 401 * DAY)
    assert intervals(store) == [("hubspot", "signed_out", 0, None)]


RUN = ClockRun(
    key="ana/clock/first_response/1",
    lead_id="ana",
    clock="first_response",
    times=1,
    started_at=T,
    received_at=T + SECOND,
    due_at=T + HOUR,
    breached=False,
    hours=((T + MINUTE, "Mon-Fri 08:00-16:00 Europe/Berlin"),),
)


def test_a_run_is_stored_as_it_is_now_and_when_it_was_received_stays(store: Store) -> None:
    later = replace(RUN, received_at=T + DAY, breached=True, ended_at=T + 2 * HOUR, answer="call_attempt", withheld="x")
    with store.write() as conn:
        clock_runs.put(conn, [RUN])
        clock_runs.put(conn, [later])
        (found,) = clock_runs.of_leads(conn, ["ana"])
        assert clock_runs.of_keys(conn, [RUN.key, "none"]) == {RUN.key: found}
    assert found == replace(later, received_at=T + SECOND, withheld=None)


def test_a_history_that_leads_to_other_runs_leaves_none_of_before(store: Store) -> None:
    second = replace(RUN, key="ana/clock/first_response/2", times=2)
    other = replace(RUN, key="bo/clock/first_response/1", lead_id="bo")
    with store.write() as conn:
        clock_runs.put(conn, [RUN, second, other])
        clock_runs.keep_only(conn, ["ana"], [second.key])
        assert [each.key for each in clock_runs.of_leads(conn, ["ana", "bo"])] == [second.key, other.key]
        clock_runs.keep_only(conn, ["ana", "bo"], [])
        assert clock_runs.of_leads(conn, ["ana", "bo"]) == []


def test_the_runs_of_a_time_come_in_batches_each_once(store: Store) -> None:
    rows = [
        replace(RUN, key=f"l{number}/clock/c/1", lead_id=f"l{number}", started_at=T + number // 3 * HOUR)
        for number in range(10)
    ]
    hidden = replace(RUN, key="old", withheld="history")
    late = replace(RUN, key="late", breached=True)
    with store.write() as conn:
        clock_runs.put(conn, [*rows, hidden])
    with store.read() as conn:
        batches = list(clock_runs.started(conn, T, T + 3 * HOUR, 2))
        assert [each.key for batch in batches for each in batch] == [row.key for row in rows[:9]]
        assert clock_runs.overdue(conn) == {}
    with store.write() as conn:
        clock_runs.put(conn, [late, replace(late, key="answered", ended_at=T)])
        assert clock_runs.overdue(conn) == {"first_response": 1}


def test_a_task_stands_since_the_first_time_and_something_is_here_since_it_came(store: Store) -> None:
    task = AssignedTask(key="k", lead_id="ana", connection="hubspot", user="7", person="nadia@acme.example")
    with store.write() as conn:
        assigned_tasks.put(conn, [task], T)
        assigned_tasks.stand(conn, ["k", "unknown"], T + SECOND)
        assigned_tasks.stand(conn, ["k"], T + DAY)
        assert conn.execute(assignments.select()).one().stands_at == T + SECOND
        dirty.mark(conn, ["ana", "bo"], T + MINUTE)
        dirty.mark(conn, ["ana"], T + HOUR, came_at=T)
        dirty.mark(conn, ["bo"], T + HOUR, came_at=T + DAY)
        assert dirty.received(conn, ["ana", "bo", "cy"]) == {"ana": T, "bo": T + MINUTE}


def test_only_alerts_that_were_not_sent_are_dropped(store: Store) -> None:
    raised = [
        RaisedAlert(key=f"ana/clock/c/1/{end}", alert="c", text="t", at=T, raised_at=T, lead_id="ana")
        for end in ("reminder", "breach")
    ]
    with store.write() as conn:
        alerts.add(conn, raised)
        for way in ("webhook", "slack:sales"):
            alerts.want(conn, way, [(each, 0) for each in raised], T)
        conn.execute(
            outbox.update().where(outbox.c.key == "alerts:webhook:ana/clock/c/1/reminder").values(attempted=True)
        )
        alerts.drop_unsent(conn, {"ana": {"ana/clock/c/1/reminder"}})
        kept = sorted(row.key for row in conn.execute(outbox.select()))
    assert kept == [
        "alerts:slack:sales:ana/clock/c/1/breach",
        "alerts:webhook:ana/clock/c/1/breach",
        "alerts:webhook:ana/clock/c/1/reminder",
    ]
