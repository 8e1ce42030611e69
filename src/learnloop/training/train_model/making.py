"""How is a model made from a data set? Tuned and cross-validated if asked, fitted, judged, told.

training learners -> settings (tuned inside them) -> fit -> load what was fitted
  -> held-out learners by P1, with the leakage audit -> manifest, card, baseline
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from learnloop.core.artifact import Artifact
from learnloop.core.errors import InvalidInput
from learnloop.core.random import derive_rng
from learnloop.training.cross_validate import CrossValidation
from learnloop.training.dataset import Dataset
from learnloop.training.evaluate import audit, judge, score
from learnloop.training.evaluation import Evaluation
from learnloop.training.executor import Executor, LocalExecutor
from learnloop.training.tracking.tracker import NoRun, Run
from learnloop.training.train_model import rehearsal
from learnloop.training.train_model.config import Values, config_of, space_of, values_of
from learnloop.training.train_model.epochs import Epochs
from learnloop.training.train_model.kinds import Stamp, kind_of, takes
from learnloop.training.train_model.telling import (
    CARD_FILE,
    NO_TEST,
    baseline_of,
    snapshot_of,
    told,
    tuning_pictures,
)
from learnloop.training.tune import Tuned

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be made.

    Attributes:
        model: Name in `models.index`.
        created_at: Written into the manifest; the version follows from it.
        values: Fields of the model's Config, others being its defaults; texts are read.
        seed: Of every fit, draw and resample.
        test: Judge by the held-out learners; else by a fifth of the training learners.
        checkpoints: Folder that a killed fit goes on from; of this fit alone.
        n_folds: Folds of a cross-validation; 0: none.
        n_trials: Trials of a search for settings; 0: none.
        journal: File that a killed search goes on from.
    """

    model: str
    created_at: datetime
    values: Values = field(default_factory=dict)
    seed: int = 0
    test: bool = True
    checkpoints: Path | None = None
    n_folds: int = 0
    n_trials: int = 0
    journal: Path | None = None

    @property
    def version(self) -> str:
        """The version part of the model's ref."""
        return self.created_at.strftime("%Y-%m-%dT%H%M%S.%fZ")


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What came of a plan.

    Attributes:
        artifact: The model, its card and its baseline.
        pictures: PNG by file name: how epochs and trials went.
        evaluation: How it did on learners that it was not fitted on.
        folds: The cross-validation, where one was asked for.
        tuned: The search, where one was asked for.
    """

    artifact: Artifact
    pictures: Mapping[str, bytes]
    evaluation: Evaluation
    folds: CrossValidation | None
    tuned: Tuned | None


def train(
    data: Dataset,
    plan: Plan,
    *,
    run: Run | None = None,
    executor: Executor | None = None,
    say: Say = lambda what: None,
) -> Trained:
    """Make a model.

    Args:
        data: Its training learners are fitted on, the others judged by.
        plan: What to do.
        run: Of a tracker; told settings, epochs, figures and files.
        executor: Where folds and trials run; by default in this process.
        say: Told what is being done.

    Raises:
        InvalidInput: There is no such model, or it has no such settings.
        DataError: There is too little to fit on, or to judge by.
        ArtifactError: The checkpoints are those of another fit.
        TaskFailed: A fold or a trial failed.
    """
    run, executor = run or NoRun(), executor or LocalExecutor()
    _require(plan)
    data = data if plan.test else rehearsal.without_test(data)
    snapshot = snapshot_of(data)
    tuned = _tuned(data, plan, snapshot, executor, say) if plan.n_trials else None
    config = config_of(plan.model, {**plan.values, **(tuned.best.params if tuned else {})})
    run.params({**values_of(config), "seed": plan.seed})
    run.tags({"data": data.name, "snapshot": snapshot, "model": plan.model})
    folds = _folds(data, plan, config, executor, say) if plan.n_folds else None
    say(f"fitting on {int((~data.is_test).sum()):,} training learners")
    kind, epochs = kind_of(plan.model, data, plan.seed), Epochs(run, plan.checkpoints)
    stamp = Stamp(plan.version, plan.seed, plan.created_at)
    fitted = kind.fit(config, stamp, checkpoints=epochs.checkpoints, tracker=epochs)
    say("predicting the others, and auditing")
    predict = kind.predictor(fitted)
    scored, rng = score(data, str(fitted.ref), predict), derive_rng(plan.seed, "judge")
    found = judge(scored, audit(data, predict, rng), rng)
    baseline = baseline_of(kind.seen(), data, scored.p)
    artifact = told(fitted, data, config, found, baseline, () if plan.test else (NO_TEST,))
    pictures = epochs.pictures()
    if tuned is not None:
        pictures |= tuning_pictures(tuned, space_of(plan.model, plan.values))
    made = Trained(artifact, pictures, found, folds, tuned)
    _track(run, made)
    return made


def _require(plan: Plan) -> None:
    """Refuse before anything is computed."""
    config_of(plan.model, plan.values)
    if plan.n_folds == 1 or plan.n_folds < 0:
        raise InvalidInput("folds: give at least 2", field="folds")
    if plan.n_trials < 0:
        raise InvalidInput("trials: give at least 1", field="trials")
    if plan.n_trials:
        space_of(plan.model, plan.values)
    if plan.journal is not None and not plan.n_trials:
        raise InvalidInput("journal: it keeps trials; say how many with trials", field="journal")
    if plan.checkpoints is not None and not takes(plan.model, "checkpoints"):
        raise InvalidInput(
            f"checkpoints: {plan.model} is fitted in one pass and has none", field="checkpoints"
        )


def _tuned(data: Dataset, plan: Plan, snapshot: str, executor: Executor, say: Say) -> Tuned:
    set_to = json.dumps(dict(plan.values), sort_keys=True)
    what = hashlib.sha256(f"{snapshot} {set_to}".encode()).hexdigest()[:12]
    say(f"trying {plan.n_trials} settings")
    return rehearsal.searched(
        plan.model,
        data,
        plan.values,
        seed=plan.seed,
        n_trials=plan.n_trials,
        name=f"{plan.model} on {what}",
        journal=plan.journal,
        executor=executor,
        on_done=lambda n: say(f"trial {n} of {plan.n_trials} is over"),
    )


def _folds(data: Dataset, plan: Plan, config: Any, executor: Executor, say: Say) -> CrossValidation:
    say(f"cross-validating in {plan.n_folds} folds")
    return rehearsal.validated(
        plan.model,
        data,
        config,
        seed=plan.seed,
        n_folds=plan.n_folds,
        executor=executor,
        on_done=lambda n: say(f"fold {n} of {plan.n_folds} is done"),
    )


def _track(run: Run, made: Trained) -> None:
    metrics, judged = made.artifact.manifest.metrics, made.evaluation.figures
    # Epochs have an `auc` too, of those who validate.
    run.metrics({f"judged_{k}" if k in judged else k: x[0] for k, x in metrics.items()})
    if made.folds is not None:
        figures = made.folds.folds[0].figures
        run.metrics({f"folds_{name}": made.folds.mean(name) for name in figures})
    run.tags({"ref": str(made.artifact.ref), "sha256": made.artifact.sha256})
    run.file(CARD_FILE, made.artifact.file(CARD_FILE))
    for name, picture in made.pictures.items():
        run.file(f"plots/{name}", picture)
