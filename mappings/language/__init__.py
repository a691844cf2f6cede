"""Mapping files: YAML with its places, compiled to a mapping or to a list of every mistake."""
