"""What did two models say of an answer that is not there yet? Kept until it comes, or is forgotten.

Where a challenger answers, the champion is asked in the background; both of their P(correct) wait
here for the learner's answer to that item. Each is used once, and only in this process: where the
answer comes to another one, there is that much less evidence, and none that is wrong.
"""

import threading
from collections import OrderedDict
from typing import Final, NamedTuple

from learnloop.core.arrays import Arrays
from learnloop.core.types import Ref
from learnloop.serving.served import Served

P_CORRECT: Final = "p_correct"
"""The output of a model of P(correct), one number a row."""
MAX_AWAITED: Final = 10_000


class Said(NamedTuple):
    """What both said of one answer to come."""

    slot: str
    challenger: Ref
    p_challenger: float
    p_champion: float


class Awaited:
    """Predictions by learner and item; safe to share between threads."""

    def __init__(self, max_entries: int = MAX_AWAITED) -> None:
        self._max = max_entries
        self._lock = threading.Lock()
        self._said: OrderedDict[tuple[str, str], Said] = OrderedDict()

    def __len__(self) -> int:
        return len(self._said)

    def put(self, heard: Served, champion: Arrays) -> None:
        """Keep what a challenger said beside what the champion says of the same.

        Args:
            heard: The challenger's answer.
            champion: The champion's outputs for the same question.
        """
        mine, other = heard.outputs.get(P_CORRECT), champion.get(P_CORRECT)
        if not heard.key or mine is None or other is None:
            return
        pairs = zip(heard.items, mine.ravel().tolist(), other.ravel().tolist(), strict=False)
        with self._lock:
            for item, p_challenger, p_champion in pairs:
                said = Said(heard.slot, heard.ref, p_challenger, p_champion)
                self._said[heard.key, item] = said
                self._said.move_to_end((heard.key, item))
            while len(self._said) > self._max:
                self._said.popitem(last=False)

    def take(self, key: str, item: str) -> Said | None:
        """What was said of this answer, once."""
        with self._lock:
            return self._said.pop((key, item), None)
