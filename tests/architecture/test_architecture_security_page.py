"""The page about security names tests that exist."""

import re

from places import ROOT

_NAMED = re.compile(r"`([a-z_/]+\.py)?::(test_[a-z0-9_]+)`")


def test_every_test_that_the_security_page_names_exists() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| **")]
    missing = []
    for row in rows:
        file = ""
        found = _NAMED.findall(row)
        assert found, f"no test stands in: {row}"
        for named, test in found:
            file = named or file
            path = ROOT / "tests" / file
            if not path.is_file() or f"def {test}(" not in path.read_text(encoding="utf-8"):
                missing.append(f"{file}::{test}")
    assert missing == []
    assert len(rows) > 15
