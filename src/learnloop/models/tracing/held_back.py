"""Is there enough to learn from, and which learners say when to stop?"""

import hashlib
from typing import Final

import numpy as np

from learnloop.core.errors import DataError
from learnloop.core.types import Bools, Ints

MIN_ANSWERS: Final = 200


def require_enough(correct: Ints, learner: Ints) -> None:
    """Let nothing be fitted that could learn nothing.

    Args:
        correct: (n,) 0 or 1 of each answer.
        learner: (n,) whose it is.

    Raises:
        DataError: Fewer than 200 answers, or of one learner, or all right or all wrong.
    """
    if len(correct) < MIN_ANSWERS or len(np.unique(learner)) < 2:
        raise DataError(
            f"{len(correct)} answers are too few; {MIN_ANSWERS} of two learners are needed"
        )
    if not 0 < correct.mean() < 1:
        raise DataError("all answers are right, or all are wrong: there is nothing to learn")


def validates(learner: Ints, share: float, seed: int) -> Bools:
    """(n,) whose answers validate: whole learners, the same ones for the same seed.

    Args:
        learner: (n,) codes.
        share: Of the learners.
        seed: Another one deals them anew.
    """
    codes, row = np.unique(learner, return_inverse=True)
    chance = [
        int.from_bytes(hashlib.blake2b(f"{seed}/{code}".encode(), digest_size=4).digest())
        for code in codes.tolist()
    ]
    chosen = np.zeros(len(codes), dtype=np.bool_)
    chosen[np.argsort(chance, kind="stable")[: max(1, round(share * len(codes)))]] = True
    found: Bools = chosen[row]
    return found
