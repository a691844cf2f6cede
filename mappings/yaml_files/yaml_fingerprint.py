"""The fingerprint of a YAML text: what it says, whatever its layout and comments."""

import json
from functools import lru_cache
from hashlib import sha256

from mappings.yaml_files.located_yaml import load


@lru_cache(maxsize=32)
def fingerprint(text: str) -> str:
    """Sixteen hexadecimal digits, the same for two texts that say the same."""
    located, _ = load(text, "")
    value = text if located is None else json.dumps(located.value, sort_keys=True)
    return sha256(value.encode()).hexdigest()[:16]
