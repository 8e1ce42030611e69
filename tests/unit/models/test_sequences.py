"""Windows hold every row once as a target, and never say more than was known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.errors import ArtifactError, DataError
from learnloop.models.tracing.packing import Packed, pack, unpack
from learnloop.models.tracing.sequences import Vocabulary, log_seconds, shares, windows

SKILLS = ((0,), (1, 2), (), (3,), (0, 1, 2))


def log_of(seed, lengths, timed=True):
    rng = np.random.default_rng(seed)
    learner = np.repeat(np.arange(len(lengths)), lengths)
    n = len(learner)
    return AnswerLog.ordered(
        learner_ids=tuple(f"l{i}" for i in range(len(lengths))),
        item_ids=tuple(f"i{i}" for i in range(len(SKILLS))),
        skill_ids=("a", "b", "c", "d"),
        learner=learner,
        item=rng.integers(len(SKILLS), size=n),
        correct=rng.choice([STUDY, 0, 1], n, p=[0.2, 0.3, 0.5]).astype(np.int8),
        occurred_us=rng.integers(6, size=n) * 10**9 if timed else None,
        skill_starts=np.cumsum([0, *map(len, SKILLS)]),
        skill_of=np.array([s for own in SKILLS for s in own]),
    )


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.lists(st.integers(0, 30), min_size=1, max_size=5),
    st.integers(1, 12),
    st.integers(0, 11),
    st.booleans(),
)
def test_every_answer_is_a_target_once_and_sees_earlier_instants_alone(
    seed, lengths, length, overlap, timed
):
    overlap = min(overlap, length - 1)
    log = log_of(seed, lengths, timed)
    vocabulary = Vocabulary.of(log)
    seen = windows(log, vocabulary, length, overlap)
    assert sorted(seen.row[seen.target]) == np.flatnonzero(log.correct != STUDY).tolist()
    there = seen.row >= 0
    assert set(seen.row[there].tolist()) == set(range(len(log)))
    assert (seen.correct[seen.target] == log.correct[seen.row[seen.target]]).all()
    instant, starts = log.instant, log.starts
    for w, place in np.argwhere(there):
        row, before = seen.row[w, place], seen.before[w, place]
        codes = seen.skills[w, place][seen.skills[w, place] > 0]
        named = {vocabulary.skills[c - 1] for c in codes}
        assert named <= {log.skill_ids[s] for s in log.skills_of(log.item[row])}
        first = starts[log.learner[row]]
        earlier = [r for r in range(first, row) if instant[r] < instant[row]]
        previous = log.times[row - 1] if row > first else log.times[row]
        assert seen.gap[w, place] == np.float32(log_seconds(log.times[row] - previous))
        waited = log.times[row] - log.times[earlier[-1]] if earlier else 0
        assert seen.wait[w, place] == np.float32(log_seconds(waited))
        if before >= 0:
            assert seen.row[w, before] == earlier[-1]
        else:
            assert not earlier or earlier[-1] < seen.row[w, 0]
    for column in (seen.item, seen.correct, seen.gap, seen.wait):
        assert not column[~there].any()
    assert not seen.target[~there].any()


def test_what_is_not_known_has_code_0():
    log = log_of(3, [20, 20])
    some = Vocabulary(("i1", "i4"), ("b", "c"))
    assert some.item("i4") == 2
    assert some.item("new") == some.skill("new") == 0
    assert some.skills_of(("new", "c")) == (2,)
    assert some.skills_of(("new",)) == some.skills_of(()) == (0,)
    seen = windows(log, some, 7, 2)
    assert set(np.unique(seen.item)) == {0, 1, 2}
    assert set(np.unique(seen.skills)) == {0, 1, 2}


def test_items_with_few_answers_are_left_out():
    log = log_of(5, [40])
    n = np.bincount(log.item[log.correct != STUDY], minlength=len(SKILLS))
    some = Vocabulary.of(log, min_answers=int(np.sort(n)[2]))
    assert some.items == tuple(f"i{i}" for i in np.flatnonzero(n >= np.sort(n)[2]))
    assert some.skills == Vocabulary.of(log).skills


def test_shares_are_equal_among_the_known():
    found = shares(np.array([[1, 3, 0], [2, 0, 0], [0, 0, 0]]))
    np.testing.assert_array_equal(found, [[0.5, 0.5, 0], [1, 0, 0], [1, 0, 0]])


def test_a_log_without_rows_has_no_windows():
    assert windows(log_of(0, [0, 0]), Vocabulary((), ()), 5, 1).item.shape == (0, 5)


def test_an_overlap_is_smaller_than_its_window():
    with pytest.raises(DataError, match="overlap 5 is not within 0 and 4"):
        windows(log_of(0, [3]), Vocabulary((), ()), 5, 5)


def packed():
    return Packed({"version": "v", "x": [1, 2]}, {"w": np.arange(3.0)}, b"graph", b"golden")


def test_what_was_packed_comes_out_again():
    own = unpack("f/1", pack("f/1", packed()))
    assert (own.about, own.model, own.golden) == (
        {"version": "v", "x": [1, 2]},
        b"graph",
        b"golden",
    )
    np.testing.assert_array_equal(own.arrays["w"], np.arange(3.0))
    assert pack("f/1", own) == pack("f/1", packed())


def test_other_forms_and_damaged_bytes_are_refused():
    data = pack("f/1", packed())
    with pytest.raises(ArtifactError, match="artifact of f/1; this release reads f/2"):
        unpack("f/2", data)
    with pytest.raises(ArtifactError):
        unpack("f/1", b"nothing")
    with pytest.raises(ArtifactError):
        unpack("f/1", data.replace(b"golden", b"molden", 1).replace(b"graph", b"grape"))
