"""What do pykt's DKT and AKT say of the held-out answers? Protocol P1, its own network classes.

    python -m venv peer && peer/bin/pip install torch==2.13.0 -e . && \
        peer/bin/pip install --no-deps pykt-toolkit==0.0.38
    peer/bin/python benchmarks/quality/peers/run_pykt.py DATA dkt p.txt
    learnloop benchmark kt --data DATA --also pykt-dkt=p.txt

The networks are pykt's (its files are loaded one by one: the package as a whole needs wandb and
pandas, and its data loader of this version needs CUDA). The loop around them is here, because its
own loop cuts histories at 200 and scores no learner's first row: training rows are cut in windows
of 200 as pykt does, held-out rows are predicted from at least the 100 rows before. A row is one
answer; its concept is the set of the item's skills; DKT, which has no first prediction, says the
concept's share right there. Adam, early stopping on a tenth of the training learners.
"""

import argparse
import importlib.util
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.types import Floats, Ints
from learnloop.metrics import auc
from learnloop.training.dataset import read_dataset

LENGTH, STEP = 200, 100
PATIENCE = 6


def main() -> None:
    args = _arguments()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    data = read_dataset(args.data)
    rng = np.random.default_rng(args.seed)
    train = data.train
    stops = np.zeros(len(train.learner_ids), dtype=bool)
    stops[rng.permutation(len(stops))[: max(1, len(stops) // 10)]] = True
    concept = _concepts(data.log)
    rows, judged = train.take_learners(~stops), train.take_learners(stops)
    peer = Peer(args.kind, concept, data.log, rows)
    seconds = peer.fit(rows, judged, rng, args.cpu_seconds)
    test = data.test
    p = peer.predict(test)[test.correct != STUDY]
    np.savetxt(args.out, p, fmt="%.9g")
    area = auc(test.correct[test.correct != STUDY].astype(np.int64), p)
    print(f"{data.name} pykt-{args.kind}: AUC {area:.4f}, fit {seconds:.0f} CPU s -> {args.out}")


class Peer:
    """A network of pykt.

    Args:
        kind: "dkt" or "akt".
        concept: (n_items,) the concept of each item.
        log: Its items.
        rows: Where the concepts' shares right are from.
    """

    def __init__(self, kind: str, concept: Ints, log: AnswerLog, rows: AnswerLog) -> None:
        self.kind, self.concept = kind, concept
        n = int(concept.max()) + 1
        answered = rows.correct != STUDY
        own = concept[rows.item[answered]]
        right = np.bincount(own, rows.correct[answered], n)
        self.share = torch.from_numpy((right + 2.5) / (np.bincount(own, minlength=n) + 5.0))
        self.net: nn.Module
        if kind == "dkt":
            self.net, rate, self.batch = _network("dkt").DKT(n, 200), 1e-3, 64
        else:
            self.net = _network("akt").AKT(
                n, len(log.item_ids), 64, 1, 0.2, d_ff=128, final_fc_dim=256, num_attn_heads=4
            )
            rate, self.batch = 1e-3, 32
        self.optimiser = torch.optim.Adam(self.net.parameters(), lr=rate)

    def fit(
        self, rows: AnswerLog, judged: AnswerLog, rng: np.random.Generator, budget: float
    ) -> float:
        """CPU seconds; the weights are those of the best epoch on `judged`."""
        began, best, kept, since = time.process_time(), 0.0, self.net.state_dict(), 0
        while time.process_time() - began < budget and since < PATIENCE:
            self._epoch(rows, rng)
            p = self.predict(judged)
            answered = judged.correct != STUDY
            area = auc(judged.correct[answered].astype(np.int64), p[answered])
            since += 1
            if area > best:
                best, since = area, 0
                kept = {name: x.clone() for name, x in self.net.state_dict().items()}
            print(
                f"  validation AUC {area:.4f}, {time.process_time() - began:.0f} CPU s", flush=True
            )
        self.net.load_state_dict(kept)
        return time.process_time() - began

    def _epoch(self, rows: AnswerLog, rng: np.random.Generator) -> None:
        self.net.train()
        for part in _batches(_cut(rows), self.batch, rng):
            p, penalty, counts = self._said(rows, part)
            if self.kind == "dkt":
                counts[:, 0] = False
            wanted = torch.from_numpy(np.maximum(rows.correct[part], 0))
            chances = p[counts].double().clamp(1e-7, 1 - 1e-7)
            loss = nn.functional.binary_cross_entropy(chances, wanted[counts].double()) + penalty
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()

    def predict(self, log: AnswerLog) -> Floats:
        """(n,) chances; NaN on studied rows."""
        self.net.eval()
        found = np.full(len(log), np.nan)
        windows = _overlapping(log)
        for begin in range(0, len(windows), self.batch):
            some = windows[begin : begin + self.batch]
            part = _padded([rows for rows, _ in some])
            with torch.no_grad():
                p, _, _ = self._said(log, part)
            for (rows, first), said in zip(some, p.numpy(), strict=True):
                found[rows[first:]] = said[first : len(rows)]
        return found

    def _said(self, log: AnswerLog, part: Ints) -> tuple[Tensor, Any, Tensor]:
        """(n, T) chances, what is added to the loss, and which of them are rows."""
        is_row = part >= 0
        concept = torch.from_numpy(np.where(is_row, self.concept[log.item[part]], 0))
        item = torch.from_numpy(np.where(is_row, log.item[part] + 1, 0))
        right = torch.from_numpy(np.where(is_row, log.correct[part], 0).astype(np.int64))
        if self.kind == "akt":
            p, penalty = self.net(concept, right, item)
            return p, penalty, torch.from_numpy(is_row)
        after = self.net(concept, right)
        next_ones = torch.gather(after[:, :-1], 2, concept[:, 1:, None])[..., 0]
        first = self.share[concept[:, :1]].to(next_ones.dtype)
        return torch.cat([first, next_ones], dim=1), 0.0, torch.from_numpy(is_row)


def _network(name: str) -> ModuleType:
    found = importlib.util.find_spec("pykt")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("pykt-toolkit is not installed in this interpreter; see the module's text")
    file = Path(found.submodule_search_locations[0]) / "models" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _concepts(log: AnswerLog) -> Ints:
    sets: dict[tuple[int, ...], int] = {}
    own = [tuple(sorted(log.skills_of(item).tolist())) for item in range(len(log.item_ids))]
    return np.array([sets.setdefault(skills, len(sets)) for skills in own])


def _answers_of(log: AnswerLog) -> list[Ints]:
    starts = log.starts
    every = [np.arange(a, b) for a, b in pairwise(starts)]
    answered = [rows[log.correct[rows] != STUDY] for rows in every]
    return [rows for rows in answered if len(rows)]


def _cut(log: AnswerLog) -> list[Ints]:
    return [rows[a : a + LENGTH] for rows in _answers_of(log) for a in range(0, len(rows), LENGTH)]


def _overlapping(log: AnswerLog) -> list[tuple[Ints, int]]:
    """Windows, and from where on each is scored; alike lengths stand together."""
    windows = []
    for rows in _answers_of(log):
        windows.append((rows[:LENGTH], 0))
        for a in range(LENGTH, len(rows), STEP):
            windows.append((rows[a - STEP : a + STEP], STEP))
    return sorted(windows, key=lambda window: -len(window[0]))


def _batches(windows: list[Ints], size: int, rng: np.random.Generator) -> Iterator[Ints]:
    order = rng.permutation(len(windows))
    for begin in range(0, len(windows), size):
        yield _padded([windows[i] for i in order[begin : begin + size]])


def _padded(windows: list[Ints]) -> Ints:
    part = np.full((len(windows), max(map(len, windows))), -1)
    for own, rows in zip(part, windows, strict=True):
        own[: len(rows)] = rows
    return part


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="a folder with interactions.csv[.gz]")
    parser.add_argument("kind", choices=("dkt", "akt"))
    parser.add_argument("out", type=Path, help="one chance a line is written there")
    parser.add_argument("--cpu-seconds", type=float, default=1200.0, help="stop training then")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
