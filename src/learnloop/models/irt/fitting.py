"""How does a log of answers become a bank? Calibrated twice: alone, then leaning on the skills.

The first calibration has one prior for all difficulties. Its skills' mean difficulties are the
priors of the second, which starts from the first: an item with few answers is about as hard as the
others of its skills. Items without any answer stay out of the bank; `book` says what they get.
"""

from dataclasses import replace

import numpy as np

from learnloop.core.answers import AnswerLog
from learnloop.core.bank import ItemBank
from learnloop.core.ids import ItemId
from learnloop.core.types import Bools, Floats
from learnloop.models.irt.book import ItemBook, skill_means
from learnloop.models.irt.calibration import Calibration, calibrate
from learnloop.models.irt.config import Config
from learnloop.models.irt.maximization import Priors
from learnloop.models.irt.precision import StandardErrors, standard_errors
from learnloop.models.irt.responses import Responses, first_attempts


def calibrated_book(log: AnswerLog, config: Config) -> ItemBook:
    """The items of a log, calibrated on the first attempt of each learner at each.

    Raises:
        DataError: There is no answer.
    """
    responses = first_attempts(log)
    _, seen = responses.counts()
    skills_of = [tuple(log.skill_ids[s] for s in log.skills_of(i)) for i in range(len(seen))]
    alone = calibrate(responses, config)
    priors = leaning(alone, skills_of, seen)
    found = calibrate(responses, config, priors, alone.curves)
    errors = standard_errors(responses, found, shared=config.parameters == 1)
    curves = found.curves
    return ItemBook(
        bank_of(tuple(ItemId(x) for x in log.item_ids), found, errors, seen > 0.0),
        skill_means(curves.difficulty, skills_of, seen),
        float(np.average(curves.difficulty, weights=seen)),
        float(np.exp(np.average(curves.alpha, weights=seen))),
        float(np.average(curves.guessing, weights=seen)),
    )


def leaning(found: Calibration, skills_of: list[tuple[str, ...]], seen: Floats) -> Priors:
    """The priors of a calibration, with each item as hard as its skills on average."""
    means = skill_means(found.curves.difficulty, skills_of, seen)
    known = [[means[s] for s in skills if s in means] for skills in skills_of]
    old = found.priors.difficulty
    middle = [sum(x) / len(x) if x else old[i] for i, x in enumerate(known)]
    return replace(found.priors, difficulty=np.array(middle))


def bank_of(
    item_ids: tuple[ItemId, ...], found: Calibration, errors: StandardErrors, kept: Bools
) -> ItemBank:
    """The curves where `kept` (n_items,), with their errors."""
    curves = found.curves
    return ItemBank(
        tuple(x for x, keep in zip(item_ids, kept.tolist(), strict=True) if keep),
        curves.discrimination[kept],
        curves.difficulty[kept],
        curves.guessing[kept],
        errors.difficulty[kept],
    )


def bank_of_responses(
    responses: Responses, item_ids: tuple[ItemId, ...], config: Config | None = None
) -> tuple[ItemBank, Calibration]:
    """A bank from answers alone, without skills: every item, also those nobody answered."""
    config = config or Config()
    found = calibrate(responses, config)
    errors = standard_errors(responses, found, shared=config.parameters == 1)
    return bank_of(item_ids, found, errors, np.ones(len(item_ids), np.bool_)), found
