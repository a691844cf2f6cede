"""`make sbom`: a bill of materials (CycloneDX, JSON) of what the service needs, made from its lock file."""

import subprocess
from pathlib import Path

import click
from places import ROOT
from tool_environments import environment

HERE = Path(__file__).parent
LOCK = ROOT / "requirements.txt"


def write(into: Path, lock: Path = LOCK) -> None:
    """Write the bill, checked against CycloneDX's schema; the same lock file gives the same bill. Asks no registry."""
    python = environment(HERE / "supply.txt")
    options = ["--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--validate"]
    subprocess.run(
        [
            str(python),
            "-W",
            "ignore::UserWarning",
            "-m",
            "cyclonedx_py",
            "requirements",
            str(lock),
            *options,
            "-o",
            str(into),
        ],
        check=True,
        timeout=120,
    )


@click.command(epilog="\b\nmake sbom\nmake sbom ARGS='--into /tmp/coldframe.cdx.json'")
@click.option("--into", type=click.Path(path_type=Path, dir_okay=False), default=ROOT / "coldframe.cdx.json")
def main(into: Path) -> None:
    """Write the bill of materials of the locked distributions."""
    write(into)
    click.echo(f"The bill of materials is {into}")


if __name__ == "__main__":
    main()
