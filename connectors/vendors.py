"""Vendors: every CRM of this installation. The one place that lists those that are shipped.

An installed package adds one with an entry point `coldframe.crm` (docs/howto/add-a-crm.md).
"""

from collections.abc import Mapping

from connectors.hubspot.vendor import HUBSPOT
from connectors.salesforce.vendor import SALESFORCE
from connectors.shared.vendor import Vendor
from mappings.declared.installed import Failure, Found, installed
from mappings.model import catalogue
from mappings.values.identifiers import System

GROUP = "coldframe.crm"
SHIPPED = (SALESFORCE, HUBSPOT)

_found: Found[Vendor] = Found(values=())
_by_system: dict[System, Vendor] = {}


def declare() -> None:
    """Look for CRMs, and hand their rules to the mappings. Done when this module is imported."""
    global _found  # noqa: PLW0603 - one process has one set of CRMs, as it has one set of installed packages
    found = installed(GROUP, Vendor, lambda each: each.system, SHIPPED)
    _found = Found(values=tuple(sorted(found.values, key=lambda each: each.place)), failures=found.failures)
    _by_system.clear()
    _by_system.update((each.system, each) for each in _found.values)
    catalogue.declare(each.rules for each in _found.values)


def every() -> tuple[Vendor, ...]:
    """Every CRM, the preferred home of sales' tasks first."""
    return _found.values


def systems() -> tuple[System, ...]:
    """The name of every CRM, in the same order."""
    return tuple(each.system for each in every())


def by_system() -> Mapping[System, Vendor]:
    """Every CRM by its name."""
    return _by_system


def vendor(system: System) -> Vendor:
    """The CRM of that name. UndeclaredError where there is none."""
    catalogue.rules(system)
    return _by_system[system]


def failures() -> tuple[Failure, ...]:
    """Declarations of installed packages that cannot be used."""
    return _found.failures


declare()
