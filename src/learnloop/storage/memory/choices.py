"""Where are decisions, their outcomes and the learning paths, in memory?"""

from bisect import insort
from collections.abc import Sequence

from learnloop.core.errors import ConflictingDuplicate
from learnloop.core.ids import DecisionId, LearnerId
from learnloop.core.records import LearningPath
from learnloop.core.types import Decision, Outcome
from learnloop.storage.checks import check_decision, check_outcome, check_path
from learnloop.storage.memory.versions import View


class MemoryDecisions:
    """What was chosen."""

    def __init__(self, view: View) -> None:
        self._view = view

    def append(self, decision: Decision) -> None:
        check_decision(decision)
        if self.get(decision.decision_id) is not None:
            raise ConflictingDuplicate(
                f"decision {decision.decision_id} is logged already", field="decision_id"
            )
        self._view.set("decisions", decision.decision_id, decision)
        order = list(self._view.get("decided", decision.learner_id, ()))
        insort(order, (decision.decided_at, decision.decision_id))
        self._view.set("decided", decision.learner_id, tuple(order))

    def get(self, decision_id: DecisionId) -> Decision | None:
        decision: Decision | None = self._view.get("decisions", decision_id)
        return decision

    def latest(self, learner_id: LearnerId, limit: int) -> list[Decision]:
        order = self._view.get("decided", learner_id, ())[::-1][:limit]
        return [self._view.get("decisions", decision_id) for _, decision_id in order]


class MemoryOutcomes:
    """What came of it."""

    def __init__(self, view: View) -> None:
        self._view = view

    def append(self, outcomes: Sequence[Outcome]) -> list[bool]:
        for outcome in outcomes:
            check_outcome(outcome)
        return [self._append(outcome) for outcome in outcomes]

    def _append(self, outcome: Outcome) -> bool:
        if self._view.get("outcome_ids", outcome.outcome_id) is not None:
            return False
        self._view.set("outcome_ids", outcome.outcome_id, True)
        before = self._view.get("outcomes", outcome.decision_id, ())
        self._view.set("outcomes", outcome.decision_id, (*before, outcome))
        return True

    def of_decision(self, decision_id: DecisionId) -> list[Outcome]:
        outcomes: tuple[Outcome, ...] = self._view.get("outcomes", decision_id, ())
        return sorted(outcomes, key=lambda outcome: (outcome.observed_at, outcome.outcome_id))


class MemoryPaths:
    """The current learning path of each learner."""

    def __init__(self, view: View) -> None:
        self._view = view

    def get(self, learner_id: LearnerId) -> LearningPath | None:
        path: LearningPath | None = self._view.get("paths", learner_id)
        return path

    def put(self, path: LearningPath) -> None:
        check_path(path)
        self._view.set("paths", path.learner_id, path)
