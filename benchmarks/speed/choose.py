"""What does it cost to choose 5 of 10,000 eligible items, say why, and log it? Beside one peer.

Ours: `PersonalizationEngine.generate_recommendations(learner, n=5)` on SQLite files, all included:
reading the learner's state, eligibility, estimates, the slate with reasons and propensities, and
the durable log of the decision. The peer gets the same history, catalog and eligible items.
"""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from peers.process import Peer, PeerMissing
from report import Report
from timing import Samples, Timing, timed
from world import (
    LEARNER,
    N_ELIGIBLE,
    N_LEARNERS,
    NOW,
    answer,
    answers,
    large_catalog,
    school,
    small_catalog,
)

from learnloop.catalog import Catalog
from learnloop.core.types import Interaction
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.live import learner_of
from learnloop.journeys.recommend import context_of

UNIT = "ms"
N_CALLS = 300
OURS = "learnloop, SQLite NORMAL: explained and logged"
SMALL = "learnloop, SQLite NORMAL: of the 240 items of a single course"
PEER_CALLS = {
    ("empirical", "recommend"): 2,
    ("empirical", "recommend_and_log"): 2,
    ("akt", "recommend"): 1,
}
"""Calls per round; AKT takes seconds each."""


def measure(report: Report, folder: Path, peer_python: str | None, n_rounds: int) -> None:
    """Add the table of choosing."""
    table = report.table(f"5 of {N_ELIGIBLE:,} eligible items (synthetic catalog of 12,000)")
    catalog, log = large_catalog(), answers()
    with ExitStack() as stack:
        jobs: dict[str, Callable[[], Timing]] = {}
        for synchronous in ("NORMAL", "FULL"):
            url = f"sqlite:///{folder}/choose-{synchronous}.db?synchronous={synchronous}"
            engine = stack.enter_context(school(url, catalog, N_LEARNERS + 1))
            engine.record(log)
            engine.fit()
            jobs[OURS.replace("NORMAL", synchronous)] = partial(_choose, engine)
        eligible = _eligible(engine)
        jobs[SMALL] = partial(_choose, stack.enter_context(_course(folder)))
        missing = _add_peers(stack, jobs, _for_orchid(catalog, log, eligible), peer_python)
        samples = {what: Samples() for what in jobs}
        for _ in range(n_rounds):
            for what, job in jobs.items():
                samples[what].add(job())
    ours = samples[OURS].summary(UNIT)["median_ms"]
    for what, sample in samples.items():
        figures = sample.summary(UNIT)
        table.add(system=what, **figures, x_ours=figures["median_ms"] / ours, note="")
    for system, why in missing.items():
        table.add(system=system, note=why)


def _course(folder: Path) -> PersonalizationEngine:
    """A single course of 240 items; the learner has 60 answers."""
    course = small_catalog()
    engine = school(f"sqlite:///{folder}/choose-small.db", course, 1)
    engine.record(
        [answer(LEARNER, k, course.items[7 * k % 240].item_id, k % 3 > 0) for k in range(60)]
    )
    return engine


def _choose(engine: PersonalizationEngine) -> Timing:
    engine.generate_recommendations(LEARNER, n=5)
    return timed(engine.generate_recommendations, [(LEARNER, 5)] * N_CALLS)


def _eligible(engine: PersonalizationEngine) -> list[str]:
    with engine.store.begin() as tx:
        live = engine.live(tx)
        context = context_of(live, tx, learner_of(tx, LEARNER), NOW, 5, None)
    ids = [live.items.items[row].item_id for row in context.candidates.tolist()]
    if len(ids) != N_ELIGIBLE:
        raise SystemExit(f"{len(ids)} items are eligible, not {N_ELIGIBLE}: adapt world.py")
    return list(ids)


def _for_orchid(catalog: Catalog, log: list[Interaction], eligible: list[str]) -> dict[str, Any]:
    logits = [item.difficulty_logit or 0.0 for item in catalog.items]
    skill_of = {item.item_id: item.skills[0] for item in catalog.items}
    low, high = min(logits), max(logits)
    return {
        "history": [
            (x.learner_id, x.item_id, skill_of[x.item_id], int(x.correct or 0)) for x in log
        ],
        "catalog": {
            "item_id": list(skill_of),
            "category_id": list(skill_of.values()),
            "difficulty": [(x - low) / (high - low) for x in logits],
        },
        "learner": LEARNER,
        "candidates": eligible,
        "stream": [],
    }


def _add_peers(
    stack: ExitStack,
    jobs: dict[str, Callable[[], Timing]],
    setup: dict[str, Any],
    python: str | None,
) -> dict[str, str]:
    peers: dict[str, Peer] = {}
    missing = {}
    for (backbone, call), n in PEER_CALLS.items():
        if backbone in missing:
            continue
        try:
            if backbone not in peers:
                peer = Peer(python, "orchid.py", setup | {"backbone": backbone})
                peers[backbone] = stack.enter_context(peer)
        except PeerMissing as why:
            missing[backbone] = str(why)
            continue
        what = f"Orchid Ranker 1.0.0, {peers[backbone].about['learner']}: {call}"
        jobs[what] = partial(peers[backbone].run, call, n)
    return {f"Orchid Ranker 1.0.0, {backbone}": why for backbone, why in missing.items()}
