"""HubSpot's mapping with the section of its own leads (0-136)."""

from mappings.language import mapping_files
from mappings.language.mapping_compiler import compile_mapping
from mappings.model.compiled_mapping import CrmMapping
from mappings.yaml_files.located_yaml import load


def with_leads() -> CrmMapping:
    """HubSpot's mapping with the section of its leads, which is shipped as a comment."""
    text = mapping_files.shipped("hubspot").text
    start = text.index("  # lead:")
    located, problems = load(text[:start] + text[start:].replace("  # ", "  "), "hubspot.yaml")
    assert located is not None, problems
    mapping, problems = compile_mapping(located)
    assert mapping is not None, problems
    return mapping
