"""Who gets the challenger? The same learners every time, and more of them as the share grows.

A learner's place in [0, 1) is a hash of the slot, the challenger and the learner; below the share
the challenger answers. As the share grows nobody changes back, and another challenger is tried on
other learners.
"""

import hashlib
from typing import Final

from learnloop.core.types import Ref

_WHOLE: Final = 1 << 64


class Split:
    """The split of one slot between its champion and one challenger.

    Args:
        share: Of the learners for whom the challenger answers, [0, 1].
    """

    __slots__ = ("_below", "_salted")

    def __init__(self, slot: str, challenger: Ref, share: float) -> None:
        self._salted = hashlib.blake2b(f"{slot}\x1f{challenger}\x1f".encode(), digest_size=8)
        self._below = round(share * _WHOLE)

    def takes(self, key: str) -> bool:
        """Does the challenger answer for this key?"""
        hashed = self._salted.copy()
        hashed.update(key.encode())
        return int.from_bytes(hashed.digest(), "big") < self._below
