"""Where are the interactions and the states folded from them, in memory?"""

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence

from learnloop.core.ids import InteractionId, LearnerId
from learnloop.core.records import StoredState
from learnloop.core.types import Interaction, OrderKey, Ref
from learnloop.storage.checks import check_interaction, ref_text
from learnloop.storage.memory.versions import View

Order = tuple[OrderKey, ...]


class MemoryInteractions:
    """The log: append only."""

    def __init__(self, view: View) -> None:
        self._view = view

    def append(self, interactions: Sequence[Interaction]) -> list[bool]:
        new = []
        added: dict[LearnerId, list[OrderKey]] = {}
        for interaction in interactions:
            check_interaction(interaction)
        for interaction in interactions:
            key = (interaction.learner_id, interaction.interaction_id)
            is_new = self._view.get("interactions", key) is None
            new.append(is_new)
            if is_new:
                self._view.set("interactions", key, interaction)
                added.setdefault(interaction.learner_id, []).append(interaction.order)
        for learner_id, orders in added.items():
            self._merge(learner_id, orders)
        self._view.set("counts", "interactions", self.count() + sum(new))
        return new

    def _merge(self, learner_id: LearnerId, added: list[OrderKey]) -> None:
        order = list(self._order(learner_id))
        for key in added:
            insort(order, key)
        self._view.set("orders", learner_id, tuple(order))

    def get(
        self, learner_id: LearnerId, ids: Iterable[InteractionId]
    ) -> dict[InteractionId, Interaction]:
        found = {i: self._view.get("interactions", (learner_id, i)) for i in ids}
        return {i: interaction for i, interaction in found.items() if interaction is not None}

    def history(
        self, learner_id: LearnerId, after: OrderKey | None = None, limit: int | None = None
    ) -> list[Interaction]:
        order = self._order(learner_id)
        start = 0 if after is None else bisect_right(order, after)
        return self._of(learner_id, order[start : None if limit is None else start + limit])

    def latest(self, learner_id: LearnerId, limit: int) -> list[Interaction]:
        return self._of(learner_id, self._order(learner_id)[::-1][:limit])

    def count(self) -> int:
        return int(self._view.get("counts", "interactions", 0))

    def _order(self, learner_id: LearnerId) -> Order:
        order: Order = self._view.get("orders", learner_id, ())
        return order

    def _of(self, learner_id: LearnerId, order: Order) -> list[Interaction]:
        return [self._view.get("interactions", (learner_id, key[2])) for key in order]


class MemoryStates:
    """Folded states, by learner and `Ref`."""

    def __init__(self, view: View) -> None:
        self._view = view

    def get(self, learner_id: LearnerId, refs: Sequence[Ref]) -> dict[Ref, StoredState]:
        found = {ref: self._view.get("states", (learner_id, ref_text(ref))) for ref in refs}
        return {ref: state for ref, state in found.items() if state is not None}

    def put(self, states: Sequence[StoredState]) -> None:
        for state in states:
            self._view.set("states", (state.learner_id, ref_text(state.ref)), state)

    def drop(self, ref: Ref) -> None:
        text = ref_text(ref)
        for key in self._view.keys("states"):
            if key[1] == text:
                self._view.set("states", key, None)

    def clear(self) -> None:
        for key in self._view.keys("states"):
            self._view.set("states", key, None)
