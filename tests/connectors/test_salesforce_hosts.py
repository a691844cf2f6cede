"""Which addresses a Salesforce token may be sent to."""

import pytest

from connectors.answers.web_address import place
from connectors.base.credentials import Credential
from connectors.base.sign_in_port import Client
from connectors.salesforce.connector import SalesforceConnector
from connectors.salesforce.hosts import salesforces
from connectors.salesforce.setup.oauth import SalesforceSignIn
from integration.settings.combinations import unmet

OWN = [
    "https://acme.my.salesforce.com",
    "https://acme.my.salesforce.com/",
    "https://acme.my.salesforce.com:443",
    "https://ACME.my.Salesforce.COM",
    "HTTPS://acme.my.salesforce.com",
    "https://acme--uat.sandbox.my.salesforce.com",
    "https://acme.my.salesforce.com/services/data",
    "https://acme.lightning.force.com/lightning/page/home",
    "https://gov.my.salesforce.mil",
    "https://acme.cloudforce.com",
    "https://na139.salesforce.com",
]
FOREIGN = [
    "",
    "nonsense",
    "https://",
    "http://acme.my.salesforce.com",
    "ftp://acme.my.salesforce.com",
    "//acme.my.salesforce.com",
    "acme.my.salesforce.com",
    "https://salesforce.com.evil.example",
    "https://evilsalesforce.com",
    "https://my-salesforce.com",
    "https://evil.example/.salesforce.com",
    "https://evil.example\\.salesforce.com",
    "https://evil.example\\@acme.my.salesforce.com",
    "https://acme.my.salesforce.com\\@evil.example",
    "https://evil.example/\\acme.my.salesforce.com",
    "https://user@acme.my.salesforce.com",
    "https://user:pass@acme.my.salesforce.com",
    "https://@acme.my.salesforce.com",
    "https://evil.example#.salesforce.com",
    "https://evil.example?.salesforce.com",
    "https://evil.example;.salesforce.com",
    "https://evil.example%2f.salesforce.com",
    "https://evil.example%00.salesforce.com",
    "https://evil.example\x00.salesforce.com",
    "https://evil.example\t.salesforce.com",
    "https://evil.example\n.salesforce.com",
    "https://acme.my.salesforce.com\n",
    "https://acme.my.salesforce.com ",
    " https://acme.my.salesforce.com",
    "\thttps://acme.my.salesforce.com",
    "https://acme.my.sales\nforce.com",
    "https://evil.example\u2044.salesforce.com",
    "https://evil.example\uff0f.salesforce.com",
    "https://evil.example\u2100.salesforce.com",
    "https://acme.my\u3002salesforce.com",
    "https://acme.my\uff0esalesforce.com",
    "https://acme.my.s\u0430lesforce.com",
    "https://acme.my.\u017falesforce.com",
    "https://acme.my.salesforce.com:8443",
    "https://acme.my.salesforce.com:443:443",
    "https://acme.my.salesforce.com:",
    "https://acme.my.salesforce.com:\u0664\u0664\u0663",
    "https://acme.my.salesforce.com.",
    "https://.salesforce.com",
    "https://acme..salesforce.com",
    "https://-acme.salesforce.com",
    "https://acme_x.salesforce.com",
    "https://acme.my.salesforce.com?x=1",
    "https://acme.my.salesforce.com#x",
    "https:///acme.my.salesforce.com",
    "https:/acme.my.salesforce.com",
    "https:\\\\acme.my.salesforce.com",
    f"https://{'a' * 64}.salesforce.com",
    f"https://{'a.' * 130}salesforce.com",
]


@pytest.mark.parametrize("address", OWN)
def test_salesforces_own_addresses_are_known(address: str) -> None:
    assert salesforces(address)
    crm = SalesforceConnector(Credential(token="t", instance_url=address))
    crm.close()


@pytest.mark.parametrize("address", FOREIGN)
def test_a_token_goes_nowhere_else_whatever_a_parser_might_think_of_the_address(address: str) -> None:
    assert not salesforces(address)
    with pytest.raises(ValueError, match="not an address of Salesforce"):
        SalesforceConnector(Credential(token="t", instance_url=address))
    if address:
        with pytest.raises(ValueError, match="not an address of Salesforce"):
            SalesforceSignIn(Client(id="c", login_url=address))
        given = {"SALESFORCE_INSTANCE_URL": address, "SALESFORCE_ACCESS_TOKEN": "t"}
        assert [name for name, _ in unmet(given)] == ["SALESFORCE_INSTANCE_URL"]


def test_a_place_is_an_address_without_its_path_in_small_letters() -> None:
    assert place("HTTP://LocalHost:8080/salesforce") == "http://localhost:8080"
    assert place("http://[::1]:8080") == "http://[::1]:8080"
    assert place("https://ACME.my.salesforce.com/") == "https://acme.my.salesforce.com"
