"""Where the project stands, and the samples of real traffic beside it, which not every machine has."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT.parent / "shared" / "samples"
