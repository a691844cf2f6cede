"""The ground of a publish drill: a service of the drill's own on the rig's store, and the rules that it begins with."""

import time
from collections.abc import Callable
from dataclasses import replace

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.base.running_playbook import published
from integration.flows.base.service import GoingLive, Lanes, NewLeads, Rules
from integration.flows.base.stored_versions import compiled_of
from integration.flows.publishing import put_in_force
from integration.flows.publishing.impact import Impact, impact
from integration.flows.publishing.put_in_force import OvertakenError
from integration.playbook.compiling.compiler import compile_text
from integration.rig.publish_drill.published_edits import WORDS, living
from integration.rig.stage.rig import Rig
from integration.store.events.playbook_versions import Terms, Texts, Version, What
from integration.wiring import build, clock
from integration.wiring.wake_ups import Wakeups
from integration.wiring.whole_service import Service
from mappings.values.instant import MINUTE
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.problems import Problem

AUTHOR = "publish-drill"


def service_of(running: Rig) -> Service:
    """What the rig's processes work with, for the drill itself: it looks, publishes, and lives through the past."""
    settings, store = running.settings, running.store
    return Service(
        store=store,
        now=clock.now,
        connections=build.connections(settings, store),
        rules=Rules(
            compiled=CompiledPlaybook.of(build.playbook(settings.playbook, settings.vocabulary)),
            started=clock.now(),
            of_file=False,
        ),
        wake=Wakeups(settings.redis_url, clock.monotonic).wake,
        lanes=Lanes(holder="publish-drill", lease=MINUTE, linger=0, sleep=time.sleep, monotonic=clock.monotonic),
        new_leads=NewLeads(new_id=clock.new_id, grace=0),
        going_live=GoingLive(tasks_per_hour=settings.tasks_per_hour, writes_per_minute=settings.live_rate),
    )


def begin(service: Service, at: int) -> Version:
    """Put the rules of the living installation in force, as of that time."""
    said, why = Texts(playbook=living(), vocabulary=WORDS), "the rules it begins with"
    try:
        return publish(service, said, "playbook", why, at=at)
    except OvertakenError:  # a worker has put those that it was started with in force meanwhile
        return publish(service, said, "playbook", why, at=at)


def predicted(service: Service, said: Texts, tell: Callable[[int, int], None]) -> Impact:
    """The impact of these rules, as `coldframe publish` shows it."""
    terms = Terms(author=AUTHOR, reason="a drill")
    return impact(published(service), _compiled(service, said), terms, tell)


def publish(service: Service, said: Texts, what: What, reason: str, *, at: int | None = None) -> Version:
    """Put these rules in force, over whatever is."""
    before, _ = put_in_force.current_rules(service)
    terms = Terms(author=AUTHOR, reason=reason, what=what)
    over = before.number if before else None
    moment = published(service) if at is None else _at(service, at)
    return put_in_force.publish(moment, _compiled(service, said), said, terms, over=over)


def _at(service: Service, moment: int) -> Service:
    return replace(service, now=lambda: moment)


def _compiled(service: Service, said: Texts) -> CompiledPlaybook:
    found = compiled_of(said, "the drill's", service.rules.vocabulary)
    if found is None:
        msg = "an edit of the drill is no playbook"
        raise RuntimeError(msg)
    return found


def missed(text: str, words: Vocabulary) -> list[Problem]:
    """The places at which a playbook uses a word that a vocabulary does not have."""
    _, problems = compile_text(text, "the playbook in force", words)
    return [each for each in problems if each.severity == "error"]
