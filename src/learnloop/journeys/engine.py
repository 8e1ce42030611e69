"""How does one use learnloop? Through `PersonalizationEngine`, which chooses the parts.

    engine = PersonalizationEngine.open("sqlite:///school.db")
    engine.record([...])
    engine.generate_recommendations("ada")

Each method opens one transaction, runs one journey in it, and commits. A server that groups many
journeys into one commit calls the journeys themselves with `engine.live(tx)`.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from learnloop.catalog import Catalog
from learnloop.core.errors import StoreUnavailable
from learnloop.core.ids import CourseId, ItemId, LearnerId, SkillId, rising_id
from learnloop.core.items import ItemTable
from learnloop.core.protocols import Clock, Estimator, Store, Transaction
from learnloop.core.records import LearningPath
from learnloop.core.time import SystemClock
from learnloop.core.types import Goals, Interaction, ItemKind, Metric, Outcome
from learnloop.features.profile import ProfileFold
from learnloop.journeys import (
    cataloging,
    features,
    feedback,
    fit,
    informative,
    paths,
    performance,
    placement,
    profiles,
    progress,
    recommend,
    record,
    retention,
    statistics,
)
from learnloop.journeys.live import Live
from learnloop.journeys.profiles import ProfileChange
from learnloop.journeys.results import (
    FeatureVector,
    InformativeItems,
    ModelPerformance,
    Placement,
    Predictions,
    Profile,
    Progress,
    Receipt,
    RecommendationSet,
    Retention,
)
from learnloop.journeys.sittings import Scope
from learnloop.policies.recommend import RecommendPolicy
from learnloop.storage import open_store

if TYPE_CHECKING:
    from learnloop.training.retraining import Report

_SnapshotKey = tuple[str, int]


class Settings(BaseSettings):
    """What can be set from outside, by environment variables `LEARNLOOP_...`."""

    model_config = SettingsConfigDict(env_prefix="LEARNLOOP_", extra="ignore", frozen=True)

    database_url: str = Field(
        "sqlite:///learnloop.db",
        description="Where everything is kept: sqlite:///FILE, postgresql://..., or memory://.",
    )
    files_url: str | None = Field(
        None,
        description="Where the files of models are kept: a folder, or an fsspec URL like "
        "s3://bucket/models; by default in the database.",
    )
    seed: int = Field(
        20260101, description="Seed of every random choice; the same seed replays the same choices."
    )
    features: bool = Field(
        True,
        description="Keep the features of each learner up to date; without, reading them takes "
        "longer, and recording less.",
    )
    prediction_log: float = Field(
        1.0,
        ge=0.0,
        le=1.0,
        description="Share of the models' answers that are kept in the log, to be judged later.",
    )
    metrics_open: bool = Field(
        False, description="Let anybody read /metrics who can reach the server, without a key."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least that the server writes to its log."
    )
    traces: str = Field(
        "none",
        pattern=r"^(none|https?://.+)$",
        description="Where traces are sent to: none, or a collector that takes OTLP over HTTP.",
    )
    traces_share: float = Field(
        0.01, ge=0.0, le=1.0, description="Share of the requests that are traced."
    )
    alert_webhook: str | None = Field(
        None, description="Where alerts are posted to, as JSON: an http:// or https:// address."
    )
    executor: str = Field(
        "local",
        description="Where folds, trials and shards run: local, local:N, ray, ray:N, "
        "ray://HOST:PORT or ray:auto.",
    )
    tracking: Literal["none", "mlflow"] = Field(
        "none", description="Who keeps what is tried in training, and how it went."
    )
    mlflow_url: str = Field(
        "sqlite:///learnloop-tracking/mlflow.db",
        description="Of MLflow: a server (http://...) or a local database.",
    )
    tracking_folder: str = Field(
        "learnloop-tracking",
        description="Where what a tracking server is to be told waits until it answers.",
    )


class PersonalizationEngine:
    """A learner's answer goes in, a better next step comes out.

    Stability: Full.
    """

    def __init__(
        self,
        store: Store,
        *,
        settings: Settings | None = None,
        clock: Clock | None = None,
        new_id: Callable[[], str] = rising_id,
    ) -> None:
        self.store = store
        self.settings = settings or Settings()
        self.clock = clock or SystemClock()
        self._new_id = new_id
        self._policy = RecommendPolicy()
        self._profile_fold = ProfileFold()
        self._snapshot: tuple[_SnapshotKey, Live] | None = None

    @classmethod
    def open(
        cls,
        url: str | None = None,
        *,
        settings: Settings | None = None,
        clock: Clock | None = None,
    ) -> Self:
        """An engine on the database at `url`, by default `LEARNLOOP_DATABASE_URL`.

        Raises:
            StoreUnavailable: The database can't be opened; the message says why.
        """
        settings = settings or Settings()
        store = open_store(url or settings.database_url, files_url=settings.files_url)
        return cls(store, settings=settings, clock=clock)

    def close(self) -> None:
        """Give the database back."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def live(self, tx: Transaction) -> Live:
        """Catalog, model and policy as of this transaction; cached while they stay the same."""
        key = (tx.catalog.version(), tx.models.revision())
        snapshot = self._snapshot
        if snapshot is None or snapshot[0] != key:
            snapshot = (key, self._load(tx, key[0]))
            self._snapshot = snapshot
        return snapshot[1]

    def _load(self, tx: Transaction, version: str) -> Live:
        _, skills, items = tx.catalog.load()
        table = ItemTable(version, items, skills)
        estimator: Estimator[Any] = fit.live_estimator(tx, table)
        return Live(
            self.clock,
            self.settings.seed,
            self._new_id,
            table,
            self._profile_fold,
            estimator,
            self._policy,
            statistics.live_features(tx),
            retention.live_memory(tx, table),
            self.settings.features,
        )

    # --- events ---------------------------------------------------------------------------------

    def record(self, interactions: Sequence[Interaction]) -> Receipt:
        """Take interactions in, each once; see `journeys.record`."""
        with self.store.begin() as tx:
            return record.record(self.live(tx), tx, interactions)

    # --- decisions ------------------------------------------------------------------------------

    def generate_recommendations(
        self, learner_id: LearnerId | str, n: int = 5, kind: ItemKind | None = None
    ) -> RecommendationSet:
        """What to study next, and why; the decision is logged with its propensities."""
        with self.store.begin() as tx:
            return recommend.recommend(self.live(tx), tx, LearnerId(learner_id), n, kind)

    def predict_engagement(self, learner_id: LearnerId | str, item_id: ItemId | str) -> float:
        """P(the learner takes the item up when it is shown), [0, 1]."""
        with self.store.begin(write=False) as tx:
            return recommend.predict_engagement(
                self.live(tx), tx, LearnerId(learner_id), ItemId(item_id)
            )

    def give_feedback(
        self,
        learner_id: LearnerId | str,
        recommendation_id: str,
        action: Metric | None = None,
        rating: int | None = None,
    ) -> tuple[Outcome, ...]:
        """Log what the learner made of a recommendation."""
        with self.store.begin() as tx:
            return feedback.give_feedback(
                self.live(tx), tx, LearnerId(learner_id), recommendation_id, action, rating
            )

    def optimize_learning_path(self, learner_id: LearnerId | str) -> LearningPath:
        """The steps to the learner's goal, in prerequisite order."""
        with self.store.begin() as tx:
            return paths.learning_path(self.live(tx), tx, LearnerId(learner_id))

    def update_learning_path(
        self,
        learner_id: LearnerId | str,
        reason: str,
        priority_skills: tuple[SkillId, ...] | None = None,
    ) -> LearningPath:
        """Plan the path again, for another goal where one is given."""
        with self.store.begin() as tx:
            return paths.update_path(
                self.live(tx), tx, LearnerId(learner_id), reason, priority_skills
            )

    def begin_placement(
        self,
        learner_id: LearnerId | str,
        skills: Sequence[SkillId] = (),
        course_id: CourseId | None = None,
        *,
        again: bool = False,
    ) -> Placement:
        """Start a placement, or go on with it: the next question, or what was found."""
        scope = Scope(tuple(skills), course_id)
        with self.store.begin() as tx:
            return placement.begin(self.live(tx), tx, LearnerId(learner_id), scope, again=again)

    def placement(self, learner_id: LearnerId | str) -> Placement:
        """How far the learner's last placement is, and what it found."""
        with self.store.begin(write=False) as tx:
            return placement.placement(self.live(tx), tx, LearnerId(learner_id))

    def abandon_placement(self, learner_id: LearnerId | str) -> Placement:
        """End the placement that goes on, or skip one that was never begun."""
        with self.store.begin() as tx:
            return placement.abandon(self.live(tx), tx, LearnerId(learner_id))

    def informative_items(self, learner_id: LearnerId | str, n: int = 5) -> InformativeItems:
        """The questions whose answers would tell most about the learner; logs nothing."""
        with self.store.begin(write=False) as tx:
            return informative.informative_items(self.live(tx), tx, LearnerId(learner_id), n)

    # --- what is known --------------------------------------------------------------------------

    def profile(self, learner_id: LearnerId | str) -> Profile:
        """All that is known about a learner."""
        with self.store.begin(write=False) as tx:
            return profiles.profile(self.live(tx), tx, LearnerId(learner_id))

    def features(
        self,
        learner_id: LearnerId | str,
        item_id: ItemId | str | None = None,
        at: datetime | None = None,
        names: Sequence[str] | None = None,
    ) -> FeatureVector:
        """The learner's features, perhaps with an item in view; see `journeys.features`."""
        item = None if item_id is None else ItemId(item_id)
        with self.store.begin(write=False) as tx:
            return features.features(self.live(tx), tx, LearnerId(learner_id), item, at, names)

    def put_profile(
        self,
        learner_id: LearnerId | str,
        change: ProfileChange,
        expected_version: int | None = None,
    ) -> tuple[Profile, bool]:
        """Create the learner or change what is theirs to say; True where they are new."""
        with self.store.begin() as tx:
            return profiles.put_profile(
                self.live(tx), tx, LearnerId(learner_id), change, expected_version
            )

    def analyze(self, learner_id: LearnerId | str) -> Profile:
        """The profile, computed again from the whole log."""
        with self.store.begin() as tx:
            return profiles.analyze(self.live(tx), tx, LearnerId(learner_id))

    def set_goals(self, learner_id: LearnerId | str, goals: Goals) -> Profile:
        """Set what the learner wants to reach."""
        with self.store.begin() as tx:
            return profiles.set_goals(self.live(tx), tx, LearnerId(learner_id), goals)

    def progress(self, learner_id: LearnerId | str, days: int = 30) -> Progress:
        """How the learner did over the last days."""
        with self.store.begin(write=False) as tx:
            return progress.progress(self.live(tx), tx, LearnerId(learner_id), days)

    def skill_predictions(self, learner_id: LearnerId | str, in_days: float = 7.0) -> Predictions:
        """Where each skill will stand, and what it takes to reach the goal."""
        with self.store.begin(write=False) as tx:
            return progress.skill_predictions(self.live(tx), tx, LearnerId(learner_id), in_days)

    def predict_retention(
        self,
        learner_id: LearnerId | str,
        skills: Sequence[SkillId] = (),
        items: Sequence[ItemId] = (),
        *,
        at: datetime | None = None,
        in_days: float | None = None,
        desired: float = retention.DESIRED,
    ) -> Retention:
        """What the learner still remembers, and until when; see `journeys.retention`."""
        with self.store.begin() as tx:
            return retention.retention(
                self.live(tx),
                tx,
                LearnerId(learner_id),
                skills,
                items,
                at=at,
                in_days=in_days,
                desired=desired,
            )

    # --- catalog and models ---------------------------------------------------------------------

    def put_catalog(self, catalog: Catalog) -> str:
        """Insert or replace courses, skills and items; returns the catalog's new version.

        Raises:
            CatalogError: An unknown skill, a cycle, a wrong answer key, ...: every wrong entry.
        """
        with self.store.begin() as tx:
            return cataloging.put_catalog(tx, catalog)

    def fit(self) -> ModelPerformance:
        """Fit the live model's item parameters and the items' statistics, and make them live.

        The log is read in one snapshot and the result stored in a moment; between the two, while
        the fit runs, others may write.

        Raises:
            DataError: Fewer than 200 answers: too little to fit from.
        """
        with self.store.begin(write=False) as tx:
            live = self.live(tx)
            log = fit.answers(live, tx)
        model, snapshot = fit.fitted(live, log), statistics.fitted(live, log)
        with self.store.begin() as tx:
            published = fit.publish(tx, self.clock, model)
            statistics.publish(tx, self.clock, snapshot)
        # Apart and last: nobody who answers meanwhile writes these any more. If it can't be done
        # now, they only take up space.
        with suppress(StoreUnavailable), self.store.begin() as tx:
            in_use = {alias.ref for alias in tx.models.aliases()}
            for ref in {live.estimator.ref, live.features.ref} - in_use:
                tx.states.drop(ref)
        self.mirror()
        return published

    def retrain(
        self,
        model: str = "ability",
        *,
        window: timedelta | None = None,
        incremental: bool = False,
        margin: float | None = None,
        promote: bool = True,
        dry_run: bool = False,
        say: Callable[[str], None] = lambda what: None,
    ) -> "Report":
        """Fit a model anew, and let it take over if it is better; see `journeys.retrain`.

        Unlike `fit`, it learns from four learners in five and is judged by the others, and the
        champion stays unless the new version beats it. It is fitted where the setting `executor`
        says.

        Args:
            window: Learn from and judge by answers of this long only; None: all.
            incremental: Go on from the champion's checkpoint, where the model can.
            margin: How much better it has to be, relative in log loss; None: the model's own.
            promote: Without, the new version is stored and plays no role.
            dry_run: Change nothing.
            say: Told what is being done.
        """
        # Only here: it brings polars and every model, which a serving process has no use for.
        from learnloop.journeys.retrain import Plan, retrain  # noqa: PLC0415
        from learnloop.training.executor import open_executor  # noqa: PLC0415

        plan = Plan(
            window=window, incremental=incremental, margin=margin, promote=promote, dry_run=dry_run
        )
        where = self.settings.executor
        with nullcontext() if where == "local" else open_executor(where) as executor:
            report = retrain(self.live, self.store, model, plan, say, executor)
        self.mirror()
        return report

    def mirror(self) -> None:
        """Show versions and roles in MLflow, where that is set; waits for a server 10 s at most."""
        settings = self.settings
        if settings.tracking == "none":
            return
        from learnloop.journeys.mirror import mirror  # noqa: PLC0415 - it brings an extra
        from learnloop.training.tracking import open_tracker  # noqa: PLC0415

        folder = Path(settings.tracking_folder)
        tracker = open_tracker(settings.tracking, settings.mlflow_url, folder)
        try:
            with self.store.begin(write=False) as tx:
                mirror(tx, tracker)
        finally:
            tracker.close()

    def models(self) -> tuple[ModelPerformance, ...]:
        """Which models there are, which one is live, and how each did."""
        with self.store.begin(write=False) as tx:
            return performance.models(self.live(tx), tx)
