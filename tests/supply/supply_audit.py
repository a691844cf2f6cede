"""`make audit`: is a vulnerability known of anything that the service needs?

Exit status 0: every locked distribution was looked up, and nothing is known. 1: something is known. 3: not everything
could be looked up, since no service that knows vulnerabilities was reached; that is no clean bill.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from places import ROOT
from tool_environments import environment

HERE = Path(__file__).parent
LOCK = ROOT / "requirements.txt"
SERVICES = ("pypi", "osv")
KNOWN, NOT_LOOKED_AT = 1, 3
_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one service said: known vulnerabilities, and the distributions that it could not look up.

    `reached` is false where it said nothing at all; `said` is why.
    """

    service: str
    reached: bool
    looked_up: int = 0
    vulnerable: Sequence[str] = ()
    skipped: Sequence[str] = ()
    said: str = ""

    @property
    def status(self) -> int:
        """The exit status."""
        if self.vulnerable:
            return KNOWN
        return 0 if self.looked_up and not self.skipped else NOT_LOOKED_AT


def asked(service: str, lock: Path) -> Found:
    """Ask one service about everything in a lock file; pip is not asked, since all is pinned by hashes."""
    options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--timeout", "10", "--format", "json"]
    python = environment(HERE / "supply.txt")
    ran = subprocess.run(
        [str(python), "-m", "pip_audit", "-r", str(lock), *options, "--vulnerability-service", service],
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    return read(service, ran.stdout, ran.stderr)


def read(service: str, output: str, errors: str) -> Found:
    """What pip-audit's JSON says. It ends well also where it could look nothing up: then it has skipped everything."""
    try:
        rows: Sequence[Mapping[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        lines = errors.strip().splitlines()
        return Found(service=service, reached=False, said=lines[-1] if lines else "it said nothing")
    vulnerable = [
        f"{row['name']} {row['version']}: {each['id']}, mended in {', '.join(each['fix_versions']) or 'no version yet'}"
        for row in rows
        for each in row.get("vulns", ())
    ]
    skipped = [row["name"] for row in rows if "skip_reason" in row]
    return Found(
        service=service,
        reached=True,
        looked_up=len(rows) - len(skipped),
        vulnerable=vulnerable,
        skipped=skipped,
        said=next((row["skip_reason"] for row in rows if "skip_reason" in row), ""),
    )


@click.command(epilog="\b\nmake audit\nmake audit ARGS=--json")
@click.option("--lock", type=click.Path(path_type=Path, exists=True), default=LOCK, help="A lock file with hashes.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of sentences.")
def main(lock: Path, *, as_json: bool) -> None:
    """Ask who knows of vulnerabilities (PyPI, then OSV) about every locked distribution."""
    tried: list[Found] = []
    for service in SERVICES:
        tried.append(asked(service, lock))
        if tried[-1].status != NOT_LOOKED_AT:
            break
    status = tried[-1].status
    if as_json:
        rows = [
            {
                "service": each.service,
                "looked_up": each.looked_up,
                "vulnerable": each.vulnerable,
                "skipped": each.skipped,
                "said": each.said,
            }
            for each in tried
        ]
        click.echo(json.dumps({"status": status, "services": rows}, indent=2))
    else:
        for line in sentences(tried):
            click.echo(line)
    sys.exit(status)


def sentences(tried: Sequence[Found]) -> list[str]:
    """What was found, for people."""
    last = tried[-1]
    if last.vulnerable:
        return [f"{len(last.vulnerable)} known vulnerabilities, says {last.service}:", *last.vulnerable]
    if last.status == 0:
        return [f"{last.looked_up} distributions looked up at {last.service}: no vulnerability is known."]
    why = [
        f"{each.service}: {each.looked_up} looked up, {len(each.skipped)} not"
        if each.reached
        else f"{each.service}: not reached"
        for each in tried
    ]
    reasons = [f"  {each.service} said: {each.said}" for each in tried if each.said]
    return ["NOT AUDITED: no service that knows vulnerabilities was reached.", *why, *reasons]


if __name__ == "__main__":
    main()
