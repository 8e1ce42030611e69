"""What do people and machines get to know of a model? Its manifest, its card, and pictures."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from learnloop.core.answers import STUDY
from learnloop.core.artifact import Artifact
from learnloop.core.search_space import Space
from learnloop.core.time import from_us
from learnloop.core.types import Floats
from learnloop.metrics import Interval
from learnloop.monitoring.baseline import build, to_json
from learnloop.training.card import Facts, card, libraries
from learnloop.training.dataset import Dataset
from learnloop.training.evaluation import Evaluation
from learnloop.training.past import Past
from learnloop.training.train_model.config import module_of, values_of
from learnloop.training.tune import Tuned, plots

CARD_FILE: Final = "CARD.md"
BASELINE_FILE: Final = "baseline.json"
MANY: Final = 4
"""Trials from which it can be said what mattered."""
NO_TEST: Final = "It was judged by a fifth of the training learners, not by the test learners."


def snapshot_of(data: Dataset) -> str:
    """SHA-256 of the answers, and of who is held out."""
    found = hashlib.sha256(Past.of(data.log).sha256.encode())
    found.update(data.is_test.tobytes())
    return found.hexdigest()


def told(
    fitted: Artifact,
    data: Dataset,
    config: Any,
    found: Evaluation,
    baseline: bytes,
    notes: Sequence[str] = (),
) -> Artifact:
    """The artifact with its figures, its card, and what its data looked like.

    Where the leakage audit failed there are no figures, and the card says why.
    """
    if not found.audit.passed:
        failed = ", ".join(finding.check for finding in found.audit.failures)
        notes = (*notes, f"The leakage audit failed ({failed}), so no figures are given.")
    facts = _facts(fitted, data, config, found, notes)
    counts = {
        "n_answers": facts.n_answers,
        "n_learners": facts.n_learners,
        "n_judged": facts.n_judged,
    }
    return fitted.with_files(
        {CARD_FILE: card(facts).encode(), BASELINE_FILE: baseline},
        snapshot=facts.snapshot,
        config=dict(facts.config),
        libraries=libraries(fitted),
        metrics={
            **{name: tuple(x) for name, x in facts.figures.items()},
            **{name: (float(n), float(n), float(n)) for name, n in counts.items()},
        },
    )


def _facts(
    fitted: Artifact, data: Dataset, config: Any, found: Evaluation, notes: Sequence[str]
) -> Facts:
    log, manifest = data.train, fitted.manifest
    return Facts(
        ref=fitted.ref,
        what=str(module_of(manifest.kind).__doc__).splitlines()[0],
        made_at=manifest.created_at,
        snapshot=snapshot_of(data),
        n_learners=len(log.learner_ids),
        n_answers=int((log.correct != STUDY).sum()),
        first_at=None if log.occurred_us is None else from_us(int(log.occurred_us.min())),
        last_at=None if log.occurred_us is None else from_us(int(log.occurred_us.max())),
        n_judged_learners=found.n_learners,
        n_judged=found.n,
        figures=_figures(found),
        config=values_of(config),
        notes=notes,
        source=f"the data set {data.name}",
    )


def _figures(found: Evaluation) -> Mapping[str, Interval]:
    """Those that can be said; none where the audit says not to believe them."""
    if not found.audit.passed:
        return {}
    return {name: x for name, x in found.figures.items() if np.isfinite(x).all()}


def baseline_of(seen: Mapping[str, Floats], data: Dataset, said: Floats) -> bytes:
    """What the held-out answers looked like, to compare later data with.

    Args:
        seen: (n,) columns that the model reads.
        data: Whose held-out answers these are.
        said: (n,) P(correct).
    """
    test, columns = data.test, {**seen, "p_correct": said}
    learner = test.learner[test.correct != STUDY]
    return to_json(build(tuple(columns), np.column_stack(list(columns.values())), learner))


def tuning_pictures(tuned: Tuned, space: Space) -> Mapping[str, bytes]:
    """How a search went, PNG by file name."""
    found = {
        "tuning-history.png": plots.history(tuned),
        "tuning-parallel.png": plots.parallel(tuned, space),
    }
    if len(tuned.trials) >= MANY and len(space) > 1:
        found["tuning-importance.png"] = plots.importance(tuned, space)
    return found
