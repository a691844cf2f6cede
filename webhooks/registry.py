"""Registry: every source of webhooks of this installation. The one place that lists those that are shipped.

An installed package adds one with an entry point `coldframe.source` (docs/howto/add-a-source.md).
"""

from collections.abc import Mapping

from mappings.declared.installed import Failure, Found, installed
from webhooks.declaration import Source
from webhooks.sources.activity_source import ACTIVITIES
from webhooks.sources.hubspot import HUBSPOT
from webhooks.sources.salesforce import SALESFORCE_OUTBOUND
from webhooks.sources.website.website_source import WEBSITE

GROUP = "coldframe.source"
SHIPPED = (HUBSPOT, ACTIVITIES, SALESFORCE_OUTBOUND, WEBSITE)

_found: Found[Source] = Found(values=())
_by_name: dict[str, Source] = {}


def declare() -> None:
    """Look for sources. Done when this module is imported."""
    global _found  # noqa: PLW0603 - one process has one set of sources, as it has one set of installed packages
    _found = installed(GROUP, Source, lambda each: each.name, SHIPPED)
    _by_name.clear()
    _by_name.update((each.name, each) for each in _found.values)


def every() -> tuple[Source, ...]:
    """Every source, those that are shipped first."""
    return _found.values


def by_name() -> Mapping[str, Source]:
    """Every source by its name."""
    return _by_name


def failures() -> tuple[Failure, ...]:
    """Declarations of installed packages that cannot be used."""
    return _found.failures


declare()
