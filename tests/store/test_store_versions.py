"""Versions of the rules are kept whole: texts, roots, files, and by which of them each effect was decided."""

from integration.store.db.session import Store
from integration.store.events import decided_effects, playbook_versions
from integration.store.events.decided_effects import EffectRow
from integration.store.events.playbook_versions import FileInForce, Terms, Texts
from integration.store.people import record_references
from integration.store.people.record_references import Reference
from integration.store.progress import remapping
from integration.store.progress.remapping import Remapping
from integration.store.queues import records_to_read
from integration.store.queues.records_to_read import Wanted
from mappings.values.identifiers import ConnectionName, ExternalId, LeadId

T = 1_700_000_000_000_000
HUBSPOT = ConnectionName("hubspot")


def test_a_version_is_read_as_it_was_published(store: Store) -> None:
    files = (("mapping:hubspot", FileInForce(text="system: hubspot", fingerprint="f", since=T, by_start=True)),)
    said, roots = Texts(playbook="p", vocabulary="v", files=files), {"track": {"new": "old"}, "play": {}, "clock": {}}
    with store.write() as conn:
        terms = Terms(author="a", reason="r", what="mapping")
        made = playbook_versions.publish(conn, terms, said, fingerprint="x", format_=1, at=T, roots=roots)
        row = EffectRow(
            key="l/track/old/1", lead_id=LeadId("l"), kind="track", at=T, payload={}, because=(), decided_at=T
        )
        decided_effects.add(conn, [row])
    with store.read() as conn:
        assert playbook_versions.current(conn) == made
        assert (made.roots, dict(made.files)) == (roots, dict(files))
        assert playbook_versions.texts(conn, made.number) == said
        assert playbook_versions.author(conn) == "", "a mapping's author put no playbook in force"
        assert [each.version for each in decided_effects.history(conn, [LeadId("l")])] == [None]


def test_records_that_were_read_are_found_in_order_and_wanted_after_all_others(store: Store) -> None:
    with store.write() as conn:
        ids = [(kind, ExternalId(str(number))) for kind in ("company", "contact") for number in (1, 2)]
        rows = [Reference(connection=HUBSPOT, object=kind, external_id=id_, lead_id=LeadId("l")) for kind, id_ in ids]
        record_references.link(conn, rows)
        record_references.tell(conn, [((HUBSPOT, kind, id_), {"lead.title": "x"}) for kind, id_ in ids[:3]])
        found = record_references.read_after(conn, HUBSPOT, "company", ExternalId("1"), 9)
        assert [(each.object, each.external_id) for each in found] == [("company", "2"), ("contact", "1")]
        wanted = [Wanted(connection=HUBSPOT, object=kind, external_id=id_) for kind, id_ in ids]
        records_to_read.want(conn, wanted[3:])
        records_to_read.want_later(conn, wanted, T)
        assert [each.external_id for each in records_to_read.take(conn, HUBSPOT, T - 1, 9)] == ["2"]
        taken = records_to_read.take(conn, HUBSPOT, T, 9)
        assert [(each.object, each.external_id) for each in taken[:2]] == [("contact", "2"), ("company", "1")]
        assert records_to_read.waiting(conn) == 4


def test_a_second_change_of_mappings_begins_the_walk_anew_for_both(store: Store) -> None:
    with store.write() as conn:
        remapping.begin(conn, ("mapping:hubspot",), T)
        place = Remapping(files=("mapping:hubspot",), connection=HUBSPOT, object="contact", record=ExternalId("7"))
        remapping.moved(conn, place, T)
        assert remapping.under_way(conn) == place
        remapping.begin(conn, ("mapping:salesforce",), T)
        assert remapping.under_way(conn) == Remapping(files=("mapping:hubspot", "mapping:salesforce"))
        remapping.moved(conn, None, T)
        assert remapping.under_way(conn) is None
