"""Mapping files: YAML that remembers its places, and a compiled mapping or every mistake."""
