"""How is the readout fitted? Logistic ridge by Newton, then slopes of each skill set, shrunk.

The slopes of a skill set are Gaussian with a variance per entry, found by EM (empirical Bayes), so
a course whose skills behave alike gets slopes near 0 from the same code.

Reference: Gelman and Hill (2007), chapters 12-13; Laird and Ware (1982) for the EM step.
"""

from dataclasses import dataclass

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.types import Bools, Floats, Ints
from learnloop.models.ability.config import Config
from learnloop.models.ability.difficulty import (
    ItemBook,
    ItemFacts,
    book_of,
    fit_difficulties,
    skill_sets,
)
from learnloop.models.ability.features import N_SLOPES, RECALL, VIEW, recall, view
from learnloop.models.ability.latent import answered, new_skill, start, studied
from learnloop.models.ability.readout import Readout, traits

CHUNK = 20_000
NEWTON_STEPS = 12
EM_STEPS = 8
SMALL = 1e-3


@dataclass(frozen=True, slots=True)
class Rows:
    """Training answers as the readout sees them, in the order of the log's answers.

    Attributes:
        view: (n, len(VIEW)).
        recall: (n, len(RECALL)).
        facts: (n, 2) easiness and reliability of the item.
        traits: (n, len(TRAITS)).
        latent: (n,) logit of a middle item of the skills, from the latent state alone.
        skill_set: (n,) the number of the item's skill set.
        y: (n,) 1 right, 0 wrong.
    """

    view: Floats
    recall: Floats
    facts: Floats
    traits: Floats
    latent: Floats
    skill_set: Ints
    y: Floats

    def design(self, rows: slice) -> Floats:
        """(chunk, 3 V + 2 R + T) columns whose weights are A, E, R, M, N, T."""
        seen, known = self.view[rows], self.recall[rows]
        easiness, reliability = self.facts[rows, :1], self.facts[rows, 1:]
        blocks = (seen, easiness * seen, reliability * seen, known, easiness * known)
        return np.concatenate((*blocks, self.traits[rows]), axis=1)

    def chunks(self) -> list[slice]:
        """Slices that keep the design matrix small."""
        return [slice(a, a + CHUNK) for a in range(0, len(self.y), CHUNK)]


def replay(log: AnswerLog, fold: Ints, books: list[ItemBook], config: Config) -> Rows:
    """Fold every learner and note what the readout would have seen before each instant.

    Args:
        fold: (n_learners,) which of the books a learner's items are read from: one fitted without
            that learner.
    """
    names, blank = _skill_names(log), new_skill(config)
    items, answers = log.item.tolist(), log.correct.tolist()
    times, instants, starts = log.times.tolist(), log.instant.tolist(), log.starts.tolist()
    authored = [None if np.isnan(x) else x for x in log.difficulty_logit.tolist()]
    known: list[dict[int, ItemFacts]] = [{} for _ in books]
    views, recalls, facts_of, latent = [], [], [], []
    for learner, k in enumerate(fold.tolist()):
        state = before = start(config)
        book, memo = books[k], known[k]
        instant = -1
        for row in range(starts[learner], starts[learner + 1]):
            i, at_us = items[row], times[row]
            name = log.item_ids[i]
            facts = memo.get(i)
            if facts is None:
                facts = memo[i] = book.facts(name, names[i], authored[i])
            if instants[row] != instant:
                instant, before = instants[row], state
            if answers[row] == STUDY:
                state = studied(state, blank, name, names[i], at_us)
                continue
            seen = view(before, blank, config, names[i], at_us)
            views.append(seen)
            recalls.append(recall(before.items.get(name), before.learner.step, at_us))
            facts_of.append(facts)
            latent.append(book.mu + facts.skill_easiness + seen[1] + seen[2])
            state = answered(state, blank, config, facts, name, answers[row] == 1, at_us)
    answer_rows = log.correct != STUDY
    return Rows(
        np.array(views),
        np.array(recalls),
        np.array([(f.easiness, f.reliability) for f in facts_of]),
        np.array([traits(f) for f in facts_of]),
        np.array(latent),
        skill_sets(log)[log.item[answer_rows]],
        log.correct[answer_rows].astype(np.float64),
    )


def _skill_names(log: AnswerLog) -> list[tuple[str, ...]]:
    return [tuple(log.skill_ids[s] for s in log.skills_of(i)) for i in range(len(log.item_ids))]


def fit_weights(rows: Rows, ridge: float) -> Floats:
    """Logistic regression with a penalty of `ridge` on each standardised column but the first."""
    chunks = rows.chunks()
    total, squares = 0.0, 0.0
    for chunk in chunks:
        x = rows.design(chunk)
        total, squares = total + x.sum(0), squares + (x * x).sum(0)
    n = len(rows.y)
    penalty = ridge * np.maximum(squares / n - (total / n) ** 2, SMALL)
    penalty[0] = SMALL
    weights = np.zeros(len(penalty))
    for _ in range(NEWTON_STEPS):
        gradient, hessian = -penalty * weights, np.diag(penalty)
        for chunk in chunks:
            x = rows.design(chunk)
            p = _sigmoid(x @ weights)
            gradient += x.T @ (rows.y[chunk] - p)
            hessian += (x * (p * (1.0 - p))[:, None]).T @ x
        step = np.linalg.solve(hessian, gradient)
        weights += step
        if gradient @ step < 1e-3:
            break
    return weights


