"""The page of the features is what the definitions say.

`LEARNLOOP_UPDATE_GOLDEN=1 pytest tests/unit/docs/test_features_page.py` writes the page again; read
the difference before you commit it.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from learnloop.features import definitions
from learnloop.features.definition import Family, default_text, range_text
from learnloop.features.definitions import FEATURES, VERSION
from learnloop.features.definitions.vectors import VECTOR_FEATURES

PAGE = Path(__file__).parents[3] / "docs" / "features.md"
HEAD = f"""\
# Features

{len(FEATURES)} numbers that say what a learner's log shows at an instant; version {VERSION} of the
definitions. `learnloop features describe NAME` gives the formula of each and what it is made of;
[the guide](guides/features.md) says how to read them and how to add one.

This page is written from the definitions:
`LEARNLOOP_UPDATE_GOLDEN=1 pytest tests/unit/docs/test_features_page.py`.

A unit of `1` is a share, a score, a flag or a logarithm. *Unknown* is NaN; a default stands in for
it where one is given. All are `float64`. *This skill* and *this item* are those of the question; of
several skills it is the mean.
"""


def page() -> str:
    return "\n".join((HEAD, *(line for family in Family for line in section(family)), *vectors()))


def section(family: Family) -> Iterator[str]:
    members = [x for x in FEATURES if x.family is family]
    yield f"## {family.replace('_', ' ').capitalize()}: {len(members)}\n"
    yield f"{about(family)}\n"
    yield "| name | unit | range | default | since | meaning |\n|---|---|---|---|---|---|"
    for x in members:
        facts = (x.unit, range_text(x.low, x.high), default_text(x.default), str(x.since))
        yield f"| {' | '.join((f'`{x.name}`', *facts, x.meaning))} |"
    yield ""


def vectors() -> Iterator[str]:
    yield "## Vectors\n"
    yield "| name | family | numbers | since | meaning |\n|---|---|---|---|---|"
    for x in VECTOR_FEATURES:
        yield f"| `{x.name}` | {x.family} | {x.width} | {x.since} | {x.meaning} |"
    yield ""


def about(family: Family) -> str:
    """What the family's modules say of themselves."""
    modules = [x for x in vars(definitions).values() if hasattr(x, "FEATURES")]
    return "\n\n".join(str(x.__doc__).strip() for x in modules if x.FEATURES[0].family is family)


def test_the_page_is_what_the_definitions_say() -> None:
    if os.environ.get("LEARNLOOP_UPDATE_GOLDEN"):
        PAGE.write_text(page())
    assert PAGE.read_text() == page()
