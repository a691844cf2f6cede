"""Works out what a draft would do, in a process of its own: web requests stay quick, and the progress is stored."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import structlog

from connectors.base.port import Unavailable
from integration.flows.base.running_playbook import OutdatedError, published
from integration.flows.publishing import proposals
from integration.flows.publishing.plain_impact import plain, plain_mapping
from integration.flows.publishing.proposal_impact import impact_of, reread_by, unchanged
from integration.flows.publishing.proposals import Proposal, ProposalError
from integration.settings.environment import Settings
from integration.store.console import rule_drafts
from integration.store.console.rule_drafts import Draft
from integration.store.db.errors import StoreError
from integration.store.db.json_codec import decode
from integration.store.events import playbook_versions
from integration.web.console.rules import rule_files
from integration.web.console.shell.busy_store import store_outcome, store_progress
from integration.wiring.whole_service import Service

log = structlog.get_logger()

_LATER = 10
"""How much later than the workers the process that looks ahead gets the processor."""


def begin(draft_id: str) -> None:
    """Start the process that works a draft out."""
    subprocess.Popen(  # noqa: S603 - our own module, and an id that was made here
        [sys.executable, "-m", "integration.web.console.rules.draft_impact", draft_id],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def work(service: Service, settings: Settings, draft_id: str) -> None:
    """Work out what a draft would do, and store it; a failure is stored too, and read on the draft's page."""
    with service.store.read() as conn:
        draft = rule_drafts.get(conn, draft_id)
    if draft is None or draft.state != "working":
        return
    state: rule_drafts.State = "ready"
    try:
        result = _worked(published(service), service, settings, draft)
    except (ProposalError, Unavailable, OutdatedError, StoreError) as error:
        state, result = "failed", {"message": str(error)}
    except Exception as error:
        log.exception("what a draft would do could not be worked out", draft=draft_id)
        state, result = (
            "failed",
            {"message": f"It could not be worked out ({type(error).__name__}); the log says more."},
        )
    store_outcome(service.store, lambda conn: rule_drafts.end(conn, draft, state, result))


def proposed(service: Service, started: Service, settings: Settings, draft: Draft) -> Proposal:
    """What the draft would put in force, by the rules as they are now. Raises ProposalError."""
    if draft.subject.startswith(rule_files.VERSION):
        number = int(draft.subject.removeprefix(rule_files.VERSION))
        return proposals.of_version(service, number, draft.terms.what, started.rules.vocabulary)
    subject = draft.subject.removeprefix(rule_files.TOGETHER)
    file = next((each for each in rule_files.files(service, settings) if each.subject == subject), None)
    if file is None:
        msg = f"There is no {subject} here any more."
        raise ProposalError(msg)
    if subject != draft.subject:
        found = rule_files.checked_together(service, file, **decode(draft.body, dict[str, str]))
    else:
        found = rule_files.checked(service, settings, file, draft.body)
    if found.proposal is None:
        msg = "\n".join(map(str, found.problems))
        raise ProposalError(msg)
    return found.proposal


def _worked(service: Service, started: Service, settings: Settings, draft: Draft) -> dict[str, Any]:
    proposal = proposed(service, started, settings, draft)
    note = _noting(service, draft)
    read = reread_by(service, proposal, lambda done: note(done, 0))
    found = impact_of(service, proposal, draft.terms, note, read)
    mapping = plain_mapping(read) if read else {}
    return {"number": proposal.number, "same": unchanged(service, proposal), **plain(found), **mapping}


def _noting(service: Service, draft: Draft) -> Callable[[int, int], None]:
    def step(done: int, total: int) -> None:
        store_progress(service.store, lambda conn: rule_drafts.step(conn, draft.id, done, total))

    return step


def main(draft_id: str) -> None:
    """The process's own way in."""
    from integration.wiring import build, logs  # noqa: PLC0415 - the web process has imported them already

    os.nice(_LATER)
    settings = build.settings()
    logs.configure(settings)
    work(build.service(), settings, draft_id)


def left(service: Service) -> int:
    """Leads that are still to be derived under the version in force."""
    with service.store.read() as conn:
        current = playbook_versions.current(conn)
        return playbook_versions.left(conn, current.number) if current else 0


if __name__ == "__main__":
    main(sys.argv[1])
