"""How good is knowledge tracing, and how fast is its fit? Beside pyBKT and best-LR.

    python benchmarks/quality/bkt.py [--data DIR] [--only NAME] [--rounds 3] [--fits-only]

Plain knowledge tracing first, prior, learn, guess and slip of each skill, on the same sequences: an
item's set of skills is one skill. Parameters of both are judged by one likelihood function (ours,
on the training learners) and one way of predicting (the test learners, P1). Ours is timed from
the log on, pyBKT from the data frame on: one random start, its compiled E-step, in its own
interpreter, `LEARNLOOP_PYBKT_PYTHON`. Rounds go in turns, the best of each counts. Then the default
model beside best-LR.

A skill is degenerate where guess or slip is over .5, or their sum 1 or more, or learn within .001
of 0 or 1. One thread: set OMP_NUM_THREADS=1.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

PEER = "LEARNLOOP_PYBKT_PYTHON"
DATA = ("assistments09", "statics11", "ednet_part", "algebra05_part", "mofacts_stats_cloze")


def peer(file: str) -> None:
    """Fit in pyBKT's interpreter; print CPU seconds and leave the parameters beside the file."""
    import warnings

    import pandas as pd
    from pyBKT.models import Model

    warnings.simplefilter("ignore")
    given = np.load(file)
    frame = pd.DataFrame({name: given[name] for name in ("user_id", "skill_name", "correct")})
    frame["skill_name"] = frame["skill_name"].astype(str)
    frame["order_id"] = range(len(frame))
    model = Model(seed=42, num_fits=1)
    began = time.process_time()
    model.fit(data=frame)
    spent = time.process_time() - began
    rows = [
        [int(skill), own["prior"], own["learns"][0], own["guesses"][0], own["slips"][0]]
        for skill, own in model.coef_.items()
    ]
    print(json.dumps({"cpu_s": spent, "values": np.array(rows, dtype=float).tolist()}))


@dataclass
class Sides:
    """A data set whose sets of skills are skills."""

    train: object
    test: object
    n_skills: int

    @classmethod
    def of(cls, data) -> "Sides":
        log, sets = data.log, {}
        own = [tuple(log.skills_of(i).tolist()) for i in range(len(log.item_ids))]
        skill_of = np.array([sets.setdefault(x, len(sets)) for x in own])
        names = tuple(f"set-{i}" for i in range(len(sets)))
        starts = np.arange(len(own) + 1)
        log = replace(log, skill_ids=names, skill_starts=starts, skill_of=skill_of)
        return cls(log.take_learners(~data.is_test), log.take_learners(data.is_test), len(sets))

    def judged(self, values: np.ndarray) -> dict:
        """Log likelihood of the training answers, AUC on the test learners, degenerate skills."""
        from learnloop.core.answers import STUDY
        from learnloop.metrics import auc
        from learnloop.models.tracing.bkt.sequences import chains, opportunities
        from learnloop.models.tracing.bkt.smoothing import expect, forward
        from learnloop.models.tracing.bkt.standard import chances_of

        forest, _ = chains(self.train, opportunities(self.train))
        likely = expect(forest, chances_of(forest, values)).log_likelihood.sum()
        forest, _ = chains(self.test, opportunities(self.test))
        known, skill = forward(forest, chances_of(forest, values)), forest.skill
        _, learn, guess, slip = values[:, :4].T
        p = known * (1.0 - slip[skill]) + (1.0 - known) * guess[skill]
        answered = forest.answer != STUDY
        met = np.bincount(self.train.item, minlength=len(self.train.item_ids)) > 0
        met = np.bincount(self.train.skill_of[met], minlength=len(values)) > 0
        bad = (guess > 0.5) | (slip > 0.5) | (guess + slip >= 1.0)
        bad |= (learn < 0.001) | (learn > 0.999)
        return {
            "log_likelihood": float(likely),
            "auc": auc(forest.answer[answered], p[answered]),
            "degenerate": int((bad & met).sum()),
            "skills": int(met.sum()),
        }


def ours(sides: Sides, strength: float) -> Callable[[], tuple[float, np.ndarray]]:
    """A round of our fit: CPU seconds and the values of every skill."""
    from learnloop.models.tracing.bkt import STANDARD
    from learnloop.models.tracing.bkt.fitting import fit_standard
    from learnloop.models.tracing.bkt.sequences import opportunities

    config = replace(STANDARD, beta_strength=strength)

    def fit() -> tuple[float, np.ndarray]:
        began = time.process_time()
        _, values = fit_standard(sides.train, opportunities(sides.train), config)
        return time.process_time() - began, values

    return fit


