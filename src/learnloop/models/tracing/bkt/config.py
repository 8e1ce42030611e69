"""Which knowledge tracing is wanted? The default has every effect; `STANDARD` is the textbook's."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Config:
    """The switches and constants of a fit. The defaults serve every data set.

    Attributes:
        item_effects: Each item is easier or harder than its skill, in guess and slip alike.
        learner_effects: Each learner is above or below the rest, in guess and slip alike.
        forgetting: What is known may be lost while other things are done, and by the hour.
        learning_by_answer: Studying, right and wrong answers teach at rates of their own.
        learner_variance: Prior variance of a learner's shift, logits squared.
        learner_drift: Variance that it gains with each answer.
        guess_variance: How much guessing differs between skills, logits squared.
        gap_variance: How much the gap from guessing to not slipping does.
        prior_variance: How much priors do.
        strength: Opportunities' worth of the course's rates of learning in a skill's own.
        beta_strength: Without effects: answers' worth of the course's values in a skill's own.
        rounds: Times that the learners' shifts are filtered anew.
        steps: EM steps in each round.
        most_passes: Without effects: passes of EM over the data, at most.
        min_answers: A skill with fewer training answers is pooled: it has the course's values.
        min_learners: And so is one with fewer learners.
    """

    item_effects: bool = True
    learner_effects: bool = True
    forgetting: bool = True
    learning_by_answer: bool = True
    learner_variance: float = 0.8
    learner_drift: float = 0.0015
    guess_variance: float = 0.5
    gap_variance: float = 0.5
    prior_variance: float = 1.0
    strength: float = 20.0
    beta_strength: float = 5.0
    rounds: int = 4
    steps: int = 6
    most_passes: int = 90
    min_answers: int = 20
    min_learners: int = 5

    @property
    def has_effects(self) -> bool:
        """Whether anything goes beyond prior, learn, guess, slip and forget of each skill."""
        return self.item_effects or self.learner_effects or self.learning_by_answer


STANDARD: Final = Config(
    item_effects=False, learner_effects=False, forgetting=False, learning_by_answer=False
)
"""Prior, learn, guess and slip of each skill, and nothing else: Corbett and Anderson (1995)."""
