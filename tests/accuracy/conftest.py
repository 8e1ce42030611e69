"""Where the real data is: `LEARNLOOP_DATA`, or `shared/data` beside the repository."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def kt() -> Path:
    """The folder of knowledge-tracing data sets."""
    folder = Path(os.environ.get("LEARNLOOP_DATA", ROOT.parent / "shared" / "data")) / "kt"
    if not folder.is_dir():
        pytest.skip("no data: set LEARNLOOP_DATA to the folder that holds kt/")
    return folder
