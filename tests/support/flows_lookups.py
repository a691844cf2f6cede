"""Look-ups as tests cause them, and what is left of them."""

from flows_run import Watch, activity, receive

from integration.store.crm import connection_pauses
from integration.store.queues import look_ups, people_to_find, records_to_read
from integration.store.queues.records_to_read import Wanted
from integration.wiring.whole_service import Service

FIND = {"hubspot": "*/contacts/batch/read", "salesforce": "*/query"}

REFUSED = {
    "hubspot": '{"status": "error", "category": "VALIDATION_ERROR", "message": "will not do", "correlationId": "c"}',
    "salesforce": '[{"errorCode": "MALFORMED_QUERY", "message": "will not do"}]',
}


def visit(service: Service, at: Watch, who: list[str]) -> None:
    receive(service, *(activity(each, each, "page_view", at(), page="pricing") for each in who))


def wish(service: Service, connection: str, object_name: str | None, *ids: str) -> None:
    """Ask for these records, or (without an object) for the people who have these e-mails."""
    with service.store.write() as conn:
        if object_name is None:
            people_to_find.seek(conn, [connection], ids)
        else:
            records_to_read.want(
                conn, [Wanted(connection=connection, object=object_name, external_id=each) for each in ids]
            )


def waiting(service: Service, connection: str, at: int) -> list[look_ups.LookUp]:
    with service.store.read() as conn:
        return look_ups.take(conn, connection, at, 1_000)


def paused(service: Service, at: Watch) -> set[str]:
    with service.store.read() as conn:
        return set(connection_pauses.paused(conn, at()))
