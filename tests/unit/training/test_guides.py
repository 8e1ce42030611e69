"""Does what the guides to scale-out and training show run as it stands?"""

import re
from pathlib import Path
from textwrap import dedent

import pytest

GUIDES = Path(__file__).parents[3] / "docs" / "guides"


def blocks(page: str, heading: str) -> list[str]:
    """The Python of a section."""
    section = (GUIDES / f"{page}.md").read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = re.findall(r"^( *)```python\n(.*?)```", section, re.DOTALL | re.MULTILINE)
    return [dedent(code) for _, code in found]


@pytest.mark.parametrize(
    ("page", "heading", "settings"),
    [
        ("scale-out", "Use", {}),
        ("training", "From a folder to an artifact", {}),
        ("training", "Tuning", {}),
        ("training", "Tracking", {"LEARNLOOP_TRACKING": "none"}),
    ],
)
def test_what_a_guide_shows_runs(
    page: str,
    heading: str,
    settings: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    code = blocks(page, heading)
    assert code
    for block in code:
        exec(compile(block, f"{page}.md", "exec"), {"__name__": "guide"})
    assert not capsys.readouterr().err
