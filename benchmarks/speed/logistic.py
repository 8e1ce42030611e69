"""What does it cost to fit best-LR? Ours beside scikit-learn's LogisticRegression, CPU seconds.

    python benchmarks/speed/logistic.py [--data DIR] [--only NAME] [--rounds 3]

scikit-learn (lbfgs, C = 1, at most 1,000 iterations, sparse rows) gets the very design that we fit,
ready made, in its own interpreter: `LEARNLOOP_SKLEARN_PYTHON`. Ours is timed from the log on, the
counting included. Rounds go in turns, the best of each counts. One thread: set OMP_NUM_THREADS=1.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PEER = "LEARNLOOP_SKLEARN_PYTHON"


def peer(file: str) -> None:
    """Fit in the peer's interpreter and print CPU seconds, iterations and the loss that is left."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    given = np.load(file)
    x = csr_matrix((given["value"], (given["row"], given["column"])), tuple(given["shape"]))
    began = time.process_time()
    model = LogisticRegression(C=1.0, max_iter=1000).fit(x, given["right"])
    spent = time.process_time() - began
    weights, logit = model.coef_[0], model.decision_function(x)
    loss = np.sum(np.logaddexp(0.0, logit) - given["right"] * logit) + 0.5 * weights @ weights
    print(json.dumps({"cpu_s": spent, "iterations": int(model.n_iter_[0]), "loss": float(loss)}))


def ours(folder: Path, file: Path) -> dict:
    """Count and fit from the log on, and leave the design for the peer."""
    from learnloop.models.tracing.logistic.config import Config
    from learnloop.models.tracing.logistic.design import design_of, layout_of, rows_of
    from learnloop.models.tracing.logistic.newton import fit_logistic, loss_of
    from learnloop.models.tracing.logistic.windows import windows_of
    from learnloop.training.dataset import read_dataset

    log, config = read_dataset(folder).train, Config("best_lr")
    began = time.process_time()
    layout = layout_of(config, windows_of(config, timed=log.occurred_us is not None))
    rows = rows_of(log, config, layout)
    right = (log.correct[rows.rows] == 1).astype(np.float64)
    x = design_of(log, rows, config, layout)
    counted = time.process_time()
    weights = fit_logistic(x, right)
    spent = time.process_time() - counted
    loss = loss_of(x.times(weights), right, x.penalty, weights)
    n, a, f = x.n, x.shared.shape[1], x.own.shape[1]
    entry = np.arange(n) if x.row is None else x.row
    first = np.repeat(x.skill.places * f, f) + np.tile(np.arange(f), len(entry))
    shared = np.tile(np.arange(a - 1), n)
    columns = [shared, a - 1 + first, a - 1 + f * len(x.skill) + x.item.places]
    row = np.concatenate((np.repeat(np.arange(n), a - 1), np.repeat(entry, f), np.arange(n)))
    value = np.concatenate((x.shared[:, 1:].ravel(), x.own.ravel(), np.ones(n)))
    shape = np.array((n, len(weights) - 1))
    column = np.concatenate(columns)
    np.savez(file, row=row, column=column, value=value, shape=shape, right=right)
    return {"count_s": counted - began, "cpu_s": spent, "loss": float(loss), "rows": n}


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    home = os.environ.get("LEARNLOOP_DATA", "../shared/data")
    given.add_argument("--data", type=Path, default=Path(home) / "kt")
    given.add_argument("--only", default="assistments09")
    given.add_argument("--rounds", type=int, default=3)
    given.add_argument("--peer", help=argparse.SUPPRESS)
    asked = given.parse_args()
    if asked.peer:
        peer(asked.peer)
        return
    if PEER not in os.environ:
        sys.exit(f"set {PEER} to a Python that has scikit-learn, e.g. in an environment of its own")
    found: dict[str, list] = {"ours": [], "scikit-learn": []}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "design.npz"
        for _ in range(asked.rounds):
            found["ours"].append(ours(asked.data / asked.only, file))
            command = [os.environ[PEER], __file__, "--peer", str(file)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found["scikit-learn"].append(json.loads(done.stdout))
    best = {name: min(rounds, key=lambda r: r["cpu_s"]) for name, rounds in found.items()}
    mine, theirs = best["ours"], best["scikit-learn"]
    print(f"{asked.only}, {mine['rows']} rows, best of {asked.rounds} rounds, CPU seconds\n")
    print("| | counting | fit | loss left |\n|---|--:|--:|--:|")
    print(f"| ours | {mine['count_s']:.2f} | {mine['cpu_s']:.2f} | {mine['loss']:.2f} |")
    print(f"| scikit-learn | given | {theirs['cpu_s']:.2f} | {theirs['loss']:.2f} |")
    print(f"\nfit alone: {theirs['cpu_s'] / mine['cpu_s']:.1f} times as fast")


if __name__ == "__main__":
    main()
