"""What should be asked next, to find out where a learner stands? A sitting, one question at a time.

    answers -> posterior of the ability (ability.py) -> enough? (stopping.py)
            -> what is behind, what tells most, the draw (selection.py) -> why (reasons.py)

The answers of the sitting are given when the policy is made, one for each decision; all else is in
the context. A learner who has switched personalization off is asked in the order of the course, the
areas in turn, with propensity 1.
"""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from learnloop.core.context import Context
from learnloop.core.types import Choice, Floats, Ints, Ref, ShowItem, Target
from learnloop.policies.curriculum import curriculum_of
from learnloop.policies.placement import reasons
from learnloop.policies.placement.ability import Ability, Answer, posterior
from learnloop.policies.placement.blueprint import Blueprint
from learnloop.policies.placement.config import Config
from learnloop.policies.placement.selection import Shortlist, due, information, shortlist
from learnloop.policies.placement.stopping import Stop, why_stop

NAME = "placement"


class PlacementPolicy:
    """Asks the next question of one sitting; a pure function of context, generator and answers.

    Stability: `decide` is full; how questions are chosen may change with the version.

    Args:
        blueprint: What may be asked; of the same catalog snapshot as the context.
        answers: Those of the sitting so far, in order.
        scope: Facts that say what the sitting is about; logged with each choice.
    """

    needs: frozenset[Target] = frozenset()

    def __init__(
        self,
        blueprint: Blueprint,
        answers: Sequence[Answer] = (),
        config: Config | None = None,
        scope: reasons.Facts | None = None,
    ) -> None:
        self.blueprint = blueprint
        self.answers = tuple(answers)
        self.config = config or Config()
        self.scope = scope or {}
        self.ref = ref_of(self.config)

    def ability(self) -> Ability:
        """What is known after the answers."""
        return posterior(self.blueprint.bank, self.answers, self.config).ability()

    def why_stop(self, candidates: Ints, ability: Ability) -> Stop | None:
        """Why to ask no more; None where the next question is to come."""
        n_left = len(self._left(candidates))
        return why_stop(ability, len(self.answers), n_left, self.config)

    def decide(self, context: Context, rng: np.random.Generator) -> tuple[Choice, ...]:
        """The next question, and what would follow if nothing were learnt from the answers.

        Empty where the placement has ended.
        """
        left, ability = self._left(context.candidates), self.ability()
        n = min(context.n, len(left))
        if why_stop(ability, len(self.answers), len(left), self.config) or n == 0:
            return ()
        personal = context.learner.personalized
        why = reasons.Why(self.blueprint, ability, self.config, self.scope, personal=personal)
        asked = [x.item_id for x in self.answers]
        choices: list[Choice] = []
        for u in rng.random(n).tolist():
            rows, counts = due(self.blueprint, left, asked)
            best = self._best(rows, ability) if personal else self._first(rows)
            place = int(u * len(best.rows))
            choices.append(self._choice(best, place, why, counts, len(asked)))
            asked.append(choices[-1].action.item_id)
            left = left[left != best.rows[place]]
        return tuple(choices)

    def _left(self, candidates: Ints) -> Ints:
        """The candidates that the blueprint has and that were not asked yet."""
        open_ = self.blueprint.may_ask.copy()
        row_of = self.blueprint.items.row_of
        open_[[row_of[x.item_id] for x in self.answers if x.item_id in row_of]] = False
        return candidates[open_.take(candidates)]

    def _best(self, rows: Ints, ability: Ability) -> Shortlist:
        value = information(self.blueprint, rows, ability, self.config)
        return shortlist(rows, value, self.config.shortlist)

    def _first(self, rows: Ints) -> Shortlist:
        """The one that the course has first."""
        value = curriculum_of(self.blueprint.items).tie_break.take(rows)
        first = int(value.argmax())
        return Shortlist(rows[first : first + 1], value[first : first + 1])

    def _choice(
        self, best: Shortlist, place: int, why: reasons.Why, counts: Floats, n_asked: int
    ) -> Choice:
        row, n_best = int(best.rows[place]), len(best.rows)
        p_correct = why.p_correct(row)
        return Choice(
            ShowItem(self.blueprint.items.items[row].item_id),
            float(best.information[place]),
            1.0 / n_best,
            why.reasons(row, p_correct, place, n_best, counts, n_asked),
            p_correct,
        )


def ref_of(config: Config) -> Ref:
    """The policy's name and version; the version follows from the settings."""
    digest = blake2b(config.model_dump_json().encode(), digest_size=4).hexdigest()
    return Ref(NAME, f"1-{digest}")
