"""What should the learner study next? Score the eligible items, draw a slate, give the reasons.

    score (parts.py) -> the best `pool` of them -> slate, position by position (slate.py)
          -> one to three reasons for each (reasons.py)

Without estimates, or where the learner has switched personalization off, the slate is the first
eligible items in curriculum order, each with propensity 1, and the reasons say so.
"""

from hashlib import blake2b

import numpy as np

from learnloop.core.context import Context
from learnloop.core.types import Choice, Floats, Ints, Reason, Ref, ShowItem, Target
from learnloop.policies.curriculum import curriculum_of
from learnloop.policies.recommend.config import Config
from learnloop.policies.recommend.parts import score
from learnloop.policies.recommend.reasons import Why
from learnloop.policies.recommend.slate import draw


class RecommendPolicy:
    """Recommends items; a pure function of context, generator and its frozen config.

    Stability: `decide` is full; the parts of the score may change with the version.
    """

    needs = frozenset((Target.CORRECT, Target.MASTERY))

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or Config()
        digest = blake2b(self.config.model_dump_json().encode(), digest_size=4).hexdigest()
        self.ref = Ref("recommend", f"1-{digest}")

    def decide(self, context: Context, rng: np.random.Generator) -> tuple[Choice, ...]:
        """At most `context.n` choices among `context.candidates`, best first."""
        correct = context.estimates.get(Target.CORRECT)
        mastery = context.estimates.get(Target.MASTERY)
        p_correct = None if correct is None else correct.values
        if not context.learner.personalized:
            return _in_curriculum_order(context, "personalization_off", p_correct)
        if correct is None or mastery is None:
            return _in_curriculum_order(context, "no_estimate", p_correct)
        scores = score(context, correct, mastery, self.config)
        pool = _best(scores.total, context.candidates, max(self.config.pool, context.n))
        focus = curriculum_of(context.items).focus.take(pool)
        why = Why(context, scores, self.config)
        choices = []
        for drawn in draw(scores.total.take(pool), focus, context.n, rng, self.config):
            row = pool.item(drawn.place)
            choices.append(
                Choice(
                    ShowItem(context.items.items[row].item_id),
                    drawn.score,
                    drawn.propensity,
                    why.reasons(row, drawn),
                    correct.values.item(row),
                )
            )
        return tuple(choices)


def _best(total: Floats, candidates: Ints, size: int) -> Ints:
    if len(candidates) <= size:
        return candidates
    kept = np.argpartition(total[candidates], len(candidates) - size)[-size:]
    return candidates[kept]


def _in_curriculum_order(
    context: Context, why: str, p_correct: Floats | None
) -> tuple[Choice, ...]:
    tie_break = curriculum_of(context.items).tie_break
    rows = context.candidates[np.argsort(-tie_break[context.candidates])][: context.n]
    given = (
        Reason(why, 1.0, {}),
        Reason("curriculum", 0.0, {"n_answers": context.evidence.n_total}),
    )
    return tuple(
        Choice(
            ShowItem(context.items.items[row].item_id),
            float(tie_break[row]),
            1.0,
            given,
            None if p_correct is None else float(p_correct[row]),
        )
        for row in rows.tolist()
    )
