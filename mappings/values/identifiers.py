"""Identifiers: texts that mean different things, as types that mypy keeps apart, at no cost when the program runs.

A text becomes one of these where it enters: from the settings and the command line, from a row of the store, from a
webhook or a CRM's record. From there on it is passed on as what it is.
"""

from typing import NewType

System = NewType("System", str)
"""Which CRM: `hubspot`, `salesforce`; "" for whoever is no CRM. Several connections may be of one system."""

ConnectionName = NewType("ConnectionName", str)
"""Which connection: what lanes, references and keys of facts go by. A source with ids of its own stands for one."""

ExternalId = NewType("ExternalId", str)
"""The id that a CRM gave to one of its records. It says nothing without the connection and the object."""

LeadId = NewType("LeadId", str)
"""The id of a lead in the store."""

AccountId = NewType("AccountId", str)
"""The id of an account (a company) in the store."""


def first_of(system: System) -> ConnectionName:
    """The connection that is called as its system is: the environment's, and the first that somebody signs in to."""
    return ConnectionName(system)