def theirs(sides: Sides, python: str, file: Path) -> Callable[[], tuple[float, np.ndarray]]:
    """A round of pyBKT's fit; skills that it never met keep our start."""
    from learnloop.models.tracing.bkt.standard import FIRST, FORGET

    log = sides.train
    skill = log.skill_of[log.item]
    np.savez(file, user_id=log.learner, skill_name=skill, correct=log.correct.astype(np.int64))

    def fit() -> tuple[float, np.ndarray]:
        command = [python, "-W", "ignore", __file__, "--peer", str(file)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        said = json.loads(done.stdout)
        found = np.array(said["values"])
        values = np.tile(FIRST, (sides.n_skills + 1, 1))
        values[:, FORGET] = 0.0
        values[found[:, 0].astype(int), :FORGET] = np.clip(found[:, 1:], 1e-9, 1.0 - 1e-9)
        return said["cpu_s"], values

    return fit


def plain(data, n_rounds: int) -> list[dict]:
    """Plain knowledge tracing, ours and pyBKT's, in turns."""
    sides = Sides.of(data)
    with tempfile.TemporaryDirectory() as folder:
        systems = {
            "learnloop, plain": ours(sides, 5.0),
            "learnloop, plain, no priors": ours(sides, 0.0),
        }
        if PEER in os.environ:
            file = Path(folder) / "answers.npz"
            systems["pyBKT 1.4.3"] = theirs(sides, os.environ[PEER], file)
        rounds: dict[str, list] = {name: [] for name in systems}
        for _ in range(n_rounds):
            for name, fit in systems.items():
                rounds[name].append(fit())
    best = {name: min(found, key=lambda r: r[0]) for name, found in rounds.items()}
    return [
        {"data": data.name, "model": name, "cpu_s": spent, **sides.judged(values)}
        for name, (spent, values) in best.items()
    ]


def with_effects(data) -> list[dict]:
    """The default and best-LR, on the skills of the q-matrix; their difference by learner."""
    from learnloop.core.random import derive_rng
    from learnloop.models.tracing import bkt
    from learnloop.training.audit import Audit
    from learnloop.training.evaluate import compare, judge, score
    from learnloop.training.fits import fit_of
    from learnloop.training.predict import predict_rows

    rng, rows, said = derive_rng(0, "bkt", data.name), [], []
    for name in ("bkt", "best_lr"):
        began = time.process_time()
        model = fit_of(name)(data.train)
        spent = time.process_time() - began
        said.append(score(data, name, lambda log, m=model: predict_rows(m, log)))
        figures = judge(said[-1], Audit(()), rng, 2).figures
        row = {"data": data.name, "model": name, "cpu_s": spent}
        row |= {x: figures[x].point for x in ("auc", "log_loss", "ece", "first5_auc")}
        if isinstance(model, bkt.BktModel):
            guess = np.array([x.guess_logit for x in model.book.skills.values()])
            high = guess + np.array([x.gap for x in model.book.skills.values()])
            learn = np.array([x.learn for x in model.book.skills.values()])
            bad = (guess > 0.0) | (high < 0.0) | ((learn < 0.001) | (learn > 0.999)).any(axis=1)
            row |= {"degenerate": int(bad.sum()), "skills": len(bad)}
        rows.append(row)
    gain = compare(*said, rng, 1000).differences["auc"]
    rows[0]["above_best_lr"] = [gain.point, gain.low, gain.high]
    return rows


COLUMNS = {
    "data": "", "model": "", "cpu_s": ".2f", "log_likelihood": ".1f", "auc": ".4f",
    "degenerate": "d", "skills": "d", "log_loss": ".4f", "ece": ".4f", "first5_auc": ".4f",
}  # fmt: skip


def shown(row: dict) -> str:
    cells = [format(row[x], form) if x in row else "" for x, form in COLUMNS.items()]
    gain = row.get("above_best_lr")
    cells.append("{:+.4f} ({:+.4f} to {:+.4f})".format(*gain) if gain else "")
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    home = os.environ.get("LEARNLOOP_DATA", "../shared/data")
    given.add_argument("--data", type=Path, default=Path(home) / "kt")
    given.add_argument("--only", choices=DATA, action="append")
    given.add_argument("--rounds", type=int, default=3)
    given.add_argument("--fits-only", action="store_true", help="plain fits alone")
    given.add_argument("--json", type=Path)
    given.add_argument("--peer", help=argparse.SUPPRESS)
    asked = given.parse_args()
    if asked.peer:
        peer(asked.peer)
        return
    from learnloop.training.dataset import read_dataset

    if PEER not in os.environ:
        print(f"pyBKT left out: set {PEER} to a Python that has it, built from its sdist\n")
    names = (*COLUMNS, "AUC above best-LR")
    print("| " + " | ".join(names) + " |\n|" + "---|" * len(names))
    rows = []
    for name in asked.only or DATA:
        data = read_dataset(asked.data / name)
        found = plain(data, asked.rounds)
        found += [] if asked.fits_only else with_effects(data)
        for row in found:
            print(shown(row), flush=True)
        rows += found
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
