"""A reminder goes to whoever has the task, once, and not at all when sales has answered meanwhile."""

from flows_crms import person
from flows_roles import ANA
from flows_routing import demo, emails, routed
from flows_run import Watch, activity, decided, drain_all, lead, receive

from integration.flows.deciding.advance import advance
from integration.flows.intake.ingest import ingest
from integration.flows.people_in_sales.alert_contents import contents
from integration.store.outgoing import alerts
from integration.store.schema.tables import leads, outbox
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR
from sandbox.server import Sandbox


def waiting(service: Service) -> list[str]:
    """What the alerts are called that wait to be sent, by their keys' ends."""
    with service.store.read() as conn:
        rows = conn.execute(outbox.select().where(outbox.c.kind == "alert", outbox.c.state == "new"))
        return sorted(row.key.rpartition("/")[2] for row in rows)


def asked(service: Service, sandbox: Sandbox, at: Watch) -> None:
    """Ana asked for a demo; four hours before the answer is due a reminder waits to be sent."""
    person(sandbox, "salesforce", ANA)
    demo(service, at, ANA)
    at.forward(20 * HOUR)
    advance(service)


def test_a_reminder_is_not_sent_once_sales_has_answered(alerting: Service, sandbox: Sandbox, at: Watch) -> None:
    asked(alerting, sandbox, at)
    assert waiting(alerting) == ["reminder"]
    receive(alerting, activity(2, ANA, "call_attempt", at(), outcome="no_answer"))
    ingest(alerting)
    advance(alerting)
    assert waiting(alerting) == []
    at.forward(30 * HOUR)
    drain_all(alerting)
    assert not [each for each in decided(alerting, ANA, "alert") if each.key.endswith("/breach")]


def test_a_breach_is_sent_though_sales_has_answered_meanwhile(alerting: Service, sandbox: Sandbox, at: Watch) -> None:
    asked(alerting, sandbox, at)
    at.forward(5 * HOUR)
    advance(alerting)
    receive(alerting, activity(2, ANA, "call_attempt", at(), outcome="no_answer"))
    ingest(alerting)
    advance(alerting)
    assert waiting(alerting) == ["breach"]


def test_a_reminder_comes_once_when_the_lead_is_derived_anew(alerting: Service, sandbox: Sandbox, at: Watch) -> None:
    asked(alerting, sandbox, at)
    for _ in range(2):
        with alerting.store.write() as conn:
            conn.execute(leads.update().values(state=None, due=at()))
        advance(alerting)
    assert waiting(alerting) == ["reminder"]


def test_whoever_has_the_task_is_mentioned_and_not_the_queue_that_owns_the_lead(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    mail = emails(sandbox)["Joaquim"]
    service = routed(service, f"pools: {{sdr: {{members: [{mail}]}}}}\nroutes: [{{otherwise: sdr}}]\n")
    record = person(sandbox, "salesforce", ANA)
    sandbox.salesforce.set("Lead", record, {"OwnerId": sandbox.salesforce.queue("In")})
    demo(service, at, ANA)
    at.forward(20 * HOUR)
    advance(service)
    key = f"{lead(service, ANA).id}/clock/first_contact/1/reminder"
    with service.store.read() as conn:
        raised = alerts.by_key(conn, [key])
        (found,) = contents(conn, service, raised).values()
    assert found.mentioned == mail


def test_a_reminder_that_is_a_task_goes_to_whoever_has_the_lead_and_is_closed_when_sales_answers(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    service = routed(service, "alerts: {default: [], first_contact_reminder: [{task: owner}]}\n")
    asked(service, sandbox, at)
    drain_all(service)
    tasks = {str(each["Coldframe_Key__c"]): each for each in sandbox.salesforce.records("Task")}
    (reminder,) = [each for key, each in tasks.items() if key.endswith("/reminder/to_owner")]
    (handoff,) = [each for key, each in tasks.items() if "/play/" in key]
    assert reminder["OwnerId"] == handoff["OwnerId"]
    assert reminder["Status"] != "Completed"
    receive(service, activity(2, ANA, "call_attempt", at(), outcome="no_answer"))
    drain_all(service)
    (reminder,) = [
        each for each in sandbox.salesforce.records("Task") if each["Coldframe_Key__c"].endswith("/reminder/to_owner")
    ]
    assert reminder["Status"] == "Completed"
    assert reminder["Subject"].startswith("Answered: ")
