"""A command imports what it needs: whoever asks for help does not wait for the CRMs' libraries."""

import subprocess
import sys

ASKS = """
import sys
from integration.cli import main
try:
    main(["keys", *sys.argv[1:]])
finally:
    sys.exit(sorted({"integration.wiring.build", "hubspot", "simple_salesforce", "rq"} & set(sys.modules)) or 0)
"""


def test_help_and_a_mistake_in_the_words_import_the_command_alone() -> None:
    for words in (["--help"], ["nonsense"]):
        done = subprocess.run([sys.executable, "-c", ASKS, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
