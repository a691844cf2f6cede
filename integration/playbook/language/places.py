"""Places in a file (line and column), from the places that schema errors name."""

from mappings.yaml_files.located_yaml import Located, Path


def known(found: Located, loc: Path) -> Path:
    """A place as the file has it: parts that only the schema knows (a list around one value) fall away."""
    path: Path = ()
    for part in loc:
        if (*path, part) in found.positions:
            path = (*path, part)
    return path
