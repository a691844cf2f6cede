"""`python -m integration` is the `coldframe` command."""

from integration.cli import main

main(prog_name="coldframe")
