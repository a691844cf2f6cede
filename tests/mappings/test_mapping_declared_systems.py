"""What no CRM has declared has no ids, no rules and no mapping: nothing is taken for another CRM."""

import pytest

from connectors import vendors
from mappings.language import mapping_files
from mappings.model import catalogue
from mappings.model.catalogue import UndeclaredError
from mappings.values import record_ids


@pytest.mark.parametrize("system", ["", "hubspt", "Salesforce", "pipedrive"])
def test_a_system_that_nobody_declared_is_refused_and_never_another_one(system: str) -> None:
    assert not record_ids.genuine(system, "17")
    assert not record_ids.genuine(system, "00Q5g00000AbCdE")
    assert record_ids.full(system, "00Q5g00000AbCdE") == "00Q5g00000AbCdE"
    for ask in (catalogue.rules, vendors.vendor, mapping_files.shipped):
        with pytest.raises(UndeclaredError, match="declared are hubspot, salesforce"):
            ask(system)


def test_every_declared_crm_has_its_mapping_and_its_variables() -> None:
    assert vendors.systems() == ("salesforce", "hubspot"), "the preferred home of sales' tasks first"
    for each in vendors.every():
        file = mapping_files.shipped(each.system)
        assert file.problems == ()
        assert file.mapping is not None
        assert set(file.mapping.people) == set(each.rules.people)
        assert {each.token, each.api_url, each.mapping} <= {one.name for one in each.variables}
        assert {need.variable for need in each.needs} <= {one.name for one in each.variables}
