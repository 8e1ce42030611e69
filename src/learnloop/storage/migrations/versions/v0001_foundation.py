"""The tables of the first release: what is learnt, by whom, what was decided, by which models."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    by_code_point = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, by_code_point, nullable=nullable)


def upgrade() -> None:
    """Bring the schema up."""
    _catalog()
    _learners()
    _choices()
    _accounts()
    _registry()
    _jobs()
    _watch()


def _catalog() -> None:
    op.create_table(
        "catalog_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("version"),
        sa.Column("n_puts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "courses",
        _text("course_id"),
        _text("name"),
        _text("description"),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("course_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "skills",
        _text("skill_id"),
        _text("name"),
        _text("prerequisites"),
        _text("description"),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("skill_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "items",
        _text("item_id"),
        _text("skills"),
        _text("kind"),
        _text("course_id", nullable=True),
        _text("title"),
        _text("text"),
        sa.Column("difficulty_logit", sa.Float(precision=53), nullable=True),
        sa.Column("expected_seconds", sa.Float(precision=53), nullable=True),
        _text("choices"),
        _text("answer", nullable=True),
        _text("hints"),
        sa.Column("visible", sa.Boolean(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("item_id"),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO catalog_versions (id, version, n_puts) VALUES (1, '0', 0)")


def _learners() -> None:
    op.create_table(
        "learners",
        _text("learner_id"),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        _text("preferences"),
        _text("goals"),
        sa.Column("personalized", sa.Boolean(), nullable=False),
        _text("dismissed"),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("learner_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "interactions",
        _text("learner_id"),
        _text("interaction_id"),
        _text("item_id"),
        _text("kind"),
        sa.Column("occurred_us", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("correct", sa.Boolean(), nullable=True),
        sa.Column("score", sa.Float(precision=53), nullable=True),
        sa.Column("response_time_ms", sa.BigInteger(), nullable=True),
        sa.Column("hints", sa.BigInteger(), nullable=False),
        _text("decision_id", nullable=True),
        sa.Column("position_s", sa.Float(precision=53), nullable=True),
        sa.Column("moved_s", sa.Float(precision=53), nullable=True),
        sa.Column("received_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("learner_id", "interaction_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_interactions_order",
        "interactions",
        ["learner_id", "occurred_us", "sequence", "interaction_id"],
    )
    op.create_table(
        "learner_states",
        _text("learner_id"),
        _text("ref"),
        sa.Column("as_of_us", sa.BigInteger(), nullable=False),
        sa.Column("as_of_sequence", sa.BigInteger(), nullable=False),
        _text("as_of_id"),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("learner_id", "ref"),
        sqlite_with_rowid=True,
    )


def _choices() -> None:
    op.create_table(
        "decisions",
        _text("decision_id"),
        _text("learner_id"),
        sa.Column("decided_us", sa.BigInteger(), nullable=False),
        _text("policy"),
        _text("models"),
        _text("choices"),
        _text("assignment", nullable=True),
        sa.PrimaryKeyConstraint("decision_id"),
        sqlite_with_rowid=True,
    )
    op.create_index("ix_decisions_latest", "decisions", ["learner_id", "decided_us", "decision_id"])
    op.create_table(
        "outcomes",
        _text("outcome_id"),
        _text("decision_id"),
        sa.Column("position", sa.BigInteger(), nullable=False),
        _text("learner_id"),
        _text("metric"),
        sa.Column("value", sa.Float(precision=53), nullable=False),
        sa.Column("observed_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("outcome_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_outcomes_decision", "outcomes", ["decision_id", "observed_us", "outcome_id"]
    )
    op.create_table(
        "learning_paths",
        _text("learner_id"),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_us", sa.BigInteger(), nullable=False),
        _text("steps"),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("minutes_low", sa.Float(precision=53), nullable=False),
        sa.Column("minutes_high", sa.Float(precision=53), nullable=False),
        _text("history"),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("learner_id"),
        sqlite_with_rowid=False,
    )


def _accounts() -> None:
    op.create_table(
        "api_keys",
        _text("key_id"),
        _text("digest"),
        _text("role"),
        _text("scopes"),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        _text("learner_id", nullable=True),
        _text("class_id", nullable=True),
        sa.Column("expires_us", sa.BigInteger(), nullable=True),
        sa.Column("revoked_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_api_keys_digest", "api_keys", ["digest"], unique=True)
    op.create_table(
        "class_members",
        _text("class_id"),
        _text("learner_id"),
        sa.PrimaryKeyConstraint("class_id", "learner_id"),
        sqlite_with_rowid=False,
    )


def _registry() -> None:
    op.create_table(
        "models",
        _text("ref"),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        _text("sha256"),
        _text("metrics"),
        sa.PrimaryKeyConstraint("ref"),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "model_files",
        _text("sha256"),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "model_aliases",
        _text("slot"),
        _text("role"),
        _text("ref"),
        sa.Column("share", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("slot", "role"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "alias_changes",
        sa.Column(
            "entry",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        _text("slot"),
        _text("role"),
        _text("ref", nullable=True),
        sa.Column("share", sa.Float(53), nullable=False),
        _text("actor"),
        _text("reason"),
        sa.PrimaryKeyConstraint("entry"),
    )
    op.create_index("ix_alias_changes_slot", "alias_changes", ["slot", "entry"])
    op.create_table(
        "replies",
        _text("scope"),
        _text("key"),
        _text("request_digest"),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key"),
        sqlite_with_rowid=True,
    )
    op.create_index("ix_replies_created", "replies", ["created_us"])
    op.create_table(
        "audit",
        sa.Column(
            "entry",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        _text("actor"),
        _text("action"),
        _text("subject"),
        _text("detail"),
        sa.PrimaryKeyConstraint("entry"),
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        _text("job_id"),
        _text("kind"),
        _text("payload"),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("run_us", sa.BigInteger(), nullable=False),
        sa.Column("max_attempts", sa.BigInteger(), nullable=False),
        _text("idempotency_key", nullable=True),
        _text("status"),
        sa.Column("n_attempts", sa.BigInteger(), nullable=False),
        _text("worker", nullable=True),
        sa.Column("lease_us", sa.BigInteger(), nullable=True),
        sa.Column("started_us", sa.BigInteger(), nullable=True),
        sa.Column("finished_us", sa.BigInteger(), nullable=True),
        sa.Column("progress", sa.Float(precision=53), nullable=False),
        _text("stage"),
        _text("result", nullable=True),
        _text("error", nullable=True),
        sa.Column("due_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("job_id"),
        sqlite_with_rowid=True,
    )
    op.create_index("ix_jobs_due", "jobs", ["due_us", "job_id"])
    op.create_index("ix_jobs_created", "jobs", ["created_us", "job_id"])
    op.create_index("ix_jobs_key", "jobs", ["idempotency_key"], unique=True)
    op.create_table(
        "schedules",
        _text("name"),
        _text("kind"),
        _text("payload"),
        sa.Column("every_us", sa.BigInteger(), nullable=False),
        sa.Column("next_us", sa.BigInteger(), nullable=False),
        _text("last_job_id", nullable=True),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )


def _watch() -> None:
    op.create_table(
        "predictions",
        _text("prediction_id"),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        _text("slot"),
        _text("ref"),
        _text("role"),
        sa.Column("p", sa.Float(precision=53), nullable=True),
        sa.Column("latency_us", sa.BigInteger(), nullable=False),
        _text("degraded", nullable=True),
        _text("learner_id", nullable=True),
        _text("item_id", nullable=True),
        sa.Column("features", sa.LargeBinary(), nullable=True),
        _text("request_id", nullable=True),
        sa.PrimaryKeyConstraint("prediction_id"),
        sqlite_with_rowid=True,
    )
    op.create_index("ix_predictions_slot", "predictions", ["slot", "at_us", "prediction_id"])
    op.create_table(
        "watched",
        _text("rule"),
        _text("subject"),
        sa.Column("seen_us", sa.BigInteger(), nullable=False),
        _text("state"),
        sa.PrimaryKeyConstraint("rule", "subject"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "alerts",
        _text("alert_id"),
        _text("change"),
        _text("rule"),
        _text("subject"),
        _text("severity"),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=False),
        sa.Column("bound", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "change"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_alerts_at", "alerts", ["at_us", "alert_id", "change"])
    op.create_table(
        "period_figures",
        _text("slot"),
        sa.Column("start_us", sa.BigInteger(), nullable=False),
        _text("ref"),
        sa.Column("end_us", sa.BigInteger(), nullable=False),
        _text("figures"),
        sa.PrimaryKeyConstraint("slot", "start_us", "ref"),
        sqlite_with_rowid=False,
    )
