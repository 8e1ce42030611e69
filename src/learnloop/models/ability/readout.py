"""How do the numbers of the state become one probability? A frozen logistic readout.

    logit = view . (A + S_c + B_i) + easiness (view . E) + reliability (view . R) + traits . T
            + recall . M + easiness (recall . N) + bias

`view`, `recall` as in `features`; `traits` of the item alone; c is the item's exact set of skills,
whose slopes S_c are 0 for a set never seen in training; B_i are slopes of items with many training
answers (a discrimination, and what the answer just before says of this item); `bias` is the
learner's own, 0 in the fit (`latent`). Fitted by Newton on rows whose item parameters come from
other learners (out of fold), so that the weight put on an item's record is what it is worth for a
learner it has not seen.

Reference: Pavlik, Cen, Koedinger (2009), Performance factors analysis; Gervet et al.
(2020), When is deep learning the best approach to knowledge tracing?
"""

from collections.abc import Mapping
from dataclasses import dataclass
from operator import add, mul
from typing import NamedTuple

from learnloop.models.ability.difficulty import ItemFacts, sigmoid
from learnloop.models.ability.features import ITEM_SLOPES, RECALL, VIEW

EASY_KNOTS = (-1.2, 0.0, 1.2)
TRAITS = ("skill_easiness", "ln_n", "easy_knot_0", "easy_knot_1", "easy_knot_2")
NO_SLOPES = (0.0,) * (1 + ITEM_SLOPES.stop - ITEM_SLOPES.start)
LIMIT = 9.0  # logits; the readout never claims more certainty than this


@dataclass(frozen=True, slots=True)
class Readout:
    """Weights of the readout.

    Attributes:
        shared: A, (len(VIEW),).
        easiness: E, (len(VIEW),).
        reliability: R, (len(VIEW),).
        traits: T, (len(TRAITS),).
        recall: M, (len(RECALL),).
        recall_easiness: N, (len(RECALL),).
        sets: A + S_c by skill set, (len(VIEW),) each.
        items: B_i by item id: a constant, then the entries `ITEM_SLOPES` of a view.
        link: `(a, b)`: P(right on a middle item of a skill) = sigmoid(a + b latent logit), b > 0.
    """

    shared: tuple[float, ...]
    easiness: tuple[float, ...]
    reliability: tuple[float, ...]
    traits: tuple[float, ...]
    recall: tuple[float, ...]
    recall_easiness: tuple[float, ...]
    sets: Mapping[tuple[str, ...], tuple[float, ...]]
    items: Mapping[str, tuple[float, ...]]
    link: tuple[float, float]

    def of_item(self, item_id: str, facts: ItemFacts) -> "ItemWeights":
        """The weights that are left once the item is known."""
        easiness, reliability = facts.easiness, facts.reliability
        own = self.sets.get(facts.skills, self.shared)
        columns = zip(own, self.easiness, self.reliability, strict=True)
        view = [a + easiness * e + reliability * r for a, e, r in columns]
        view[ITEM_SLOPES] = map(add, view[ITEM_SLOPES], self.items.get(item_id, NO_SLOPES)[1:])
        return ItemWeights(
            self.constant(item_id, facts),
            tuple(view),
            tuple(m + easiness * n for m, n in zip(self.recall, self.recall_easiness, strict=True)),
        )

    def constant(self, item_id: str, facts: ItemFacts) -> float:
        """The part of the logit that does not depend on the learner."""
        of_traits: float = sum(map(mul, self.traits, traits(facts)))
        return of_traits + self.items.get(item_id, NO_SLOPES)[0]


class ItemWeights(NamedTuple):
    """The readout of one item: logit = constant + view . state + recall . memory."""

    constant: float
    view: tuple[float, ...]
    recall: tuple[float, ...]

    def p(self, view: tuple[float, ...], recall: tuple[float, ...] | None, bias: float) -> float:
        """P(right), (0, 1).

        Args:
            view: `features.view` of the state.
            recall: `features.recall`, or None where the item was not met.
            bias: The learner's own, logits.
        """
        logit = self.constant + bias + sum(map(mul, self.view, view))
        if recall is not None:
            logit += sum(map(mul, self.recall, recall))
        if logit > LIMIT:
            return sigmoid(LIMIT)
        return sigmoid(logit if logit > -LIMIT else -LIMIT)


def traits(facts: ItemFacts) -> tuple[float, ...]:
    """What the readout reads of the item itself: (len(TRAITS),) floats."""
    easiness = facts.easiness
    low, middle, high = EASY_KNOTS
    return (
        facts.skill_easiness,
        facts.ln_n,
        easiness - low if easiness > low else 0.0,
        easiness - middle if easiness > middle else 0.0,
        easiness - high if easiness > high else 0.0,
    )


def unfitted(mu: float) -> Readout:
    """The readout of a fresh install: the latent state alone, nothing learnt from data."""
    base = {"one": mu, "ability": 1.0, "deviation": 1.0}
    zeros = (0.0,) * len(VIEW)
    return Readout(
        tuple(base.get(name, 0.0) for name in VIEW),
        (1.0, *zeros[1:]),
        zeros,
        (0.0,) * len(TRAITS),
        (0.0,) * len(RECALL),
        (0.0,) * len(RECALL),
        {},
        {},
        (0.0, 1.0),
    )
