"""Which odd nouns must every store keep exactly? Hypothesis strategies, one per noun.

Text is any Unicode but NUL and lone surrogates, which no UTF-8 database keeps; numbers are finite.
"""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from learnloop.core.jobs import Job, JobError, JobStatus, Schedule
from learnloop.core.predictions import PredictionRecord
from learnloop.core.records import (
    ApiKey,
    AuditEntry,
    LearningPath,
    PathChange,
    PathStep,
    Role,
    StepStatus,
    StoredReply,
    StoredState,
)
from learnloop.core.registry import AliasChange, ModelRecord, ModelRole
from learnloop.core.types import (
    Choice,
    ContentType,
    Course,
    Decision,
    Goals,
    Interaction,
    InteractionKind,
    Item,
    ItemKind,
    Learner,
    Metric,
    MotivationType,
    OrderKey,
    Outcome,
    Preferences,
    ProgressionRate,
    Reason,
    Ref,
    ShowItem,
    Skill,
    TimeSlot,
)
from learnloop.core.watch import Alert, AlertState, Change, PeriodFigures, Severity, Watched

NASTY = (
    "<script>alert('x')</script>",
    "Robert'); DROP TABLE learners;--",
    "100%s %(name)s {} ?",
    "  spaces\t\r\n ",
    "Ωμέγα 日本語 עברית",
    "e\u0301 \u200d\u202e \ufeff \U0001f9d1\u200d\U0001f393",
    "\\u0000 \\x00 \\",
    '{"json": [1]}',
    "123",
    "null",
)
"""Texts that have broken stores before."""

texts = st.sampled_from(NASTY) | st.text(
    st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60
)
ids = texts.filter(bool)
floats = st.floats(allow_nan=False, allow_infinity=False)
probabilities = st.floats(0.0, 1.0)
longs = st.integers(-(2**63), 2**63 - 1)
counts = st.integers(0, 2**31)
instants = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
refs = st.builds(Ref, ids, texts.map(lambda text: text.replace("@", "-")))
blobs = st.binary(max_size=500)


def _tuples(elements: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(elements, max_size=4).map(tuple)


_facts = st.dictionaries(texts, texts | longs | floats, max_size=3)

courses = st.builds(Course, ids, texts, texts)
skills = st.builds(Skill, ids, texts, _tuples(ids), texts)
items = st.builds(
    Item,
    ids,
    _tuples(ids),
    st.sampled_from(ItemKind),
    st.none() | ids,
    texts,
    texts,
    st.none() | floats,
    st.none() | floats,
    _tuples(texts),
    st.none() | texts,
    _tuples(texts),
    st.booleans(),
)
preferences = st.builds(
    Preferences,
    st.none() | st.sampled_from(ContentType),
    st.none() | counts,
    st.none() | st.sampled_from(ProgressionRate),
    _tuples(texts),
    _tuples(texts),
    st.lists(st.builds(TimeSlot, counts, counts, counts), max_size=3).map(tuple),
)
goals = st.builds(
    Goals,
    st.none() | probabilities,
    st.none() | instants,
    _tuples(ids),
    st.none() | st.sampled_from(MotivationType),
)
learners = st.builds(
    Learner,
    ids,
    instants,
    preferences,
    goals,
    st.booleans(),
    st.dictionaries(ids, instants, max_size=3),
    st.booleans(),
    longs,
)
interactions = st.builds(
    Interaction,
    ids,
    ids,
    ids,
    st.sampled_from(InteractionKind),
    instants,
    longs,
    st.none() | st.booleans(),
    st.none() | floats,
    st.none() | longs,
    counts,
    st.none() | ids,
    st.none() | floats,
    st.none() | floats,
    st.none() | instants,
)
states = st.builds(StoredState, ids, refs, st.builds(OrderKey, longs, longs, texts), counts, blobs)
_reasons = st.builds(Reason, texts, floats, _facts)
_choices = st.builds(
    Choice,
    st.builds(ShowItem, ids),
    floats,
    probabilities,
    st.lists(_reasons, max_size=3).map(tuple),
    st.none() | probabilities,
)
decisions = st.builds(
    Decision,
    ids,
    ids,
    instants,
    refs,
    st.lists(refs, max_size=3).map(tuple),
    st.lists(_choices, max_size=3).map(tuple),
    st.none() | texts,
)
outcomes = st.builds(Outcome, ids, ids, counts, ids, st.sampled_from(Metric), floats, instants)
_steps = st.builds(
    PathStep, ids, st.sampled_from(StepStatus), floats, floats, _tuples(ids), _tuples(ids)
)
paths = st.builds(
    LearningPath,
    ids,
    instants,
    instants,
    st.lists(_steps, max_size=3).map(tuple),
    counts,
    floats,
    floats,
    st.lists(st.builds(PathChange, instants, texts), max_size=3).map(tuple),
    counts,
)
keys = st.builds(
    ApiKey,
    ids,
    ids,
    st.sampled_from(Role),
    st.frozensets(texts, max_size=4),
    instants,
    st.none() | ids,
    st.none() | texts,
    st.none() | instants,
    st.none() | instants,
)
models = st.builds(
    ModelRecord, refs, instants, blobs, texts, st.dictionaries(texts, floats, max_size=3)
)
alias_changes = st.builds(
    AliasChange,
    instants,
    texts,
    st.sampled_from(ModelRole),
    st.none() | refs,
    texts,
    texts,
    st.floats(0, 1),
)
replies = st.builds(StoredReply, texts, counts, blobs, instants)
entries = st.builds(AuditEntry, instants, texts, texts, texts, _facts)

_json = st.recursive(
    st.none() | st.booleans() | longs | floats | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(texts, _json, max_size=3)
jobs = st.builds(
    Job,
    ids,
    texts,
    objects,
    instants,
    instants,
    counts,
    st.none() | texts,
    st.sampled_from(JobStatus),
    counts,
    st.none() | texts,
    st.none() | instants,
    st.none() | instants,
    st.none() | instants,
    probabilities,
    texts,
    st.none() | objects,
    st.none() | st.builds(JobError, texts, texts),
)
schedules = st.builds(
    Schedule,
    ids,
    texts,
    objects,
    st.timedeltas(timedelta(microseconds=1), timedelta(days=10_000)),
    instants,
    st.none() | ids,
)
predictions = st.builds(
    PredictionRecord,
    ids,
    instants,
    texts,
    refs,
    texts,
    st.none() | probabilities,
    counts,
    st.none() | texts,
    st.none() | ids,
    st.none() | ids,
    st.none() | blobs,
    st.none() | texts,
)
alerts = st.builds(
    Alert,
    ids,
    texts,
    texts,
    st.sampled_from(Severity),
    st.sampled_from(Change),
    instants,
    floats,
    floats,
)
_alert_states = st.builds(
    AlertState,
    st.lists(st.booleans(), max_size=5).map(tuple),
    counts,
    counts,
    st.none() | texts,
)
watched = st.builds(Watched, ids, ids, instants, _alert_states)
figures = st.builds(PeriodFigures, ids, refs, instants, instants, objects)
