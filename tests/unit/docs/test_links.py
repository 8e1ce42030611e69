"""Does every link between the docs lead somewhere?"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def test_every_link_between_the_docs_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert not broken


def test_every_decision_names_the_check_that_enforces_it() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert decisions
    for page in decisions:
        text = page.read_text()
        for part in ("**Context.**", "**Decision.**", "**Consequences.**", "**Enforced by**"):
            assert part in text, f"{page.name} has no {part}"


def test_every_check_that_a_decision_names_exists() -> None:
    named = [
        (page.name, path)
        for page in sorted((ROOT / "docs" / "decisions").glob("*.md"))
        for path in re.findall(r"`((?:tests|benchmarks|docs|src)/[\w./]+)`", page.read_text())
    ]
    assert named
    assert not [x for x in named if not (ROOT / x[1]).exists()]


def test_every_page_that_the_code_points_to_exists() -> None:
    code = [p for folder in ("src", "benchmarks") for p in (ROOT / folder).rglob("*.py")]
    named = {
        (str(path.relative_to(ROOT)), page)
        for path in code
        for page in re.findall(r"docs/[\w/.-]+\.md", path.read_text())
    }
    assert named
    assert not [x for x in sorted(named) if not (ROOT / x[1]).exists()]
