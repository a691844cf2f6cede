"""One pass of DuckDB over the same activities, by the rules of `two-axis` as they are written here by hand.

What DuckDB reads lies in its own columns before the time is taken.
"""

import resource
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from mappings.values.instant import DAY, Instant

_FETCHED = 10_000
_TABLES = """
CREATE TABLE people AS SELECT * FROM read_csv('{file}.leads', header = false, columns = {{
    'lead': 'VARCHAR', 'seniority': 'VARCHAR', 'employees': 'INTEGER', 'industry': 'VARCHAR'}});
CREATE TABLE deeds AS SELECT * FROM read_csv('{file}.deeds', header = false, columns = {{
    'lead': 'VARCHAR', 'ts': 'BIGINT', 'key': 'VARCHAR', 'type': 'VARCHAR', 'properties': 'VARCHAR'}});
"""
_KEPT = """
    CASE WHEN {since} < 0 OR {until} - {since} < {fortnight} THEN {base}
         WHEN {until} - {since} < {month} THEN {base} * 800 // 1000
         WHEN {until} - {since} < {quarter} THEN {base} * 500 // 1000
         ELSE 0 END"""
_SPANS = {"fortnight": 14 * DAY, "month": 30 * DAY, "quarter": 90 * DAY}
_QUERY = """
CREATE TABLE scores AS
WITH worth AS (
    SELECT lead, ts, key, type <> 'email_open' AS resets, CASE type
        WHEN 'email_open' THEN 1000
        WHEN 'email_click' THEN 3000
        WHEN 'page_view' THEN CASE properties ->> 'page'
            WHEN 'pricing' THEN 15000 WHEN 'case_study' THEN 10000 ELSE 0 END
        WHEN 'content_download' THEN CASE properties ->> 'asset_type'
            WHEN 'educational' THEN 5000 WHEN 'research' THEN 5000
            WHEN 'case_study' THEN 10000 WHEN 'pricing_sheet' THEN 15000 ELSE 0 END
        WHEN 'document_view' THEN CASE properties ->> 'doc_type'
            WHEN 'pricing' THEN 15000 WHEN 'case_study' THEN 10000 ELSE 0 END
        WHEN 'webinar_signup' THEN 7000
        WHEN 'webinar_attend' THEN 5000
        WHEN 'internal_sharing' THEN 15000
        WHEN 'form_reached' THEN 10000
        WHEN 'demo_request' THEN 10000
        ELSE 0 END AS points
    FROM deeds WHERE ts <= {end}
), histories AS (
    SELECT lead, list({{'base': points::BIGINT, 'since': ts, 'resets': resets}} ORDER BY ts, key) AS told
    FROM worth WHERE points > 0 GROUP BY lead
), folded AS (
    SELECT lead, list_reduce(told, lambda a, x: {{
        'base': least(60000, (CASE WHEN x.resets THEN {kept} ELSE a.base END) + x.base),
        'since': CASE WHEN x.resets OR a.since < 0 THEN x.since ELSE a.since END,
        'resets': true}}, {{'base': 0::BIGINT, 'since': (-1)::BIGINT, 'resets': true}}) AS a
    FROM histories
)
SELECT p.lead,
    least(40000,
        CASE WHEN employees BETWEEN 50 AND 300 THEN 15000 WHEN employees >= 301 THEN 10000 ELSE 5000 END
        + CASE seniority WHEN 'director' THEN 15000 WHEN 'vp' THEN 15000 WHEN 'c_level' THEN 15000
            WHEN 'manager' THEN 10000 WHEN 'ic' THEN 5000 ELSE 0 END
        + CASE industry WHEN 'software' THEN 10000 WHEN 'manufacturing' THEN 10000 ELSE 3000 END) AS fit,
    coalesce({ended}, 0) AS engagement
FROM people p LEFT JOIN folded f ON f.lead = p.lead
"""


class Floor:
    """DuckDB with the activities of a file. Raises ImportError where DuckDB is not installed."""

    def __init__(self, file: Path, end: Instant, threads: int) -> None:
        self._db: Any = import_module("duckdb").connect()
        self._end = end
        self._db.execute(f"SET threads = {threads}")
        self._db.execute(_TABLES.format(file=file))

    def run(self) -> tuple[float, float]:
        """The pass: seconds on the wall, and of processors."""
        kept = _KEPT.format(base="a.base", since="a.since", until="x.since", **_SPANS)
        ended = _KEPT.format(base="f.a.base", since="f.a.since", until=self._end, **_SPANS)
        began, used = time.monotonic(), _used()
        self._db.execute(_QUERY.format(end=self._end, kept=kept, ended=ended))
        return time.monotonic() - began, _used() - used

    def scores(self) -> Iterator[tuple[str, int, int]]:
        """(lead, fit, engagement) in thousandths of a point, by lead."""
        found = self._db.execute("SELECT lead, fit, engagement FROM scores ORDER BY lead")
        while rows := found.fetchmany(_FETCHED):
            yield from rows


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
