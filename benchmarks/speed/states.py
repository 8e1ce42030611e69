"""What does one answer cost through everything that serves, and how large do states get?

Held-out learners of real logs: `p_correct`, then `update` of the estimator, the profile and the
features, timed together; then the encoded states of a learner, as they are stored. Features are
stored in steps and may be switched off, so they stand apart.
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from learnloop.core.ids import LearnerId
from learnloop.features.fold import FeatureFold
from learnloop.features.profile import ProfileFold
from learnloop.features.state import encode
from learnloop.models.ability.item_statistics import item_statistics
from learnloop.models.index import DEFAULT, MODELS
from learnloop.training.dataset import read_dataset

SETS = ("assistments09", "statics11", "ednet_part", "mofacts_stats_cloze")
DATA = Path(os.environ.get("LEARNLOOP_DATA", "../shared/data")) / "kt"
WHO = LearnerId("someone")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--learners", type=int, default=60, help="of each set, at most")
    parser.add_argument("--only", choices=SETS, help="one set")
    args = parser.parse_args()
    print(
        "| data | answers a learner | one answer, us: p10, median, p99 | estimator kB | profile "
        "kB | features kB | 10,000 learners MB: without features, with |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|")
    for name in (args.only,) if args.only else SETS:
        print(line(DATA / name, args.learners), flush=True)


def line(folder: Path, n_learners: int) -> str:
    data = read_dataset(folder)
    model = MODELS[DEFAULT].fit(data.train, version="states", rng=np.random.default_rng(0))
    folds: list[Any] = [model, ProfileFold(), FeatureFold(item_statistics(data.train))]
    test, items = data.test, data.test.items()
    sizes, spent = [], []
    for learner in range(min(n_learners, len(test.learner_ids))):
        states = [fold.start(WHO) for fold in folds]
        for answer in test.interactions(learner):
            item = items[test.item[int(answer.interaction_id)]]
            began = time.perf_counter_ns()
            model.p_correct(states[0], item, answer.occurred_at)
            states = [f.update(s, answer, item) for f, s in zip(folds, states, strict=True)]
            spent.append(time.perf_counter_ns() - began)
        sizes.append([len(encode(state)) for state in states])
    bytes_each = np.mean(sizes, axis=0)
    us = np.percentile(spent, (10, 50, 99)) / 1000
    kb = " | ".join(f"{x / 1000:.1f}" for x in bytes_each)
    without, whole = bytes_each[:2].sum() / 100, bytes_each.sum() / 100
    answers = len(test) / len(test.learner_ids)
    times = ", ".join(f"{x:.0f}" for x in us)
    return f"| {data.name} | {answers:.0f} | {times} | {kb} | {without:.0f}, {whole:.0f} |"


if __name__ == "__main__":
    main()
