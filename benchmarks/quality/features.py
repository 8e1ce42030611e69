"""Are the features worth having? A boosted model on them, beside best-LR; what each family adds.

    python benchmarks/quality/features.py [--data DIR] [--only NAME] [--inside | --ablate]

Protocol P1 (docs/evaluation.md): fit on the training learners, predict every answer of the test
learners from what went before it; differences are paired by learner. With `--inside` or `--ablate`
no test learner is read: a fifth of the training learners is held out instead. Tune there.

Item statistics that features of a training learner are read with come from other folds. Each fold
in turn says when the boosting stops on the others, and the logits of these models are averaged.
"""

import argparse
import json
import os
import time
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np

from learnloop.core.answers import STUDY
from learnloop.core.random import derive_rng
from learnloop.core.types import Floats
from learnloop.features.definition import Family
from learnloop.features.definitions import FEATURES
from learnloop.metrics import Interval
from learnloop.models.ability.item_statistics import deal
from learnloop.models.tracing import logistic
from learnloop.training.audit import Audit
from learnloop.training.dataset import Dataset, read_dataset
from learnloop.training.evaluate import compare, judge
from learnloop.training.evaluation import Scored
from learnloop.training.feature_rows import of_dataset

DATA = ("assistments09", "statics11", "ednet_part", "algebra05_part", "mofacts_stats_cloze")
ASKED = dict(zip(DATA, (0.784, 0.836, 0.721, 0.823, 0.862), strict=True))
NAMES = tuple(x.name for x in FEATURES)
N_FOLDS = 5
ABLATION_MODELS = 2  # of the five; what matters is the difference
MOST_ROUNDS, PATIENCE = 2000, 40
PARAMETERS = {
    "objective": "binary", "learning_rate": 0.06, "num_leaves": 31, "min_data_in_leaf": 100,
    "feature_fraction": 0.3, "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 20.0,
    "max_bin": 127, "num_threads": 1, "verbose": -1, "deterministic": True,
}  # fmt: skip


class Vectors:
    """The features before every answer, and who may be learnt from."""

    def __init__(self, data: Dataset, seed: int) -> None:
        sides = of_dataset(data, derive_rng(seed, "folds", data.name))
        self.train, self.held_out = sides.train, sides.held_out
        fold = np.full(len(data.log.learner_ids), -1)
        n_train = int((~data.is_test).sum())
        fold[~data.is_test] = deal(n_train, N_FOLDS, derive_rng(seed, "folds", data.name))
        self.fold = fold[self.train.learner]

    def boosted(self, kept: Collection[str], seed: int, n_models: int = N_FOLDS) -> Floats:
        """P(right) of the held-out answers, by the features `kept`."""
        import lightgbm

        columns = [i for i, name in enumerate(NAMES) if name in kept]
        held_out = self.held_out.x[:, columns]
        logit = np.zeros(len(held_out))
        for k in range(n_models):
            sets = [
                lightgbm.Dataset(self.train.x[rows][:, columns], self.train.correct[rows])
                for rows in (self.fold != k, self.fold == k)
            ]
            patience = lightgbm.early_stopping(PATIENCE, verbose=False)
            model = lightgbm.train(
                {**PARAMETERS, "seed": seed + k},
                sets[0],
                MOST_ROUNDS,
                [sets[1]],
                callbacks=[patience],
            )
            logit += model.predict(held_out, raw_score=True)
        return 1.0 / (1.0 + np.exp(-logit / n_models))


def inside_training(data: Dataset, seed: int) -> Dataset:
    """The training learners alone, a fifth of them held out."""
    who = ~data.is_test
    log = data.log.take_learners(who)
    fold = deal(len(log.learner_ids), 5, derive_rng(seed, "ablation", data.name))
    skill = None if data.row_skill is None else data.row_skill[who[data.log.learner]]
    return replace(data, log=log, is_test=fold == 0, row_skill=skill)


def best_lr(data: Dataset, *, item_counts: bool) -> Scored:
    test = data.test
    config = logistic.Config("best_lr", item_record=item_counts)
    model = logistic.fit(data.train, config, version="bench", rng=derive_rng(1, "best-lr"))
    p = logistic.predict_log(model, test)
    return Scored(f"best-lr, item record: {item_counts}", data, p[test.correct != STUDY])


def usefulness(data: Dataset, seed: int) -> dict:
    """The boosted model beside best-LR on the test learners."""
    ours = Scored("boosted", data, Vectors(data, seed).boosted(NAMES, seed))
    rng = derive_rng(seed, "resamples", data.name)
    figures = judge(ours, Audit(()), rng).figures
    found: dict = {"data": data.name, "asked": ASKED.get(data.name)}
    found |= {name: figures[name] for name in ("auc", "ece", "first5_auc")}
    for name, item_counts in (("best_lr", False), ("with_item_counts", True)):
        theirs = best_lr(data, item_counts=item_counts)
        found[name] = judge(theirs, Audit(()), rng, 10).figures["auc"].point
        found[f"above_{name}"] = compare(ours, theirs, rng).differences["auc"]
    return found


def ablation(data: Dataset, seed: int) -> dict:
    """AUC with all features, what is lost without each family, and each family alone."""
    found = Vectors(data, seed)
    everything = Scored("all", data, found.boosted(NAMES, seed, ABLATION_MODELS))
    out: dict = {"data": data.name}
    for family in Family:
        own = {x.name for x in FEATURES if x.family is family}
        without = Scored("without", data, found.boosted(set(NAMES) - own, seed, ABLATION_MODELS))
        alone = Scored("alone", data, found.boosted(own, seed, ABLATION_MODELS))
        rng = derive_rng(seed, "resamples", data.name)
        lost = compare(everything, without, rng, 300).differences["auc"]
        figures = judge(alone, Audit(()), rng, 10).figures
        out[family.value] = {"adds": lost, "alone": figures["auc"].point}
    out["all"] = judge(everything, Audit(()), derive_rng(seed, "all"), 10).figures["auc"].point
    return out


def _said(x: Interval) -> str:
    return f"{x.point:+.4f} ({x.low:+.4f} to {x.high:+.4f})"


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    home = os.environ.get("LEARNLOOP_DATA", "../shared/data")
    given.add_argument("--data", type=Path, default=Path(home) / "kt")
    given.add_argument("--only", choices=DATA, action="append")
    given.add_argument("--ablate", action="store_true")
    given.add_argument("--inside", action="store_true")
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--json", type=Path)
    asked = given.parse_args()
    results = []
    for name in asked.only or DATA:
        began = time.process_time()
        data = read_dataset(asked.data / name)
        if asked.inside or asked.ablate:
            data = inside_training(data, asked.seed)
        found = ablation(data, asked.seed) if asked.ablate else usefulness(data, asked.seed)
        results.append(found | {"cpu_s": round(time.process_time() - began, 1)})
        if asked.ablate:
            print(f"\n{name}: all {found['all']:.4f}\n\n| family | adds | alone |\n|---|--:|--:|")
            for family in Family:
                row = found[family.value]
                print(f"| {family.value} | {_said(row['adds'])} | {row['alone']:.4f} |", flush=True)
        else:
            print(
                f"| {name} | {found['auc'].point:.4f} | {found['asked']} "
                f"| {found['best_lr']:.4f} | {_said(found['above_best_lr'])} "
                f"| {found['with_item_counts']:.4f} | {_said(found['above_with_item_counts'])} |",
                flush=True,
            )
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
