"""Which tables does learnloop keep, and with which columns? The only place that says so.

Statements, row codecs and bulk inserts are derived from these tables, and a test compares them
with what the migrations build. Conventions: an instant is whole microseconds since 1970 UTC in a
`..._us` BIGINT; nested values are JSON text; text sorts by code point on every database, so that
the total order `(occurred_us, sequence, interaction_id)` is one and the same everywhere.

There are no foreign keys: the journeys check what points where before they write, one check per
batch instead of one lookup and one row lock per inserted row.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

REVISION = "0001"
"""The newest migration; a database that names another one is migrated, or refused as newer."""

metadata = MetaData()

_text = Text().with_variant(Text(collation="C"), "postgresql")
_serial = BigInteger().with_variant(Integer(), "sqlite")
_float = Float(53)


def _table(name: str, *columns: Column[Any] | Index, rowid: bool = False) -> Table:
    # Without a hidden row id SQLite keeps one tree less; only large rows are better off with one.
    return Table(name, metadata, *columns, sqlite_with_rowid=rowid)


def _key(name: str) -> Column[Any]:
    return Column(name, _text, primary_key=True, nullable=False)


def _some(name: str, kind: TypeEngine[Any] = _text) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _maybe(name: str, kind: TypeEngine[Any] = _text) -> Column[Any]:
    return Column(name, kind, nullable=True)


def _us(name: str) -> Column[Any]:
    return _some(name, BigInteger())


catalog_versions = _table(
    "catalog_versions", Column("id", Integer, primary_key=True), _some("version"), _us("n_puts")
)

courses = _table("courses", _key("course_id"), _some("name"), _some("description"), _us("position"))

skills = _table(
    "skills",
    _key("skill_id"),
    _some("name"),
    _some("prerequisites"),
    _some("description"),
    _us("position"),
)

items = _table(
    "items",
    _key("item_id"),
    _some("skills"),
    _some("kind"),
    _maybe("course_id"),
    _some("title"),
    _some("text"),
    _maybe("difficulty_logit", _float),
    _maybe("expected_seconds", _float),
    _some("choices"),
    _maybe("answer"),
    _some("hints"),
    _some("visible", Boolean()),
    _us("position"),
)

learners = _table(
    "learners",
    _key("learner_id"),
    _us("created_us"),
    _some("preferences"),
    _some("goals"),
    _some("personalized", Boolean()),
    _some("dismissed"),
    _some("is_demo", Boolean()),
    _us("version"),
)

interactions = _table(
    "interactions",
    _key("learner_id"),
    _key("interaction_id"),
    _some("item_id"),
    _some("kind"),
    _us("occurred_us"),
    _us("sequence"),
    _maybe("correct", Boolean()),
    _maybe("score", _float),
    _maybe("response_time_ms", BigInteger()),
    _us("hints"),
    _maybe("decision_id"),
    _maybe("position_s", _float),
    _maybe("moved_s", _float),
    _maybe("received_us", BigInteger()),
    Index("ix_interactions_order", "learner_id", "occurred_us", "sequence", "interaction_id"),
)

learner_states = _table(
    "learner_states",
    _key("learner_id"),
    _key("ref"),
    _us("as_of_us"),
    _us("as_of_sequence"),
    _some("as_of_id"),
    _us("n"),
    _some("blob", LargeBinary()),
    rowid=True,
)

decisions = _table(
    "decisions",
    _key("decision_id"),
    _some("learner_id"),
    _us("decided_us"),
    _some("policy"),
    _some("models"),
    _some("choices"),
    _maybe("assignment"),
    Index("ix_decisions_latest", "learner_id", "decided_us", "decision_id"),
    rowid=True,
)

outcomes = _table(
    "outcomes",
    _key("outcome_id"),
    _some("decision_id"),
    _us("position"),
    _some("learner_id"),
    _some("metric"),
    _some("value", _float),
    _us("observed_us"),
    Index("ix_outcomes_decision", "decision_id", "observed_us", "outcome_id"),
)

learning_paths = _table(
    "learning_paths",
    _key("learner_id"),
    _us("created_us"),
    _us("updated_us"),
    _some("steps"),
    _us("position"),
    _some("minutes_low", _float),
    _some("minutes_high", _float),
    _some("history"),
    _us("version"),
)

api_keys = _table(
    "api_keys",
    _key("key_id"),
    _some("digest"),
    _some("role"),
    _some("scopes"),
    _us("created_us"),
    _maybe("learner_id"),
    _maybe("class_id"),
    _maybe("expires_us", BigInteger()),
    _maybe("revoked_us", BigInteger()),
    Index("ix_api_keys_digest", "digest", unique=True),
)

class_members = _table("class_members", _key("class_id"), _key("learner_id"))

models = _table(
    "models",
    _key("ref"),
    _us("created_us"),
    _some("manifest", LargeBinary()),
    _some("sha256"),
    _some("metrics"),
    rowid=True,
)

model_files = _table("model_files", _key("sha256"), _some("data", LargeBinary()), rowid=True)

model_aliases = _table(
    "model_aliases", _key("slot"), _key("role"), _some("ref"), _some("share", _float)
)

alias_changes = Table(
    "alias_changes",
    metadata,
    Column("entry", _serial, primary_key=True, autoincrement=True),
    _us("at_us"),
    _some("slot"),
    _some("role"),
    _maybe("ref"),
    _some("share", _float),
    _some("actor"),
    _some("reason"),
    Index("ix_alias_changes_slot", "slot", "entry"),
)

replies = _table(
    "replies",
    _key("scope"),
    _key("key"),
    _some("request_digest"),
    _us("status"),
    _some("body", LargeBinary()),
    _us("created_us"),
    Index("ix_replies_created", "created_us"),
    rowid=True,
)

audit = Table(
    "audit",
    metadata,
    Column("entry", _serial, primary_key=True, autoincrement=True),
    _us("at_us"),
    _some("actor"),
    _some("action"),
    _some("subject"),
    _some("detail"),
)

jobs = _table(
    "jobs",
    _key("job_id"),
    _some("kind"),
    _some("payload"),
    _us("created_us"),
    _us("run_us"),
    _us("max_attempts"),
    _maybe("idempotency_key"),
    _some("status"),
    _us("n_attempts"),
    _maybe("worker"),
    _maybe("lease_us", BigInteger()),
    _maybe("started_us", BigInteger()),
    _maybe("finished_us", BigInteger()),
    _some("progress", _float),
    _some("stage"),
    _maybe("result"),
    _maybe("error"),
    _maybe("due_us", BigInteger()),
    Index("ix_jobs_due", "due_us", "job_id"),
    Index("ix_jobs_created", "created_us", "job_id"),
    Index("ix_jobs_key", "idempotency_key", unique=True),
    rowid=True,
)

schedules = _table(
    "schedules",
    _key("name"),
    _some("kind"),
    _some("payload"),
    _us("every_us"),
    _us("next_us"),
    _maybe("last_job_id"),
)

predictions = _table(
    "predictions",
    _key("prediction_id"),
    _us("at_us"),
    _some("slot"),
    _some("ref"),
    _some("role"),
    _maybe("p", _float),
    _us("latency_us"),
    _maybe("degraded"),
    _maybe("learner_id"),
    _maybe("item_id"),
    _maybe("features", LargeBinary()),
    _maybe("request_id"),
    Index("ix_predictions_slot", "slot", "at_us", "prediction_id"),
    rowid=True,
)

watched = _table("watched", _key("rule"), _key("subject"), _us("seen_us"), _some("state"))

alerts = _table(
    "alerts",
    _key("alert_id"),
    _key("change"),
    _some("rule"),
    _some("subject"),
    _some("severity"),
    _us("at_us"),
    _some("value", _float),
    _some("bound", _float),
    Index("ix_alerts_at", "at_us", "alert_id", "change"),
)

period_figures = _table(
    "period_figures",
    _key("slot"),
    Column("start_us", BigInteger(), primary_key=True, nullable=False),
    _key("ref"),
    _us("end_us"),
    _some("figures"),
)
