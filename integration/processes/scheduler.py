"""The scheduler: what RQ's cron does by itself: `rq cron integration.processes.scheduler` (or `coldframe clock`)."""

from rq.cron import register

from integration.processes.jobs import drift, look, sweep, trouble, users
from integration.wiring import build, connection_names

SWEEP_SECONDS = 10
DRIFT_SECONDS = 3_600
TROUBLE_SECONDS = 60
USERS_SECONDS = 3_600

_settings = build.settings()
_poll_seconds = _settings.poll_seconds
# What talks to a CRM goes to a CRM's queue: one that hangs must not keep webhooks from being read.
_crms = connection_names.names(_settings)

register(sweep, queue_name="ingest", interval=SWEEP_SECONDS, result_ttl=0, ttl=SWEEP_SECONDS * 3, job_timeout=60)
register(look, queue_name="ingest", interval=_poll_seconds, result_ttl=0, ttl=_poll_seconds, job_timeout=60)
register(trouble, queue_name="ingest", interval=TROUBLE_SECONDS, result_ttl=0, ttl=TROUBLE_SECONDS, job_timeout=60)
for name in _crms[:1]:
    register(drift, queue_name=name, interval=DRIFT_SECONDS, result_ttl=0, ttl=DRIFT_SECONDS, job_timeout=300)
    register(users, queue_name=name, interval=USERS_SECONDS, result_ttl=0, ttl=USERS_SECONDS, job_timeout=300)
