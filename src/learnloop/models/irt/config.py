"""Which constants do the calibration and the estimator start from? One set for every course."""

from dataclasses import dataclass

from learnloop.core.errors import DataError


@dataclass(frozen=True, slots=True)
class Config:
    """The constants of the calibration and of the state. The defaults serve every data set.

    Attributes:
        parameters: 1 = one discrimination for all items, 2 = one for each, 3 = and guessing.
        discrimination_spread: Prior standard deviation of ln a; its mean is that of the items.
        difficulty_spread: Prior standard deviation of b, in standard deviations of learners, that
            the calibration starts from; it learns that of the items.
        guessing: Most likely c before any answer (three parameters only).
        guessing_weight: How many answers of the very weak that is worth.
        tolerance: EM stops where a step moves no parameter by more than this share of its
            standard error.
        max_steps: And after so many steps in any case.
        skill_spread: Standard deviation of skills' difficulties: an item of an unknown skill.
        item_spread: Standard deviation of difficulties inside a skill: an unknown item.
        evidence: Share of an answer's log likelihood that counts: answers of one learner agree
            less with one single ability than the model believes.
        rise: Share of the posterior that moves up by one node with a right answer.
        fall: Share that moves down by one node with a wrong answer.
    """

    parameters: int = 2
    discrimination_spread: float = 0.4
    difficulty_spread: float = 2.0
    guessing: float = 0.2
    guessing_weight: float = 20.0
    tolerance: float = 0.02
    max_steps: int = 500
    skill_spread: float = 0.7
    item_spread: float = 0.9
    evidence: float = 0.9
    rise: float = 0.01
    fall: float = 0.01

    def __post_init__(self) -> None:
        if self.parameters not in (1, 2, 3):
            raise DataError(
                f"parameters is 1, 2 or 3 a curve, not {self.parameters}", field="parameters"
            )
        if not (0.0 <= self.rise < 1.0 and 0.0 <= self.fall < 1.0):
            raise DataError("rise and fall are shares of the posterior, [0, 1)", field="rise")
