"""Which constants does the memory model start from?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Config:
    """The constants of the fold and of the fit.

    Attributes:
        grades: 2: an answer is recalled or not (most learners use no other grades); 4: hints make
            a right answer Hard, time makes it Hard or Easy.
        slow: With four grades, Hard from so many times the expected seconds on.
        quick: With four grades, Easy up to so many times the expected seconds.
        encompassing: Share of a review that a right answer gives to the prerequisites of its
            skills, [0, 1].
        bias_rate: How far a surprise moves the learner's own intercept, logits.
        items: How many items of a learner are remembered; the one met longest ago goes first.
        min_reviews: Scored reviews under which nothing is fitted.
        min_personal: Scored reviews from which a learner may get parameters of their own.
    """

    grades: int = 2
    slow: float = 2.0
    quick: float = 0.5
    encompassing: float = 0.3
    bias_rate: float = 0.02
    items: int = 500
    min_reviews: int = 1000
    min_personal: int = 1000
