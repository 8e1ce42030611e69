"""What does a step of a placement cost, how short is the test, and are its intervals honest?

    python benchmarks/speed/placement.py [--only step|length] [--data DIR] [--json FILE]

`step`: estimate, standard error and the choice of the next of 5,000 items, beside catsim in its own
interpreter (LEARNLOOP_CATSIM_PYTHON; without it its rows say so). CPU time, best of the rounds.

`length`: simulated learners on item parameters of math2015 Math1 and Math2: two-parameter curves of
the questions that are right or wrong (15 and 16), fitted by `models/irt` to all learners. A test
needs a larger bank: 500 pairs (ln a, b) are drawn with replacement, each with normal noise of
Silverman's bandwidth (0.9 sd n^(-1/6) per axis), shrunk to the mean so that mean and variance stay.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from report import Report, Table

from learnloop.core.bank import ItemBank
from learnloop.core.context import Context
from learnloop.core.ids import ItemId, LearnerId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.types import Evidence, Floats, Item, Learner, Skill
from learnloop.models.irt.fitting import bank_of_responses
from learnloop.models.irt.responses import of_matrix
from learnloop.policies.placement import (
    Ability,
    Answer,
    Blueprint,
    Config,
    Criterion,
    PlacementPolicy,
)
from learnloop.policies.placement.ability import posterior

PEER = "LEARNLOOP_CATSIM_PYTHON"
N_BANK, N_ITEMS, N_SKILLS = 500, 5000, 10
N_CALIBRATION, PER_LEARNER = 1000, 60
SETS = ("Math1", "Math2")
VARIANTS = (
    Config(shortlist=1),
    Config(shortlist=10),
    Config(shortlist=20),
    Config(criterion=Criterion.POSTERIOR),
)
NOW = datetime(2026, 1, 5, tzinfo=UTC)


def context_of(items: ItemTable) -> Context:
    """A learner of whom nothing is known; everything may be asked."""
    nothing = np.zeros(items.n_skills, dtype=np.int64)
    seen = Evidence(nothing, nothing, nothing, {}, {}, 0)
    learner = Learner(LearnerId("ada"), NOW)
    return Context(learner, NOW, items, np.arange(len(items)), {}, seen, 1)


def table_of(n: int) -> ItemTable:
    """Items of skills in turn."""
    skills = [Skill(SkillId(f"s{s}"), f"s{s}") for s in range(N_SKILLS)]
    items = [Item(ItemId(f"i{i}"), (skills[i % N_SKILLS].skill_id,)) for i in range(n)]
    return ItemTable(f"{n}", items, skills)


def bank_of(
    items: ItemTable, a: Floats, b: Floats, c: Floats, sd: Floats | float = 0.0
) -> ItemBank:
    """A bank of all items of a table."""
    return ItemBank(tuple(x.item_id for x in items.items), a, b, c, np.zeros(len(a)) + sd)


# --- one step -----------------------------------------------------------------------------------


def steps(report: Report, rounds: int) -> None:
    """One step beside catsim's, after some answers."""
    rng = np.random.default_rng(20260101)
    items, after = table_of(N_ITEMS), (2, 10, 20)
    a, b, c = rng.lognormal(0, 0.3, N_ITEMS), rng.normal(size=N_ITEMS), np.full(N_ITEMS, 0.2)
    right = rng.random(max(after)) < 0.5
    right[:2] = True, False  # an estimate by maximum likelihood needs both
    policy = Blueprint.of(items, bank_of(items, a, b, c))
    theirs = _catsim(np.column_stack([a, b, c]), right, after, rounds)
    table = report.table(f"one step at {N_ITEMS:,} items, CPU us, best of {rounds}")
    for k in after:
        answers = [Answer(items.items[i].item_id, bool(right[i])) for i in range(k)]
        sitting, context, spent = PlacementPolicy(policy, answers), context_of(items), []
        for _ in range(rounds):
            began = time.process_time_ns()
            sitting.decide(context, rng)
            spent.append(time.process_time_ns() - began)
        ours = min(spent) / 1e3
        peer = min(theirs[str(k)]) / 1e3 if theirs else None
        ratio = None if peer is None else peer / ours
        table.add(answers=k, learnloop_us=ours, catsim_us=peer, x_catsim=ratio)


