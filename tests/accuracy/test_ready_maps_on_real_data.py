"""The ready maps read every data folder whole: its rows, learners, items and skills."""

from collections import Counter
from pathlib import Path

import pytest

from learnloop.core.errors import Rejection
from learnloop.core.items import ItemTable
from learnloop.core.time import EPOCH
from learnloop.core.types import InteractionKind
from learnloop.events.csv import open_log
from learnloop.events.ingest import check

pytestmark = pytest.mark.accuracy

EXCERPTS = (
    "raw_samples/assistments_raw_excerpt.csv.gz",
    "raw_samples/cognitive_tutor_raw_excerpt.tsv.gz",
)
# Path, map, rows, of them new, learners, items, skills, share of right among right and wrong.
KNOWN = [
    ("assistments09", "assistments09", 278_336, 278_336, 3_114, 17_708, 123, 0.659),
    ("statics11", "statics11", 189_297, 189_297, 282, 1_223, 98, 0.765),
    ("algebra05_part", "algebra05_part", 129_998, 129_998, 114, 48_080, 111, 0.754),
    ("ednet_part", "ednet_part", 87_210, 87_193, 1_000, 11_640, 117, 0.636),
    ("mofacts_stats_cloze", "mofacts_stats_cloze", 58_316, 58_316, 478, 144, 36, 0.545),
    ("math2015/FrcSub", "frcsub", 10_720, 10_720, 536, 20, 8, 0.534),
    ("math2015/Math1", "math1", 84_180, 84_180, 4_209, 20, 11, None),
    ("math2015/Math2", "math2", 78_220, 78_220, 3_911, 20, 16, None),
    (EXCERPTS[0], "assistments", 10_791, 10_791, 902, 678, 2, 0.744),
    (EXCERPTS[1], "datashop", 18_220, 18_220, 11, 12_559, 184, 0.747),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "name", "n", "n_new", "n_learners", "n_items", "n_skills", "right"),
    KNOWN,
    ids=[known[1] for known in KNOWN],
)
def test_a_folder_is_read_whole(
    kt: Path,
    path: str,
    name: str,
    n: int,
    n_new: int,
    n_learners: int,
    n_items: int,
    n_skills: int,
    right: float | None,
) -> None:
    log = open_log(kt / path)
    assert log.logmap.name == name
    skills, items = log.nouns()
    assert (len(skills), len(items)) == (n_skills, n_items)
    table = ItemTable("1", items, skills)
    now = EPOCH.replace(year=2026)
    counts: Counter[bool | None] = Counter()
    first = {}
    learners = set()
    n_rows = 0
    for row in log:
        assert not isinstance(row, Rejection), row
        x = row.interaction
        assert check(x, now, table) is None
        assert first.setdefault((x.learner_id, x.interaction_id), x) == x
        counts[x.correct] += x.kind is InteractionKind.ANSWERED
        learners.add(x.learner_id)
        n_rows += 1
    assert (n_rows, len(first), len(learners)) == (n, n_new, n_learners)
    if right is not None:
        assert counts[True] / (counts[True] + counts[False]) == pytest.approx(right, abs=6e-4)


def test_the_excerpt_names_several_skills_of_a_step(kt: Path) -> None:
    _, items = open_log(kt / EXCERPTS[1]).nouns()
    several = [x for x in items if len(x.skills) > 1]
    assert several
    assert not any("~~" in s for x in items for s in x.skills)
