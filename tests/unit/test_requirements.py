"""Do the pinned requirements hold on any machine, and is what serves small?"""

import re
from importlib import metadata
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parents[2] / "requirements"
MIB = 2**20


def lines(name: str) -> list[str]:
    return (REQUIREMENTS / f"{name}.txt").read_text().splitlines()


@pytest.mark.parametrize("name", ["serve", "dev"])
def test_every_line_is_a_plain_pin(name: str) -> None:
    """No index, no local path or build, and nothing that CUDA needs."""
    odd = [line for line in lines(name) if not re.fullmatch(r"[a-z0-9.-]+==[a-z0-9.]+", line)]
    assert not odd
    assert not [line for line in lines(name) if re.match("nvidia|cuda|triton", line)]


def test_torch_is_pinned_for_development_alone() -> None:
    assert "torch==2.13.0" in lines("dev")
    assert not [line for line in lines("serve") if line.startswith("torch")]


def test_what_serves_takes_less_than_450_mb() -> None:
    files = [
        Path(str(file.locate()))
        for line in lines("serve")
        for file in metadata.files(line.partition("==")[0]) or ()
    ]
    size = sum(path.stat().st_size for path in files if path.is_file())
    assert 200 * MIB < size < 450 * MIB
