"""What does it cost to calibrate items, and how near the truth is it? Beside girth and py-irt.

Two parameters, the same answers for all; the peers run in the interpreters `--girth-python` and
`--py-irt-python` (or LEARNLOOP_GIRTH_PYTHON, LEARNLOOP_PY_IRT_PYTHON), and are left out where none
is given. learnloop's time begins with the matrix and ends with a and b.

Simulated: a ~ lognormal(0, 0.3), b and theta ~ N(0, 1), so the truth is known. Real: Math1 and
Math2 of the folder of data, items that are right or wrong only. The log likelihood integrates
abilities over N(0, 1) with everybody's own parameters, by one and the same quadrature; the RMSE of
theta is that of its posterior mean with them.
"""

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
from peers.process import NOT_INSTALLED, Peer, PeerMissing
from report import Report, Table
from timing import Samples, timed

from learnloop.core.bank import normal_grid
from learnloop.core.types import Floats
from learnloop.models.irt.calibration import calibrate
from learnloop.models.irt.config import Config
from learnloop.models.irt.responses import of_matrix

DATA = Path(os.environ.get("LEARNLOOP_DATA", "../shared/data")) / "kt" / "math2015"
BINARY = {"Math1": 15, "Math2": 16}
SIMULATED = {"sparse 1,439 x 200": (1439, 200, 0.076), "synth 5,000 x 100": (5000, 100, 1.0)}
LARGE = {"large 20,000 x 2,000": (20_000, 2000, 0.02)}
PEERS = {"girth": "girth 0.8.0, twopl_mml", "py-irt": "py-irt 0.7.1, 2PL"}
MISSING = NOT_INSTALLED.replace("-r requirements/bench.txt", "girth==0.8.0, or py-irt==0.7.1")
Truth = tuple[Floats, Floats, Floats]


def simulated(n_learners: int, n_items: int, filled: float) -> tuple[Floats, Truth]:
    """(n_learners, n_items) answers, NaN where there is none; a, b and theta."""
    rng = np.random.default_rng(0)
    a, b = rng.lognormal(0, 0.3, n_items), rng.normal(0, 1, n_items)
    theta = rng.normal(0, 1, n_learners)
    p = 1 / (1 + np.exp(-a * (theta[:, None] - b)))
    answers = (rng.random(p.shape) < p).astype(float)
    answers[rng.random(p.shape) >= filled] = np.nan
    return answers, (a, b, theta)


def ours(answers: Floats) -> tuple[Floats, Floats]:
    """The discriminations and difficulties that learnloop finds."""
    curves = calibrate(of_matrix(answers), Config()).curves
    return curves.discrimination, curves.difficulty


def judged(answers: Floats, a: Floats, b: Floats, truth: Truth | None) -> dict[str, float]:
    """The log likelihood of an answer, and how far from the truth."""
    nodes, weights = normal_grid(81, 6.0)
    logit = a[:, None] * (nodes - b[:, None])
    right, wrong = -np.logaddexp(0, -logit), -np.logaddexp(0, logit)
    seen = ~np.isnan(answers)
    log = np.nan_to_num(answers) @ right + (seen & (answers == 0)) @ wrong + np.log(weights)
    most = log.max(axis=1, keepdims=True)
    joint = np.exp(log - most)
    total = float((np.log(joint.sum(axis=1)) + most[:, 0]).sum())
    found = {"log_likelihood": total}
    if truth is not None:
        theta = joint @ nodes / joint.sum(axis=1)
        for name, x, true in zip("ab", (a, b), truth, strict=False):
            found[f"rmse_{name}"] = _rmse(x, true)
        found["rmse_theta"] = _rmse(theta, truth[2])
    return found


def compare(table: Table, folder: Path, name: str, case: "Case", rounds: int) -> None:
    """One set of answers: learnloop and the peers in turns."""
    answers, truth, peers = case
    times = {"learnloop": Samples(), **{peer: Samples() for peer in peers}}
    for _ in range(rounds):
        times["learnloop"].add(timed(ours, [(answers,)] * 5))
        for peer, process in peers.items():
            if process is not None and (name not in LARGE):
                times[peer].add(process.run(name, 1))
    least = _least(times["learnloop"])
    table.add(answers=name, what="learnloop", cpu_s=least, **judged(answers, *ours(answers), truth))
    for peer, samples in times.items():
        if peer == "learnloop":
            continue
        if not samples.rounds:
            note = "not asked" if name in LARGE and peers[peer] else MISSING
            table.add(answers=name, what=PEERS[peer], note=note)
            continue
        a, b = np.load(folder / f"{name}_{peer}.npy")
        table.add(
            answers=name, what=PEERS[peer], cpu_s=_least(samples),
            x_learnloop=_least(samples) / least, **judged(answers, a, b, truth),
        )  # fmt: skip


Case = tuple[Floats, Truth | None, dict[str, Peer | None]]


def _least(samples: Samples) -> float:
    return min(c for _, cpu in samples.rounds for c in cpu) / 1e9


def _rmse(found: Floats, true: Floats) -> float:
    return float(np.sqrt(np.mean((found - true) ** 2)))


def tables_of_answers() -> dict[str, tuple[Floats, Truth | None]]:
    """Every set of answers by name."""
    out: dict[str, tuple[Floats, Truth | None]] = {}
    for name, n_binary in BINARY.items():
        file = DATA / name / "data.txt"
        if file.exists():
            out[name] = np.loadtxt(file)[:, :n_binary], None
    for name, size in {**SIMULATED, **LARGE}.items():
        out[name] = simulated(*size)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=500)
    parser.add_argument("--only", nargs="*", help="the first words of names, e.g. Math1 synth")
    parser.add_argument("--girth-python", default=os.environ.get("LEARNLOOP_GIRTH_PYTHON"))
    parser.add_argument("--py-irt-python", default=os.environ.get("LEARNLOOP_PY_IRT_PYTHON"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    report = Report("speed/irt", protocol=[
        "CPU time of the calling thread, one thread, in turns, least of all rounds",
        f"two parameters; py-irt {options.epochs} epochs, hierarchical priors; defaults elsewhere",
    ])  # fmt: skip
    with tempfile.TemporaryDirectory() as at:
        folder, cases, peers = Path(at), tables_of_answers(), {}
        if options.only:
            cases = {k: v for k, v in cases.items() if k.split()[0] in options.only}
        for name, (answers, _) in cases.items():
            np.save(folder / f"{name}.npy", answers)
        small = [name for name in cases if name not in LARGE]
        pythons = {"girth": options.girth_python, "py-irt": options.py_irt_python}
        for peer, python in pythons.items():
            given = {"folder": at, "tables": small, "peer": peer, "epochs": options.epochs}
            try:
                peers[peer] = Peer(python, "irt_peers.py", given)
            except PeerMissing:
                peers[peer] = None
        table = report.table("Calibrating items with two parameters")
        for name, (answers, truth) in cases.items():
            compare(table, folder, name, (answers, truth, peers), options.rounds)
        for process in peers.values():
            if process is not None:
                process.__exit__(None, None, None)
    report.finish(options.json)


if __name__ == "__main__":
    main()
