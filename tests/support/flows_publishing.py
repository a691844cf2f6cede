"""What tests of published rules share: who is known, and how a command is called."""

from collections.abc import Callable
from typing import TypeAlias

from click.testing import Result

ANA = "ana@acme.example"
Coldframe: TypeAlias = Callable[..., Result]
"""`coldframe("publish", "playbook", …)` in this process, on the service of the test."""
