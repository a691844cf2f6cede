"""What RQ's cron does by itself: `rq cron integration.schedule` (or `coldframe clock`)."""

from rq.cron import register

from integration import wiring
from integration.jobs import drift, look, sweep

SWEEP_SECONDS = 10
DRIFT_SECONDS = 3_600

register(sweep, queue_name="ingest", interval=SWEEP_SECONDS, result_ttl=0, ttl=SWEEP_SECONDS * 3, job_timeout=60)
register(drift, queue_name="ingest", interval=DRIFT_SECONDS, result_ttl=0, ttl=DRIFT_SECONDS, job_timeout=300)
_POLL_SECONDS = wiring.settings().poll_seconds
register(look, queue_name="ingest", interval=_POLL_SECONDS, result_ttl=0, ttl=_POLL_SECONDS, job_timeout=60)
