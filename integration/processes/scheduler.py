"""The scheduler: what RQ's cron does by itself: `rq cron integration.processes.scheduler` (or `coldframe clock`)."""

from rq.cron import register

from integration.processes.jobs import PERIODIC
from integration.wiring import build, connection_names

_settings = build.settings()
_crms = connection_names.names(_settings)

for _each in PERIODIC:
    _seconds = _each.interval(_settings.poll_seconds)
    for _queue in _crms[:1] if _each.calls_crms else ("ingest",):
        register(
            _each.job,
            queue_name=_queue,
            interval=_seconds,
            result_ttl=0,
            ttl=_seconds * _each.patience,
            job_timeout=_each.timeout,
        )