def _catsim(items: Floats, right: Floats, after: tuple[int, ...], rounds: int) -> dict | None:
    if PEER not in os.environ:
        print(f"catsim left out: set {PEER} to a Python that has catsim==0.21.0")
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "items.npz"
        np.savez(file, items=items, right=right, answers=np.array(after), rounds=rounds)
        script = Path(__file__).parent / "peers" / "catsim_steps.py"
        command = [os.environ[PEER], str(script), str(file)]
        one_thread = os.environ | {"NUMEXPR_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=one_thread)
    return json.loads(done.stdout)


# --- how long, and how honest -------------------------------------------------------------------


@dataclass
class School:
    """Simulated learners before a bank whose curves are known, and one that was fitted to answers.

    Attributes:
        true: What answers come from.
        known: What the test believes.
    """

    items: ItemTable
    true: ItemBank
    known: ItemBank

    def answer(self, theta: float, rng: np.random.Generator) -> np.ndarray:
        """What a learner would answer to each item."""
        return rng.random(len(self.true)) < self.true.p_correct(theta)


def resampled(data: Path, name: str, rng: np.random.Generator) -> tuple[Floats, Floats, ItemBank]:
    """(ln a, b) of a bank of `N_BANK` items, and the fitted items that they come from."""
    matrix = np.loadtxt(data / "math2015" / name / "data.txt")
    judged = matrix[:, np.isin(matrix, (0.0, 1.0)).all(axis=0)]
    m = judged.shape[1]
    fitted, _ = bank_of_responses(of_matrix(judged), tuple(ItemId(f"{i}") for i in range(m)))
    pairs = np.column_stack([np.log(fitted.discrimination), fitted.difficulty])
    mean, spread = pairs.mean(axis=0), pairs.std(axis=0)
    width = 0.9 * spread * m ** (-1.0 / 6.0)
    drawn = pairs[rng.integers(m, size=N_BANK)] + width * rng.normal(size=(N_BANK, 2))
    drawn = mean + (drawn - mean) * spread / np.hypot(spread, width)
    return drawn[:, 0], drawn[:, 1], fitted


def schools(data: Path, name: str, rng: np.random.Generator) -> tuple[dict[str, School], ItemBank]:
    """With the true curves, and with curves calibrated on other simulated learners."""
    log_a, b, fitted = resampled(data, name, rng)
    items = table_of(N_BANK)
    true = bank_of(items, np.exp(log_a), b, np.zeros(N_BANK))
    exact = School(items, true, true)
    answers = np.array([exact.answer(t, rng) for t in rng.normal(size=N_CALIBRATION)], dtype=float)
    left_out = np.argsort(rng.random(answers.shape), axis=1)[:, PER_LEARNER:]
    np.put_along_axis(answers, left_out, np.nan, axis=1)
    known, _ = bank_of_responses(of_matrix(answers), true.item_ids)
    return {"known": exact, "calibrated": School(items, true, known)}, fitted


def sit(
    plan: Blueprint, answers: np.ndarray, config: Config, rng: np.random.Generator
) -> tuple[list[int], Ability]:
    """One adaptive test; the rows asked, and what was found."""
    context, given, rows = context_of(plan.items), [], []
    while True:
        sitting = PlacementPolicy(plan, given, config)
        chosen = sitting.decide(context, rng)
        if not chosen:
            return rows, sitting.ability()
        rows.append(plan.items.row_of[chosen[0].action.item_id])
        given.append(Answer(chosen[0].action.item_id, bool(answers[rows[-1]])))


def fixed(bank: ItemBank, order: np.ndarray, answers: np.ndarray, config: Config) -> int:
    """How many items of a fixed order it takes to reach the same standard error."""
    low, high = 1, len(order)
    given = [Answer(bank.item_ids[i], bool(answers[i])) for i in order.tolist()]
    while low < high:  # the error falls with each answer, but for tiny rises
        middle = (low + high) // 2
        if posterior(bank, given[:middle], config).ability().stddev <= config.se_target:
            high = middle
        else:
            low = middle + 1
    return low


def forms(bank: ItemBank, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Fixed tests: at random, difficulties spread evenly, and the best there is for N(0, 1)."""
    nodes = np.linspace(-3, 3, 31)
    weights = np.exp(-0.5 * nodes**2)
    best = np.argsort(-(weights / weights.sum()) @ bank.information(nodes))
    by_b = np.argsort(bank.difficulty)
    halves = [by_b[len(by_b) * (2 * i + 1) // 2 ** (d + 1)] for d in range(9) for i in range(2**d)]
    spread = np.array(list(dict.fromkeys([*halves, *by_b.tolist()])))
    return {"random": rng.permutation(len(bank)), "conventional": spread, "best fixed": best}


def lengths(report: Report, data: Path, n_learners: int) -> None:
    """Items to a standard error of 0.3, coverage and exposure."""
    long = report.table("items until the standard error is 0.3: mean over learners N(0, 1)")
    honest = report.table("what the placement says, as it is set up")
    for number, name in enumerate(SETS):
        rng = np.random.default_rng([20260101, number])
        made, fitted = schools(data, name, rng)
        a, b = fitted.discrimination, fitted.difficulty
        print(f"{name}: a {a.min():.2f}-{a.max():.2f}, mean {a.mean():.2f}; "
              f"b {b.min():.2f}-{b.max():.2f}")  # fmt: skip
        thetas, some = rng.normal(size=n_learners), n_learners // 5
        everybody = [made["known"].answer(theta, rng) for theta in thetas]
        _lengths(long, name, made["known"], everybody[:some], rng)
        told = f"{name}, curves known"
        _honest(honest, told, made["known"], thetas, everybody, Config(), rng)
        for config in VARIANTS:
            _honest(honest, told, made["known"], thetas[:some], everybody[:some], config, rng)
        told = f"{name}, curves from {N_CALIBRATION} x {PER_LEARNER} answers"
        _honest(honest, told, made["calibrated"], thetas, everybody, Config(), rng)


def _lengths(
    table: Table, name: str, school: School, everybody: list, rng: np.random.Generator
) -> None:
    endless = Config(max_items=N_BANK)
    plan = Blueprint.of(school.items, school.known)
    adaptive = np.array([len(sit(plan, answers, endless, rng)[0]) for answers in everybody])
    cells = {"adaptive": adaptive.mean()}
    for form, order in forms(school.known, rng).items():
        needed = np.array([fixed(school.known, order, answers, endless) for answers in everybody])
        cells[form] = needed.mean()
        cells[f"adaptive / {form}"] = adaptive.mean() / needed.mean()
    table.add(set=name, n=len(everybody), **cells)


def _honest(
    table: Table,
    name: str,
    school: School,
    thetas: Floats,
    everybody: list,
    config: Config,
    rng: np.random.Generator,
) -> None:
    plan = Blueprint.of(school.items, school.known)
    sat = [sit(plan, answers, config, rng) for answers in everybody]
    found = np.array([ability for _, ability in sat])
    n = len(sat)
    inside = ((found[:, 2] <= thetas) & (thetas <= found[:, 3])).mean()
    seen = np.bincount(np.concatenate([rows for rows, _ in sat]), minlength=N_BANK) / n
    used = np.mean([len(rows) for rows, _ in sat])
    shares = np.mean(
        [np.ptp(np.bincount(np.array(rows) % N_SKILLS, minlength=N_SKILLS)) for rows, _ in sat]
    )
    table.add(
        bank=name,
        shortlist=config.shortlist,
        criterion=config.criterion.value,
        n=n,
        items=used,
        se_reached=(found[:, 1] <= config.se_target).mean(),
        rmse=float(np.sqrt(np.mean((found[:, 0] - thetas) ** 2))),
        coverage_90=inside,
        coverage_error=float(np.sqrt(inside * (1 - inside) / n)),
        exposure_max=seen.max(),
        exposure_above_20=(seen > 0.2).mean(),
        never_asked=(seen == 0).mean(),
        overlap=float((seen**2).sum() / used),
        skill_spread=shares,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("step", "length"))
    home = Path(os.environ.get("LEARNLOOP_DATA", "../shared/data"))
    parser.add_argument("--data", type=Path, default=home / "kt")
    parser.add_argument("--learners", type=int, default=2000, help="A fifth for variants")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    report = Report("speed/placement", protocol=[__doc__.split("\n\n", 2)[2]])
    if asked.only != "length":
        steps(report, asked.rounds)
    if asked.only != "step":
        lengths(report, asked.data, asked.learners)
    report.finish(asked.json)


if __name__ == "__main__":
    main()
