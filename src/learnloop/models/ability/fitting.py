"""How is the readout fitted? Logistic ridge by Newton, then slopes of each skill set and item.

The slopes are Gaussian with a variance per entry, found by EM (empirical Bayes), so
a course whose skills behave alike gets slopes near 0 from the same code.

Reference: Gelman and Hill (2007), chapters 12-13; Laird and Ware (1982) for the EM step.
"""

from dataclasses import dataclass

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.ids import ItemId
from learnloop.core.types import Bools, Floats, Ints
from learnloop.models.ability.config import Config
from learnloop.models.ability.difficulty import (
    ItemBook,
    ItemFacts,
    book_of,
    fit_difficulties,
    skill_sets,
)
from learnloop.models.ability.features import ITEM_SLOPES, RECALL, SET_SLOPES, VIEW, recall, view
from learnloop.models.ability.latent import answered, new_skill, start, studied
from learnloop.models.ability.readout import Readout, traits, unfitted

ABILITY, DEVIATION = VIEW.index("ability"), VIEW.index("deviation")
CHUNK = 20_000
NEWTON_STEPS = 12
EM_STEPS = 10
FIRST_PRECISION = 25.0
PRECISIONS = (10.0, 1e4)
SMALL = 1e-3
LEAST_SPREAD = 0.1  # a column that hardly varied in training isn't let loose on one that does


@dataclass(frozen=True, slots=True)
class Rows:
    """Training answers as the readout sees them, in the order of the log's answers.

    Attributes:
        view: (n, len(VIEW)).
        recall: (n, len(RECALL)).
        facts: (n, 2) easiness and reliability of the item.
        traits: (n, len(TRAITS)).
        latent: (n,) logit of a middle item of the skills, from the latent state alone.
        item: (n,) item codes.
        y: (n,) 1 right, 0 wrong.
    """

    view: Floats
    recall: Floats
    facts: Floats
    traits: Floats
    latent: Floats
    item: Ints
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
            name = ItemId(log.item_ids[i])
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
            latent.append(book.mu + facts.skill_easiness + seen[ABILITY] + seen[DEVIATION])
            state = answered(state, blank, config, facts, name, answers[row] == 1, at_us, None)
    answer_rows = log.correct != STUDY
    return Rows(
        np.array(views),
        np.array(recalls),
        np.array([(f.easiness, f.reliability) for f in facts_of]),
        np.array([traits(f) for f in facts_of]),
        np.array(latent),
        log.item[answer_rows],
        log.correct[answer_rows].astype(np.float64),
    )


def _skill_names(log: AnswerLog) -> list[tuple[str, ...]]:
    return [tuple(log.skill_ids[s] for s in log.skills_of(i)) for i in range(len(log.item_ids))]


def fit_weights(rows: Rows, ridge: float) -> Floats:
    """Logistic regression, shrunk to the readout of a fresh install.

    So a course with few answers predicts from the latent state alone. The penalty is `ridge` on
    each standardised column but the first.
    """
    chunks = rows.chunks()
    total, squares = 0.0, 0.0
    for chunk in chunks:
        x = rows.design(chunk)
        total, squares = total + x.sum(0), squares + (x * x).sum(0)
    n = len(rows.y)
    penalty = ridge * np.maximum(squares / n - (total / n) ** 2, LEAST_SPREAD)
    penalty[0] = SMALL
    fresh = unfitted(0.0)
    blocks = (fresh.shared, fresh.easiness, fresh.reliability, fresh.recall, fresh.recall_easiness)
    prior = np.concatenate((*blocks, fresh.traits))
    weights = prior.copy()
    for _ in range(NEWTON_STEPS):
        gradient, hessian = penalty * (prior - weights), np.diag(penalty)
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


