"""How fast does Orchid Ranker take one answer, and recommend? `observe`, `recommend`.

Its documented loop: `AdaptiveRanker().fit(history)`, `recommend(user_id, candidate_item_ids,
top_k)`, `observe(user_id, item_id, outcome, timestamp)`; with a log of the decision,
`recommend_and_log`, which keeps propensities in its in-memory store. The default configuration
takes knowledge tracing (AKT) when enough learners and answers are there; `empirical` is its learner
for small data. One epoch of fitting: the cost of a call does not depend on the weights.
"""

from itertools import count, cycle, islice
from typing import Any

import pandas as pd
import torch
from orchid_ranker import AdaptiveRanker
from timing import Timing, timed
from worker import Job, serve


def setup(asked: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Job]]:
    """Fit on `history`; jobs for the answers of `stream`, and for choosing among `candidates`.

    `history` and `stream` hold rows (learner, item, skill, correct), `catalog` columns by name:
    item_id, category_id and perhaps difficulty in [0, 1]; `candidates` are eligible for `learner`.
    """
    torch.set_num_threads(1)
    history = pd.DataFrame(asked["history"], columns=["user_id", "item_id", "skill", "outcome"])
    history["timestamp"] = range(len(history))
    catalog = pd.DataFrame(asked["catalog"])
    ranker = AdaptiveRanker(kt_backbone=asked["backbone"], epochs=1)
    ranker.fit(history.drop(columns="skill"), catalog=catalog)
    clock = count(len(history))
    jobs = _answering(ranker, asked["stream"], clock)
    if asked["candidates"]:
        jobs |= _choosing(ranker, asked["learner"], asked["candidates"], clock)
    report = ranker.diagnostics()
    return {"learner": report["readiness"]["active_tracer"], "policy": report["policy"]}, jobs


def _answering(
    ranker: AdaptiveRanker, stream: list[list[Any]], clock: "count[int]"
) -> dict[str, Job]:
    following = [*stream[1:], *stream[:1]]
    steps = cycle([(a[0], a[1], a[3], b[1]) for a, b in zip(stream, following, strict=True)])

    def observe(learner: str, item: str, correct: int, _: str) -> None:
        ranker.observe(user_id=learner, item_id=item, outcome=correct, timestamp=next(clock))

    def observe_recommend(learner: str, item: str, correct: int, then: str) -> None:
        ranker.observe(user_id=learner, item_id=item, outcome=correct, timestamp=next(clock))
        ranker.recommend(user_id=learner, candidate_item_ids=[then], top_k=1)

    def job(call: Any) -> Job:
        return lambda n: timed(call, islice(steps, n))

    return {"observe": job(observe), "observe_recommend": job(observe_recommend)}


def _choosing(
    ranker: AdaptiveRanker, learner: str, candidates: list[str], clock: "count[int]"
) -> dict[str, Job]:
    def recommend() -> None:
        assert len(ranker.recommend(user_id=learner, candidate_item_ids=candidates, top_k=5)) == 5

    def recommend_and_log() -> None:
        ranker.recommend_and_log(learner, candidates, timestamp=next(clock), top_k=5)

    def job(call: Any) -> Job:
        def run(n: int) -> Timing:
            return timed(call, [()] * n)

        return run

    return {"recommend": job(recommend), "recommend_and_log": job(recommend_and_log)}


if __name__ == "__main__":
    serve(setup)
