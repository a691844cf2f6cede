"""Sites: the public write keys of `COLDFRAME_SITES`, and the origins whose pages may send with each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

VARIABLE = "COLDFRAME_SITES"
_SITE = r"pk_[A-Za-z0-9]{16,64}=https?://[A-Za-z0-9.:-]+"
PATTERN = rf"^{_SITE}(?:[ ,\n]+{_SITE})*$"
"""`KEY=ORIGIN`, several parted by spaces; a key with several origins stands several times."""


def sites(text: str) -> Mapping[str, frozenset[str]]:
    """The origins of each key."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for pair in text.replace(",", " ").split():
        key, _, origin = pair.partition("=")
        found[key].add(origin.lower())
    return {key: frozenset(those) for key, those in found.items()}


def origins(text: str) -> frozenset[str]:
    """Every origin of any key."""
    return frozenset[str]().union(*_every(sites(text)))


def _every(found: Mapping[str, frozenset[str]]) -> Iterable[frozenset[str]]:
    return found.values()