def fit_slopes(
    columns: Floats, y: Floats, offset: Floats, group: Ints, n_groups: int, inflation: float
) -> Floats:
    """Each group's own slopes on top of a logit that is given, by empirical Bayes.

    Args:
        columns: (n, d) what the slopes multiply.
        y: (n,) 1 right, 0 wrong.
        offset: (n,) the logit without them.
        group: (n,) codes below `n_groups`.
        inflation: By how much each row's information is discounted.

    Returns:
        (n_groups, 1 + d): a constant, then the slopes. A group's columns are centred before they
        are shrunk, and the constant undoes that.
    """
    d = columns.shape[1]
    centre, scale = columns.mean(0), np.maximum(columns.std(0), SMALL)
    flat = columns.std(0) == 0.0
    centre[flat], scale[flat] = 0.0, 1.0  # a column of ones is the group's own intercept
    z = (columns - centre) / scale
    used = np.bincount(group, minlength=n_groups) > 0
    slopes, precision = np.zeros((n_groups, d)), np.full(d, FIRST_PRECISION)
    for step in range(EM_STEPS):
        p = _sigmoid(offset + (z * slopes[group]).sum(1))
        gradient = _by_group(((y - p) / inflation)[:, None] * z, group, n_groups)
        weighted = z * (p * (1.0 - p) / inflation)[:, None]
        outer = [_by_group(weighted * z[:, j : j + 1], group, n_groups) for j in range(d)]
        covariance = np.linalg.inv(np.stack(outer, axis=2) + np.diag(precision))
        slopes += (covariance @ (gradient - precision * slopes)[:, :, None])[:, :, 0]
        if step >= 2:
            spread = slopes**2 + np.diagonal(covariance, axis1=1, axis2=2)
            precision = np.clip(1.0 / spread[used].mean(0), *PRECISIONS)
    slopes /= scale
    return np.concatenate((-slopes @ centre[:, None], slopes), axis=1)


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
    """Item parameters of all learners, and a readout fitted on out-of-fold ones.

    With few answers only the items are fitted: a hundred weights would then predict worse than the
    latent state alone.
    """
    everyone: Bools = np.ones(len(log), dtype=bool)
    book = book_of(log, fit_difficulties(log, everyone, config), config)
    n_answers, n_learners = int((log.correct != STUDY).sum()), len(log.learner_ids)
    if n_answers < config.min_answers or n_learners < config.min_learners:
        return book, unfitted(book.mu)
    fold = rng.permutation(n_learners) % config.n_folds
    parts = (fit_difficulties(log, fold[log.learner] != k, config) for k in range(config.n_folds))
    whole = config.n_folds / (config.n_folds - 1)
    books = [book_of(log, part, config, whole) for part in parts]
    return book, _readout(log, replay(log, fold, books, config), config)


def _readout(log: AnswerLog, rows: Rows, config: Config) -> Readout:
    weights = fit_weights(rows, config.ridge)
    logit = np.concatenate([rows.design(chunk) @ weights for chunk in rows.chunks()])
    v, r = len(VIEW), len(RECALL)
    shared, easiness, reliability, recalled, recalled_easiness, of_traits = np.split(
        weights, np.cumsum((v, v, v, r, r))
    )
    of_set, logit = _set_slopes(log, rows, logit, config)
    sets = {skills: _floats(shared + slopes) for skills, slopes in of_set.items()}
    return Readout(
        _floats(shared),
        _floats(easiness),
        _floats(reliability),
        _floats(of_traits),
        _floats(recalled),
        _floats(recalled_easiness),
        sets,
        _item_slopes(log, rows, logit, config),
        fit_link(rows.latent, rows.y),
    )


def _set_slopes(
    log: AnswerLog, rows: Rows, logit: Floats, config: Config
) -> tuple[dict[tuple[str, ...], Floats], Floats]:
    """What each skill set adds to A, (len(VIEW),), and every row's logit with that."""
    of_item = skill_sets(log)
    group, columns = of_item[rows.item], rows.view[:, SET_SLOPES]
    n_sets = int(of_item.max()) + 1
    found = fit_slopes(columns, rows.y, logit, group, n_sets, config.inflation)
    logit = logit + found[group, 0] + (columns * found[group, 1:]).sum(1)
    extra = np.zeros((n_sets, len(VIEW)))
    extra[:, SET_SLOPES] = found[:, 1:]
    extra[:, 0] += found[:, 0]  # the first entry of a view is 1
    names, answered_sets = _skill_names(log), set(group.tolist())
    return {names[i]: extra[c] for i, c in enumerate(of_item) if c in answered_sets}, logit


def _item_slopes(
    log: AnswerLog, rows: Rows, logit: Floats, config: Config
) -> dict[str, tuple[float, ...]]:
    """Slopes of the items with enough answers: a constant, then `ITEM_SLOPES`."""
    known = np.bincount(rows.item, minlength=len(log.item_ids)) >= config.min_item_answers
    if not known.any():
        return {}
    code, mine = np.cumsum(known) - 1, known[rows.item]
    found = fit_slopes(
        rows.view[mine, ITEM_SLOPES],
        rows.y[mine],
        logit[mine],
        code[rows.item[mine]],
        int(known.sum()),
        config.inflation,
    )
    names = [log.item_ids[i] for i in np.flatnonzero(known)]
    return {name: _floats(slopes) for name, slopes in zip(names, found, strict=True)}


def _floats(values: Floats) -> tuple[float, ...]:
    return tuple(values.tolist())
