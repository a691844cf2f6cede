"""Tables of contents: which of them others choose among, and by what it shows that somebody has seen one."""

from integration.core.rules.playbook_rules import Playbook
from mappings.vocabulary.assets import identity


def choices(playbook: Playbook) -> frozenset[str]:
    """The contents that others choose among."""
    return frozenset(each for content in playbook.contents for each in content.first_unseen)


def assets(playbook: Playbook) -> dict[str, tuple[str, ...]]:
    """By which assets it shows that a content has been seen, of those that others choose among: its name is one."""
    known = {content.name: content.assets for content in playbook.contents}
    found: dict[str, tuple[str, ...]] = {}
    for name in sorted(choices(playbook)):
        for asset in (name, *known.get(name, ())):
            each = identity(asset)
            found[each] = (*found.get(each, ()), name)
    return found