def fit_slopes(rows: Rows, offset: Floats, n_sets: int, inflation: float) -> Floats:
    """(n_sets, N_SLOPES) what a skill set adds to the first weights of A, by empirical Bayes."""
    x = rows.view[:, :N_SLOPES]
    centre, scale = x.mean(0), np.maximum(x.std(0), SMALL)
    centre[0], scale[0] = 0.0, 1.0
    z, group = (x - centre) / scale, rows.skill_set
    used = np.bincount(group, minlength=n_sets) > 0
    slopes = np.zeros((n_sets, N_SLOPES))
    precision = np.full(N_SLOPES, 30.0)
    for step in range(EM_STEPS):
        p = _sigmoid(offset + (z * slopes[group]).sum(1))
        pull = ((rows.y - p) / inflation)[:, None] * z
        gradient = _by_group(pull, group, n_sets) - precision * slopes
        weighted = z * (p * (1.0 - p) / inflation)[:, None]
        outer = [_by_group(weighted * z[:, j : j + 1], group, n_sets) for j in range(N_SLOPES)]
        covariance = np.linalg.inv(np.stack(outer, axis=2) + np.diag(precision))
        slopes += (covariance @ gradient[:, :, None])[:, :, 0]
        if step >= 2:
            spread = slopes**2 + np.diagonal(covariance, axis1=1, axis2=2)
            precision = np.clip(1.0 / spread[used].mean(0), 10.0, 1e4)
    slopes /= scale
    slopes[:, 0] -= slopes[:, 1:] @ centre[1:]
    return slopes


def _by_group(values: Floats, group: Ints, n: int) -> Floats:
    """(n, d) sums of (rows, d) values by group."""
    return np.stack([np.bincount(group, column, n) for column in values.T], axis=1)


def fit_link(latent: Floats, y: Floats) -> tuple[float, float]:
    """`(a, b)` of P(right) = sigmoid(a + b latent), b within [0.1, 3]."""
    x = np.stack((np.ones_like(latent), latent), axis=1)
    weights = np.array([0.0, 1.0])
    for _ in range(NEWTON_STEPS):
        p = _sigmoid(x @ weights)
        hessian = (x * (p * (1.0 - p))[:, None]).T @ x + np.eye(2)
        weights += np.linalg.solve(hessian, x.T @ (y - p) - (weights - (0.0, 1.0)))
    return float(weights[0]), float(np.clip(weights[1], 0.1, 3.0))


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -30.0, 30.0))))


def fit_readout(
    log: AnswerLog, config: Config, rng: np.random.Generator
) -> tuple[ItemBook, Readout]:
    """Item parameters of all learners, and a readout fitted on out-of-fold ones."""
    n_folds = min(config.n_folds, len(log.learner_ids))
    fold = rng.permutation(len(log.learner_ids)) % max(n_folds, 1)
    everyone: Bools = np.ones(len(log), dtype=bool)
    book = book_of(log, fit_difficulties(log, everyone, config), config)
    if n_folds < 2:
        books = [book]
    else:
        parts = (fit_difficulties(log, fold[log.learner] != k, config) for k in range(n_folds))
        books = [book_of(log, part, config) for part in parts]
    rows = replay(log, fold, books, config)
    weights = fit_weights(rows, config.ridge)
    offset = np.concatenate([rows.design(chunk) @ weights for chunk in rows.chunks()])
    n_sets = int(skill_sets(log).max(initial=-1)) + 1
    slopes = fit_slopes(rows, offset, n_sets, config.inflation)
    v, r = len(VIEW), len(RECALL)
    cuts = np.cumsum((v, v, v, r, r))
    shared, easiness, reliability, met, met_easiness, trait = np.split(weights, cuts)
    names, numbers = _skill_names(log), skill_sets(log)
    used = np.unique(rows.skill_set)
    first = {int(number): i for i, number in reversed(list(enumerate(numbers)))}
    own = {
        names[first[c]]: np.concatenate((slopes[c], np.zeros(v - N_SLOPES))) for c in used.tolist()
    }
    return book, Readout(
        tuple(shared.tolist()),
        tuple(easiness.tolist()),
        tuple(reliability.tolist()),
        tuple(trait.tolist()),
        tuple(met.tolist()),
        tuple(met_easiness.tolist()),
        {skills: tuple((shared + extra).tolist()) for skills, extra in own.items()},
        fit_link(rows.latent, rows.y),
    )
