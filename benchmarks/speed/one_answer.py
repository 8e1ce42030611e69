"""What does it cost to take one answer in and predict the next? Ours beside two peers.

Every system gets the same answers of the same warm, held-out learners. Ours: `update` with the
answer, then `p_correct` of the next item. What an event costs around that is shown apart: the
profile fold, and both folds with decoding and encoding of the stored state.
"""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from peers.process import Peer, PeerMissing
from report import Report, Table
from streams import Answers, Row, Step, rows
from timing import Samples, Timing, timed

from learnloop.core.protocols import Estimator, Fold
from learnloop.core.records import StoredState
from learnloop.core.types import Interaction, Item
from learnloop.features.profile import ProfileFold
from learnloop.features.state import advance
from learnloop.models import ability

UNIT = "us"
MODEL = "learnloop: ability update + p_correct"


class _Step(NamedTuple):
    learner: str
    answer: Interaction
    item: Item
    following: Item
    then: datetime


class Ours:
    """Our parts on a stream of answers; each job starts from the warm states."""

    def __init__(self, answers: Answers) -> None:
        self.model: Estimator[Any] = ability.fit(
            answers.train, version="bench", rng=np.random.default_rng(1)
        )
        self.profile = ProfileFold()
        self.answers = answers
        following = [item for _, item in (*answers.stream[1:], answers.stream[0])]
        self.steps = [
            _Step(x.learner_id, x, item, then, x.occurred_at + timedelta(minutes=1))
            for (x, item), then in zip(answers.stream, following, strict=True)
        ]

    def warm(self, fold: Fold[Any]) -> dict[str, Any]:
        """The fold's states after the warm halves."""
        states: dict[str, Any] = {}
        for x, item in self.answers.warm:
            known = states.get(x.learner_id)
            known = fold.start(x.learner_id) if known is None else known
            states[x.learner_id] = fold.update(known, x, item)
        return states

    def update_predict(self) -> Timing:
        """The model's own arithmetic."""
        model, states = self.model, self.warm(self.model)

        def call(learner: str, answer: Interaction, item: Item, then: Item, at: datetime) -> None:
            state = states[learner] = model.update(states[learner], answer, item)
            model.p_correct(state, then, at)

        return timed(call, self.steps)

    def update(self, fold: Fold[Any]) -> Timing:
        """One fold's update alone."""
        states = self.warm(fold)

        def call(learner: str, answer: Interaction, item: Item, *_: object) -> None:
            states[learner] = fold.update(states[learner], answer, item)

        return timed(call, self.steps)

    def predict(self) -> Timing:
        """`p_correct` alone."""
        model, states = self.model, self.warm(self.model)

        def call(learner: str, answer: Interaction, item: Item, then: Item, at: datetime) -> None:
            model.p_correct(states[learner], then, at)

        return timed(call, self.steps)

    def stored(self) -> Timing:
        """Both folds as an event costs them: decode, update, encode."""
        folds: tuple[Fold[Any], ...] = (self.profile, self.model)
        kept = {
            learner: [_replayed(fold, past) for fold in folds]
            for learner, past in _by_learner(self.answers.warm).items()
        }

        def call(learner: str, answer: Interaction, item: Item, *_: object) -> None:
            new = [(answer, item)]
            kept[learner] = [
                advance(f, s, answer.learner_id, new, lambda: new)
                for f, s in zip(folds, kept[learner], strict=True)
            ]

        return timed(call, self.steps)


def _by_learner(steps: list[Step]) -> dict[str, list[Step]]:
    groups: dict[str, list[Step]] = {}
    for step in steps:
        groups.setdefault(step[0].learner_id, []).append(step)
    return groups


def _replayed(fold: Fold[Any], past: list[Step]) -> StoredState:
    return advance(fold, None, past[0][0].learner_id, past, lambda: past)


def measure(report: Report, answers: Answers, peer_python: str | None, n_rounds: int) -> None:
    """Add the table of one answer."""
    table = report.table(f"One answer in, the next predicted: {answers.label}")
    ours = Ours(answers)
    jobs: dict[str, Callable[[], Timing]] = {
        MODEL: ours.update_predict,
        "learnloop: ability update alone": partial(ours.update, ours.model),
        "learnloop: p_correct alone": ours.predict,
        "learnloop: profile fold update": partial(ours.update, ours.profile),
        "learnloop: both folds, decoded and encoded": ours.stored,
    }
    with ExitStack() as stack:
        missing = _add_peers(stack, jobs, answers, peer_python)
        samples = {what: Samples() for what in jobs}
        for nth in range(n_rounds + 1):
            for what, job in jobs.items():
                timing = job()
                if nth:  # the first round warms up
                    samples[what].add(timing)
    ours_us = samples[MODEL].summary(UNIT)["median_us"]
    for what, sample in samples.items():
        figures = sample.summary(UNIT)
        table.add(system=what, **figures, x_ours=figures["median_us"] / ours_us, note="")
    _note(table, missing)


def _add_peers(
    stack: ExitStack, jobs: dict[str, Callable[[], Timing]], answers: Answers, python: str | None
) -> dict[str, str]:
    """Start the peers and add their jobs; returns those that can't run, and why."""
    stream, history = rows(answers.stream), answers.peer_history()
    n = len(stream)
    missing = {}
    try:
        pybkt = stack.enter_context(Peer(python, "pybkt.py", _for_pybkt(answers, history)))
        what = f"pyBKT 1.4.3, {pybkt.about['build']}: Roster.update_state"
        jobs[what] = partial(pybkt.run, "update", n)
    except PeerMissing as why:
        missing["pyBKT 1.4.3"] = str(why)
    for backbone in ("empirical", "akt"):
        setup: dict[str, Any] = {"backbone": backbone, "history": history, "stream": stream}
        setup |= {"catalog": _catalog([*history, *stream]), "candidates": None}
        try:
            orchid = stack.enter_context(Peer(python, "orchid.py", setup))
        except PeerMissing as why:
            missing[f"Orchid Ranker 1.0.0, {backbone}"] = str(why)
            continue
        name = f"Orchid Ranker 1.0.0, {orchid.about['learner']}"
        calls = n if backbone == "empirical" else n // 10
        jobs[f"{name}: observe"] = partial(orchid.run, "observe", n)
        jobs[f"{name}: observe + recommend of 1 candidate"] = partial(
            orchid.run, "observe_recommend", calls
        )
    return missing


def _for_pybkt(answers: Answers, history: list[Row]) -> dict[str, Any]:
    warm, stream = rows(answers.warm), rows(answers.stream)
    skills = {skill for _, _, skill, _ in (*warm, *stream)}
    fit = [(learner, skill, y) for learner, _, skill, y in history if skill in skills]
    return {
        "fit": fit,
        "warm": [(learner, skill, y) for learner, _, skill, y in warm],
        "stream": [(learner, skill, y) for learner, _, skill, y in stream],
    }


def _catalog(seen: list[Row]) -> dict[str, list[str]]:
    skill_of = {item: skill for _, item, skill, _ in seen}
    return {"item_id": list(skill_of), "category_id": list(skill_of.values())}


def _note(table: Table, missing: dict[str, str]) -> None:
    for system, why in missing.items():
        table.add(system=system, note=why)
