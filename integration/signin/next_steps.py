"""What to do after signing in, as the command line and the page in the browser both say it."""

from collections.abc import Sequence

from integration.signin.sign_in_request import SignInRequest
from mappings.values.identifiers import first_of


def next_steps(request: SignInRequest) -> Sequence[tuple[str, str]]:
    """Each command, and what it is for."""
    which = "" if request.name == first_of(request.system) else f" --connection {request.name}"
    return (
        (f"coldframe provision {request.system}{which} --dry-run", "the fields it will need"),
        ("coldframe doctor", "what is still missing"),
    )
