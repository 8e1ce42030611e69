"""What does each member add to an ensemble? Alone, together, and all but one.

    python benchmarks/quality/ensemble.py [--data DIR] [--only NAME] [--members A,B,...] [--test]

Members are fitted on four fifths of the training learners and asked about the last fifth; weights
are fitted on four fifths of these learners and judged on the others, in turn. No test learner is
read. With `--test` the members are also fitted on all training learners, weighed with the weights
of the whole fifth, and judged on the test learners beside best-LR: protocol P1, as `learnloop
evaluate --model ensemble` has it.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from learnloop.core.answers import STUDY
from learnloop.core.random import derive_rng
from learnloop.core.types import Floats
from learnloop.models.ability.item_statistics import deal
from learnloop.models.ensemble.config import Config
from learnloop.models.ensemble.fitting import logits_before
from learnloop.models.ensemble.members import MEMBERS
from learnloop.models.ensemble.stack import Stack, fit_stack
from learnloop.training.audit import Audit
from learnloop.training.dataset import Dataset, read_dataset
from learnloop.training.evaluate import compare, judge
from learnloop.training.evaluation import Scored
from learnloop.training.fits import fit_of
from learnloop.training.predict import predict_rows

DATA = ("assistments09", "statics11", "ednet_part", "algebra05_part", "mofacts_stats_cloze")
RIDGE = Config().ridge
FIGURES = ("auc", "log_loss", "ece", "first5_auc")


def inside_training(data: Dataset, seed: int) -> Dataset:
    """The training learners alone, a fifth of them held out."""
    who = ~data.is_test
    log = data.log.take_learners(who)
    fold = deal(len(log.learner_ids), 5, derive_rng(seed, "ensemble", data.name))
    skill = None if data.row_skill is None else data.row_skill[who[data.log.learner]]
    return replace(data, log=log, is_test=fold == 0, row_skill=skill)


def asked(data: Dataset, name: str, seed: int) -> tuple[Floats, float]:
    """(n,) logits of a member about the held-out answers, and the CPU seconds of its fit."""
    began = time.process_time()
    member = MEMBERS[name].fit(data.train, version="x", rng=derive_rng(seed, "fit", name))
    spent = time.process_time() - began
    return logits_before((member,), data.test)[data.test.correct != STUDY, 0], spent


def in_turn(said: Floats, correct: np.ndarray, learner: np.ndarray, seed: int) -> Floats:
    """(n,) logits, weighed as other learners say, in three deals."""
    codes, row = np.unique(learner, return_inverse=True)
    out = np.zeros(len(said))
    for number in range(3):
        fold = deal(len(codes), 5, derive_rng(seed, "turn", str(number)))[row]
        for k in range(5):
            own = fold == k
            out[own] += fit_stack(said[~own], correct[~own], RIDGE).logit(said[own]) / 3
    return out


def told(data: Dataset, name: str, logit: Floats) -> tuple[Scored, dict]:
    """What was said, and its figures."""
    scored = Scored(name, data, 1.0 / (1.0 + np.exp(-logit)))
    found = judge(scored, Audit(()), derive_rng(0, "judge"), 300)
    figures = {figure: round(found.figures[figure].point, 5) for figure in FIGURES}
    return scored, {"model": name, **figures, "bound": round(found.ece_calibrated_95, 4)}


def inside(data: Dataset, names: Sequence[str], seed: int) -> tuple[Stack, list[dict]]:
    """The weights, and each member alone, all, and all but one."""
    logs, spent = zip(*(asked(data, name, seed) for name in names), strict=True)
    said, test = np.stack(logs, axis=1), data.test
    answered = test.correct != STUDY
    correct, learner = test.correct[answered].astype(np.int64), test.learner[answered]
    rows = [
        told(data, name, logit)[1] | {"fit_cpu_s": round(cpu, 1)}
        for name, logit, cpu in zip(names, logs, spent, strict=True)
    ]
    sets = {"all": list(range(len(names)))}
    if len(names) > 2:
        sets |= {
            f"all but {x}": [i for i in sets["all"] if i != j] for j, x in enumerate(names) if j
        }
    for name, own in sets.items():
        rows.append(told(data, name, in_turn(said[:, own], correct, learner, seed))[1])
    return fit_stack(said, correct, RIDGE), rows


def on_test(data: Dataset, names: Sequence[str], stack: Stack, seed: int) -> list[dict]:
    """The ensemble beside its members and best-LR, on the test learners."""
    logs = {name: asked(data, name, seed)[0] for name in names}
    best_lr = predict_rows(fit_of("best_lr")(data.train), data.test)
    p = best_lr[data.test.correct != STUDY]
    logs["best_lr"] = np.log(p / (1.0 - p))
    logs["ensemble"] = stack.logit(np.stack([logs[name] for name in names], axis=1))
    scored, rows = {}, []
    for name, logit in logs.items():
        scored[name], row = told(data, name, logit)
        rows.append(row)
    for name in ("best_lr", names[0]):
        above = compare(scored["ensemble"], scored[name], derive_rng(0, "pairs"), 500).differences
        rows[-1][f"above {name}"] = [round(x, 4) for x in above["auc"]]
    return rows


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    home = os.environ.get("LEARNLOOP_DATA", "../shared/data")
    given.add_argument("--data", type=Path, default=Path(home) / "kt")
    given.add_argument("--only", choices=DATA, action="append")
    given.add_argument("--members", default=",".join(Config().members))
    given.add_argument("--test", action="store_true")
    given.add_argument("--seed", type=int, default=1)
    wanted = given.parse_args()
    names = wanted.members.split(",")
    for name in wanted.only or DATA:
        data = read_dataset(wanted.data / name)
        stack, rows = inside(inside_training(data, wanted.seed), names, wanted.seed)
        weights = dict(zip(names, np.round(stack.weights, 3).tolist(), strict=True))
        print(json.dumps({"data": name, "weights": weights, "bias": round(stack.bias, 3)}))
        for row in rows + (on_test(data, names, stack, wanted.seed) if wanted.test else []):
            print(f"  {json.dumps(row)}", flush=True)


if __name__ == "__main__":
    main()
