"""How good is each item for this learner now? A weighted sum of interpretable parts in [0, 1].

    score(i) = sum over parts of weight * part(i)
    zone        1 inside the target band [low, high] of P(correct); p / low below it, so that of
                items that are all too hard the easiest is best; 1 - (p - high) / easy_edge above
    gap         (target - level) / target              of the skill
    review      min(1, overdue / 2) * (1 + fading) / 2 of a skill that is due (overdue >= 1)
                fading = min(1, (share of right answers - level) / 0.2)
    goal        1 named by the goal, `needed_for_goal` where a named skill needs it
    unlocks     share of the skills that need this one, while it is not known
    doubt       stddev of mastery / 0.25
    retry       P(correct) where the last answer to the item was wrong: again, when it can be done
    preference  1 for the kinds of the preferred content type
    time        minutes per session / time needed, at most 1

A skill's part counts for an item by the mean over the item's skills, so all skill parts add up to
one vector over skills first: ten thousand items cost one gather. Of equal scores the one that is
earlier in the curriculum goes first.

Reference: the band follows the "85% rule" (Wilson et al., Nature Communications 10, 2019) and the
zone of proximal development (Vygotsky, 1978).
"""

from typing import NamedTuple

import numpy as np

from learnloop.core.context import Context
from learnloop.core.ids import SkillId
from learnloop.core.types import Estimate, Floats, ProgressionRate
from learnloop.policies.curriculum import Curriculum, curriculum_of, means_over_skills
from learnloop.policies.recommend.config import KINDS_OF, Config
from learnloop.policies.standing import Standing, standing

TIE_BREAK = 1e-6
FADED = 0.2
DOUBTFUL = 0.25


class Scores(NamedTuple):
    """The scores, and the parts that reasons are made of.

    Attributes:
        total: (n_items,) weighted sum; also of rows that are no candidates.
        p_correct: (n_items,).
        zone: (n_items,) the part, unweighted.
        skill_parts: (5, n_skills + 1) gap, review, goal, unlocks, doubt, each with its weight; the
            last column is 0, for items without skills.
        now: Where the learner stands.
        target: Mastery to reach.
        goals: The priority skills that the catalog knows.
    """

    total: Floats
    p_correct: Floats
    zone: Floats
    skill_parts: Floats
    now: Standing
    target: float
    goals: tuple[SkillId, ...]


def score(context: Context, correct: Estimate, mastery: Estimate, config: Config) -> Scores:
    """Score every item of the table at once."""
    items, w = context.items, config.weights
    graph = curriculum_of(items)
    now = standing(items, context.evidence, mastery, context.at)
    target = context.learner.goals.target_mastery or config.target
    skill_parts = np.zeros((5, items.n_skills + 1))
    gap, review, goal, unlocks, doubt = skill_parts[:, :-1]
    np.multiply(np.maximum(target - now.level, 0.0), w.gap / target, out=gap)
    _add_review(review, context, now, w.review)
    goals = tuple(s for s in context.learner.goals.priority_skills if s in items.column_of)
    _add_goal(goal, [items.column_of[s] for s in goals], graph, config)
    np.multiply(graph.reach, w.unlocks * ~now.known, out=unlocks)
    np.multiply(np.minimum(mastery.stddev, DOUBTFUL), w.doubt / DOUBTFUL, out=doubt)
    zone = in_zone(correct.values, context, config)
    total = means_over_skills(items, skill_parts.sum(axis=0))
    total += w.zone * zone
    total += TIE_BREAK * graph.tie_break
    _add_own_wishes(total, context, correct.values, config)
    return Scores(total, correct.values, zone, skill_parts, now, target, goals)


def in_zone(p_correct: Floats, context: Context, config: Config) -> Floats:
    """(n,) 1 inside the learner's target band, 0 at p = 0 and at `easy_edge` above the band."""
    rate = context.learner.preferences.progression_rate or ProgressionRate.MODERATE
    low, high = config.bands[rate]
    above = (high + config.easy_edge - p_correct) / config.easy_edge
    zone: Floats = np.minimum(p_correct / low, above)
    return np.maximum(np.minimum(zone, 1.0, out=zone), 0.0, out=zone)


def _add_review(review: Floats, context: Context, now: Standing, weight: float) -> None:
    due = (now.overdue >= 1.0).nonzero()[0]
    if len(due):
        seen, level, overdue = context.evidence, now.level[due], now.overdue[due]
        rate = seen.n_correct[due] / seen.n_answers[due]
        fading = np.minimum(np.maximum(rate - level, 0.0) / FADED, 1.0)
        review[due] = weight * np.minimum(overdue / 2, 1.0) * (1.0 + fading) / 2


def _add_goal(goal: Floats, named: list[int], graph: Curriculum, config: Config) -> None:
    weight = config.weights.goal
    for s in named:
        goal[graph.ancestors[s]] = weight * config.needed_for_goal
    for s in named:
        goal[s] = weight


def _add_own_wishes(total: Floats, context: Context, p_correct: Floats, config: Config) -> None:
    items, said, row_of = context.items, context.learner.preferences, context.items.row_of
    wrong = [row_of[i] for i, ok in context.evidence.item_correct.items() if not ok and i in row_of]
    if wrong:
        rows = np.array(wrong)
        total[rows] += config.weights.retry * p_correct.take(rows)
    if said.preferred_content_type is not None:
        for kind in KINDS_OF[said.preferred_content_type]:
            total += config.weights.preference * (items.kinds == kind.value)
    if said.session_minutes is not None:
        total += config.weights.time * fits(items.expected_seconds, said.session_minutes)


def fits(expected_seconds: Floats, minutes: int) -> Floats:
    """(n,) how well each item fits the minutes there are; 1 where its time is unknown."""
    seconds = np.fmax(expected_seconds, 1.0)  # 1 where it is NaN
    share: Floats = np.minimum(minutes * 60.0 / seconds, 1.0)
    return share
