"""Salesforce's own addresses: a token goes to these and to no others."""

from connectors.answers.web_address import place

_DOMAINS = (".salesforce.com", ".force.com", ".salesforce.mil", ".cloudforce.com")


def salesforces(address: str) -> bool:
    """Whether an address is one of Salesforce's own, which a token may be sent to: https, at the usual port."""
    where = place(address).removesuffix(":443")
    return where.startswith("https://") and where.endswith(_DOMAINS)
