"""What do the answers say beside what was to be expected? Ability in logits, and what is left.

One Newton step of a Rasch model from nothing known: the sum of (right - p) over the sum of
p (1 - p) and the precision of a prior. First the learner's ability, from the items' easiness; then
the deviation of each skill, from what ability leaves unexplained; then what both leave.

Reference: Rasch (1960); Pelanek (2016), Applications of the Elo rating system in adaptive
educational systems.
"""

from learnloop.features.definition import Definer, Family, Feature
from learnloop.features.definitions.parts import INF, judged, p_item, surprise
from learnloop.features.fields import DAY_MS, correct, easiness
from learnloop.features.language import (
    Expr,
    ewm,
    fading,
    fill,
    known,
    least,
    ln1p,
    most,
    on_grid,
    op,
    recent,
    total,
)

performance = Definer(Family.PERFORMANCE)

PRECISION = 1.25  # of ability: a standard deviation of 0.9 logits
SKILL_PRECISION = 2.5  # of a skill's deviation: 0.6 logits
FURTHEST = 4.0  # from the mean, logits


def _p(logit: Expr) -> Expr:
    return on_grid(1.0 / (1.0 + op("exp", -logit)))


def _step(left: Expr, information: Expr, precision: float) -> Expr:
    return most(least(left / (information + precision), FURTHEST), -FURTHEST)


def _lately(n: int) -> Expr:
    return _step(recent(surprise, n, judged), recent(_information, n, _expected), PRECISION)


_expected = judged & known(surprise)
_information = on_grid(p_item * (1.0 - p_item))
_evidence = total(_information, _expected)
_ability = _step(total(surprise, judged), _evidence, PRECISION)
_p_able = _p(easiness + _ability)
_left = on_grid(correct - _p_able)
_deviation = _step(
    total(_left, judged, by="skill"),
    total(on_grid(_p_able * (1.0 - _p_able)), judged & known(_left), by="skill"),
    SKILL_PRECISION,
)
_logit = easiness + _ability + fill(_deviation, 0.0)
_rest = on_grid(correct - _p(_logit))
_faded = _step(
    fading(surprise, 7 * DAY_MS, judged), fading(_information, 7 * DAY_MS, _expected), PRECISION
)


def _ability_feature(name: str, value: Expr, meaning: str) -> Feature:
    return performance(name, value, meaning, unit="logit", low=-FURTHEST, high=FURTHEST)


def _logit_feature(name: str, value: Expr, meaning: str) -> Feature:
    return performance(name, value, meaning, unit="logit", low=-INF, high=INF)


def _residual(name: str, value: Expr, meaning: str) -> Feature:
    return performance(name, value, meaning, low=-1.0)


FEATURES: tuple[Feature, ...] = (
    _ability_feature("ability", _ability, "Ability that explains the answers, from the items' "
                     "easiness; 0 is a middle learner."),
    _ability_feature("ability_last_5", _lately(5), "Ability from the latest 5 answers."),
    _ability_feature("ability_last_20", _lately(20), "Ability from the latest 20 answers."),
    _ability_feature("ability_fading_7d", _faded, "Ability, each answer halved every 7 days."),
    performance("ability_evidence", ln1p(_evidence), "log(1 + information on ability).", high=INF,
                default=0.0),
    _ability_feature("skill_deviation", _deviation,
                     "What explains the answers to this skill beside ability."),
    # Log odds of a right answer to the item of the question.
    _logit_feature("logit_able", easiness + _ability, "Easiness and ability."),
    _logit_feature("logit_able_last_5", easiness + _lately(5), "Easiness and ability of late, 5 "
                   "answers."),
    _logit_feature("logit_able_last_20", easiness + _lately(20), "Easiness and ability of late, 20 "
                   "answers."),
    _logit_feature("logit_expected", _logit, "Easiness, ability and the skill's deviation."),
    _logit_feature("logit_skill_lately",
                   easiness + _ability + 4.0 * fill(ewm(_left, 0.2, judged, by="skill"), 0.0),
                   "Easiness, ability and 4 times what ability leaves of late in this skill."),
    # Right (1 or 0) less its chance.
    _residual("left_ewm_0.1", ewm(_rest, 0.1, judged),
              "Right less the chance of logit_expected, moving average, weight 0.1."),
    _residual("left_ewm_0.3", ewm(_rest, 0.3, judged),
              "Right less the chance of logit_expected, moving average, weight 0.3."),
    _residual("skill_left_ewm_0.07", ewm(_left, 0.07, judged, by="skill"),
              "Right less the chance of logit_able, in this skill, moving average, weight 0.07."),
    _residual("skill_left_ewm_0.2", ewm(_left, 0.2, judged, by="skill"),
              "Right less the chance of logit_able, in this skill, moving average, weight 0.2."),
    _residual("skill_left_ewm_0.5", ewm(_left, 0.5, judged, by="skill"),
              "Right less the chance of logit_able, in this skill, moving average, weight 0.5."),
    _residual("item_left_ewm_0.4", ewm(_left, 0.4, judged, by="item"),
              "Right less the chance of logit_able, at this item, moving average, weight 0.4."),
)  # fmt: skip
