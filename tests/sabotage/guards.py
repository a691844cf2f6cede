"""The guards of the product, how each is removed, and the tests that must notice.

An edit names a function, class or constant and a text that stands in it. The module is looked for, so that a guard may
move to another one; where its text is no longer found in exactly one place, the table is wrong and says so.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """In the definition `name`, `old` becomes `new`."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Something that keeps a fault away. Without it at least one of `tests` fails."""

    name: str
    keeps: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]


def _guard(name: str, keeps: str, *edits: tuple[str, str, str], tests: tuple[str, ...]) -> Guard:
    return Guard(
        name=name,
        keeps=keeps,
        edits=tuple(Edit(name=where, old=old, new=new) for where, old, new in edits),
        tests=tests,
    )


GUARDS = (
    _guard(
        "one-turn",
        "a task that is sent again stays with its person, and takes no second turn in its pool",
        (
            "resolved",
            "case.kept is not None and case.kept.pool and _keeps",
            "case.kept is not None and False and _keeps",
        ),
        tests=(
            "tests/flows/people_in_sales/test_flow_routing.py::test_a_task_that_is_sent_again_takes_no_second_turn",
        ),
    ),
    _guard(
        "touches-apart",
        "after an outage touches are written one at a time, when sales does not talk and the window is open",
        ("taken", "elif turn.at <= now:", "elif turn.at:"),
        tests=(
            "tests/flows/delivering/test_touch_turns.py::test_no_touch_is_written_to_an_address_that_mail_comes_back_from[hubspot]",
        ),
    ),
    _guard(
        "owners-choice",
        "a person's choice of an owner is never written over",
        ("writes", "if stands.get((name, row.external_id), user) in free", "if True"),
        tests=("tests/flows/people_in_sales/test_flow_set_owners.py::test_a_choice_made_meanwhile_stays[salesforce]",),
    ),
    _guard(
        "taken-over-once",
        "a task is taken from somebody once, and never given back to them",
        ("_case", 'or "taken_over" in row.payload', "or False"),
        tests=(
            "tests/flows/assigning/test_flow_reassign.py::test_an_owner_who_does_not_answer_loses_the_task_to_the_pool",
        ),
    ),
    _guard(
        "activity-dedupe",
        "an activity that comes twice counts once",
        (
            "_ADD",
            'insert_new(activities, ["key"], columns=',
            'insert_new.__globals__["upsert"](activities, ["key"], lambda new: {"at": new.at}, columns=',
        ),
        tests=("tests/store/test_store_events.py::test_the_same_activity_twice_counts_once[sqlite]",),
    ),
    _guard(
        "fencing",
        "whoever lost a lease commits nothing",
        ("_MINE", 'leases.c.token == bindparam("mine")', 'leases.c.token >= bindparam("mine")'),
        tests=(
            "tests/store/test_store_leases.py::test_an_expired_lease_is_taken_over_and_its_holder_is_fenced_off[sqlite]",
        ),
    ),
    _guard(
        "refresh-lock",
        "one process renews a token for all",
        ("_take", 'f"connection:{self.name}"', 'f"connection:{self.name}:{id(self)}"'),
        tests=(
            "tests/signin/test_signin_flows.py::test_while_another_process_renews_a_token_nobody_else_asks_for_one",
        ),
    ),
    _guard(
        "fsync",
        "what is answered is on the disk",
        ("prepare", "PRAGMA synchronous = FULL", "PRAGMA synchronous = OFF"),
        tests=("tests/store/test_store_session.py::test_sqlite_syncs_fully_in_wal_mode",),
    ),
    _guard(
        "signature",
        "a delivery that somebody else has signed is refused",
        ("judged", "if not _among(given, wanted):", "if not wanted:"),
        tests=("tests/webhooks/test_webhooks_signatures.py::test_one_flipped_bit_of_the_body_is_forged",),
    ),
    _guard(
        "timestamp",
        "a signature is good for five minutes",
        ("judged", "abs(now - at) <= TOLERANCE", "abs(now - at) >= 0"),
        tests=("tests/webhooks/test_webhooks_signatures.py::test_a_stale_or_future_timestamp_is_stale",),
    ),
    _guard(
        "organization-id",
        "outbound messages of other organizations are refused",
        ("check", "record_ids.same(SYSTEM, told, each)", "bool(each)"),
        tests=("tests/web/test_webhooks_outbound.py::test_a_wrong_secret_or_organization_is_turned_away",),
    ),
    _guard(
        "echo-by-origin",
        "what our own app wrote is nobody's change",
        ("_echo", "if told.own:", "if told.own and told.property is None:"),
        tests=("tests/flows/delivering/test_faults_echo.py::test_what_our_own_app_wrote_is_known_by_its_origin",),
    ),
    _guard(
        "echo-by-value",
        "a value that we wrote comes back as nobody's choice",
        ("_echo", "bool(target and memory and", "bool(not target and memory and"),
        tests=(
            "tests/flows/delivering/test_faults_echo.py::test_what_we_wrote_is_known_by_its_value_where_no_origin_is_given",
        ),
    ),
    _guard(
        "outbox-key",
        "a task is wanted once",
        (
            "_WANT_ONCE",
            'insert_new(outbox, ["key"])',
            'upsert(outbox, ["key"], lambda new: {"seq": outbox.c.seq + 1, "state": "new"})',
        ),
        tests=("tests/store/test_store_outbox.py::test_a_task_is_wanted_once_whatever_happened_to_it[sqlite]",),
    ),
    _guard(
        "effect-key",
        "an effect is carried out once",
        (
            "_ADD",
            'insert_new(effects, ["key"], returning=',
            'insert_new.__globals__["upsert"](effects, ["key"], lambda new: {"at": new.at}, returning=',
        ),
        tests=("tests/store/test_store_work.py::test_an_effect_is_new_once_ever[sqlite]",),
    ),
    _guard(
        "attempted",
        "a task whose outcome is unknown is looked for before it is made again",
        ("_task", "attempted=row.attempted", "attempted=False"),
        tests=(
            "tests/flows/delivering/test_faults_key_not_unique.py::test_a_task_whose_reply_was_lost_is_looked_for_before_it_is_made_again",
        ),
    ),
    _guard(
        "alert-attempted",
        "an alert whose answer was lost is not simply sent again",
        ("_turn", "if row.attempted:", "if row.attempted is None:"),
        tests=(
            "tests/flows/people_in_sales/test_flow_alert_sinks.py::test_each_alert_arrives_once_whatever_the_receiver_does[teams-apply_then_drop]",
        ),
    ),
    _guard(
        "redirects",
        "a CRM's reply sends no token elsewhere",
        ("_send", "allow_redirects=False", "allow_redirects=True"),
        ("_Straight", "return None", "return super().get_redirect_target(_resp)"),
        ("SalesforceSession", "session.max_redirects = 0", "session.max_redirects = 30"),
        tests=("tests/connectors/test_redirects.py::test_the_salesforce_session_sends_no_token_where_a_reply_points",),
    ),
    _guard(
        "sealing",
        "sealed bytes open in their own place alone",
        ("spelled", 'return b"".join(', 'return b"" and b"".join('),
        tests=("tests/store/test_sealing.py::test_bytes_moved_to_another_row_field_or_table_are_refused",),
    ),
    _guard(
        "oauth-state",
        "an authorization code of somebody else's sign-in is refused",
        ("do_GET", 'not hmac.compare_digest(given.get("state", "").encode(), self.server.state.encode())', "False"),
        tests=("tests/signin/test_loopback.py::test_a_code_that_comes_with_another_state_is_refused",),
    ),
    _guard(
        "sign-in-browser",
        "an answer counts in the browser that opened the link",
        ("finish", "not hmac.compare_digest(asking.state.encode(), answer.state.encode())", "False"),
        tests=(
            (
                "tests/web/test_public_sign_in_refused.py"
                "::test_an_answer_in_another_browser_is_refused_and_the_right_one_still_counts[sqlite-hubspot]"
            ),
        ),
    ),
    _guard(
        "website-origin",
        "a website's key is good for its own origins",
        ("receive", "if origin not in known.get(message.key, ()):", "if False:"),
        tests=("tests/web/test_website.py::test_a_key_is_good_for_its_own_origins_alone",),
    ),
    _guard(
        "introductions",
        "nobody whose address is known is joined to somebody else by a sender",
        ("_resolve", "known and known[0] in nameless", "known"),
        tests=(
            (
                "tests/flows/people/test_flow_introductions.py"
                "::test_whoever_has_an_address_is_neither_renamed_nor_joined_by_another_one[sqlite]"
            ),
        ),
    ),
    _guard(
        "document-types",
        "XML with entities of its own is refused",
        ("envelope", 'if b"<!DOCTYPE" in body', 'if b"<!NEVER" in body'),
        ("envelope", "if root.getroottree().docinfo.doctype:", "if root is None:"),
        tests=("tests/web/test_webhooks_outbound.py::test_a_document_type_is_refused_at_once",),
    ),
    _guard(
        "json-serializer",
        "nothing in Redis is unpickled",
        (
            "_enqueue",
            "serializer=JSONSerializer",
            "serializer=None",
        ),
        tests=(
            "tests/wiring/test_webhooks_wakeups.py::test_a_wake_up_queues_one_job_that_says_the_lane_and_nothing_else",
        ),
    ),
    _guard(
        "escaping",
        "what leads say is text in a task's HTML",
        ("_part", "return html.escape(part)", "return part"),
        tests=("tests/connectors/test_task_rendering.py::test_a_task_body_is_escaped_whatever_it_holds",),
    ),
    _guard(
        "soql-quoting",
        "what leads say is text in a query",
        ("quoted", "text.translate(_ESCAPES)", "text"),
        tests=("tests/connectors/test_connector_batching.py::test_a_soql_text_never_ends_before_its_quote",),
    ),
    _guard(
        "log-redaction",
        "no secret is in the log",
        ("Redaction", "self._known.sub(BLACK, given)", "given"),
        tests=("tests/wiring/test_webhooks_logs.py::test_no_secret_is_ever_in_a_line",),
    ),
    _guard(
        "erased-screening",
        "nothing that comes in brings an erased person back",
        ("screen", "gone = erased_people.known(conn, service.keys.keyring, sorted(told.union(*names)))", "gone = {}"),
        tests=(
            "tests/flows/privacy/test_flow_erasing.py::test_nothing_that_comes_in_late_brings_somebody_back[sqlite]",
        ),
    ),
    _guard(
        "overwriting",
        "what is erased is overwritten in SQLite's file",
        ("shred", "PRAGMA secure_delete = ON", "PRAGMA secure_delete"),
        tests=("tests/store/test_store_shredding.py::test_what_is_deleted_after_shred_is_overwritten_in_the_file",),
    ),
    _guard(
        "compacting",
        "what was deleted earlier leaves SQLite's file",
        ("compact", 'driver.execute("VACUUM")', "driver.cursor()"),
        tests=(
            "tests/store/test_store_shredding.py::test_what_was_deleted_before_leaves_the_file_when_it_is_compacted",
        ),
    ),
    _guard(
        "shadow-lanes",
        "a new installation delivers nothing before somebody goes live",
        ("in_shadow", "shadowed(conn, forced=service.going_live.shadow)", "service.going_live.shadow"),
        tests=("tests/flows/delivering/test_flow_live.py::test_without_a_word_hot_leads_stay_history",),
    ),
    _guard(
        "shadow-connectors",
        "no part of the service writes to a CRM before somebody goes live",
        ("_may_write", "not write_access.shadowed(conn, forced=given.shadow)", "bool(conn)"),
        tests=("tests/flows/delivering/test_flow_live.py::test_a_connection_asks_the_store_at_every_write",),
    ),
    _guard(
        "first-readings",
        "what another CRM's record is when first read gives no points for a change",
        ("fulfilled", "event.initial or not known", "not known"),
        tests=(
            "tests/core/test_core_field_points.py::test_a_records_first_reading_is_no_change_whatever_is_asked_for",
        ),
    ),
    _guard(
        "shares-of-a-base",
        "points that end follow the base that decay has made smaller",
        ("_rebase", "expiry.rescale(score.endings, before, score.base)", "score.endings.sort(key=id)"),
        tests=(
            "tests/core/test_core_expiry.py::test_an_activity_that_ends_idleness_leaves_each_its_share_of_what_was_left",
        ),
    ),
    _guard(
        "floor",
        "decay of an old score stops at the floor",
        ("_month_passed", "taken = min(share, max(0, spare))", "taken = share"),
        tests=("tests/core/test_core_floor.py::test_a_score_falls_to_the_floor_and_stays_there[monthly]",),
    ),
)
