"""Which constants does the ability model start from? One set for every course."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Config:
    """The constants of the latent state and of the fit. The defaults serve every data set.

    Attributes:
        ability_variance: Prior variance of a learner's ability, logits squared.
        skill_variance: Prior variance of a skill's deviation from it.
        ability_drift: Variance that ability gains with each answer.
        skill_drift: Variance that a deviation gains with each answer to the skill.
        daily_drift: Variance that both gain with each day without an answer.
        daily_decay: Share of a positive skill deviation that is forgotten in a day.
        bias_variance: Prior variance of what a learner's answers are above or below the readout in
            the long run, logits squared.
        item_spread: Standard deviation of items inside a skill, logits.
        skill_spread: Standard deviation of skills, logits.
        n_folds: Folds of learners for out-of-fold item parameters.
        min_learners: Fewer training learners than this leave the readout unfitted.
        min_answers: And so do fewer answers.
        ridge: Penalty on the readout's weights (of standardised features).
        inflation: By how much rows are discounted when slopes of skill sets and items are shrunk:
            answers of one learner are not independent.
        min_item_answers: Training answers from which an item gets slopes of its own.
    """

    ability_variance: float = 0.8
    skill_variance: float = 0.4
    ability_drift: float = 0.0015
    skill_drift: float = 0.01
    daily_drift: float = 0.01
    daily_decay: float = 0.02
    bias_variance: float = 0.005
    item_spread: float = 1.0
    skill_spread: float = 1.0
    n_folds: int = 10
    min_learners: int = 10
    min_answers: int = 1000
    ridge: float = 100.0
    inflation: float = 2.0
    min_item_answers: int = 20
