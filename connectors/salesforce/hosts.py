"""Salesforce's own addresses: a token goes to these and to no others."""

from urllib.parse import urlsplit

from connectors.answers.web_address import place

PRODUCTION = "https://login.salesforce.com"
TEST = "https://test.salesforce.com"

_DOMAINS = (".salesforce.com", ".force.com", ".salesforce.mil", ".cloudforce.com")


def salesforces(address: str) -> bool:
    """Whether an address is one of Salesforce's own, which a token may be sent to: https, at the usual port."""
    where = place(address).removesuffix(":443")
    return where.startswith("https://") and where.endswith(_DOMAINS)


def common(login_url: str) -> bool:
    """Whether a sign-in address is everybody's; client credentials are taken at the org's own (My Domain) alone."""
    return (urlsplit(place(login_url)).hostname or "") in {"", *(urlsplit(each).netloc for each in (PRODUCTION, TEST))}
