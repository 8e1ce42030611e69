"""Is the challenger to take the champion's place? A ruling from what both said of the same answers.

The answers are those of learners that the challenger was not fitted on. It is promoted only if
every check passes:

    enough_data   so many held-out learners and answers that a figure means something
    finite        every prediction of both is a chance in [0, 1]
    leak_audit    nothing leaks from the answers into the predictions, and no learner is on both
                  sides of the split
    gain          the relative gain in log loss, 1 - L(challenger) / L(champion), is above the
                  margin, and above 0 beyond chance
    calibration   the ECE in excess of a calibrated model's has not grown by more than allowed
    groups        no group of learners is worse off by more than allowed, beyond chance

Whoever tries again and again is lucky in the end. So the k-th challenger of the same champion has
to be better at level alpha / (k (k + 1)), and these levels add up to alpha: the chance that any
number of challengers that are no better ever gets one of them through is at most alpha. "Beyond
chance" is a one-sided normal bound with the standard error of a bootstrap by learner, because
answers of one learner hang together and bounds at such levels lie beyond any quantile of the draws.
The test against 0 counts the gain itself as spread (error^2 + gain^2 / learners), as if there were
none: with few learners the error alone is too small in just those cases where luck is large.

Reference: Efron and Tibshirani (1993), "An introduction to the bootstrap", chapter 12. That levels
may be added up is Bonferroni's inequality; the sum over k of 1 / (k (k + 1)) is 1.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Final

import numpy as np

from learnloop.core.errors import InvalidInput
from learnloop.core.types import Bools, Floats, Ints
from learnloop.metrics import Interval, ece, ece_null_quantile
from learnloop.metrics.scoring import row_log_loss
from learnloop.training.audit import Audit
from learnloop.training.findings import Finding, Verdict

MARGIN: Final = 0.05
"""Of a model that names no margin of its own."""
ALL: Final = "all"
TINY: Final = 1e-300


@dataclass(frozen=True, slots=True)
class Rules:
    """How strict the gate is.

    Attributes:
        margin: The relative gain in log loss that a challenger must show, [0, 1).
        alpha: Chance that of all challengers of one champion that are no better, one is promoted.
        min_learners: Held-out learners.
        min_answers: Held-out answers.
        ece_slack: How much more miscalibrated the challenger may be, beyond chance.
        group_slack: By how much, relatively, a group may be worse off.
        group_learners: Smaller groups are not judged.
        n_resamples: Of the learners.
    """

    margin: float = MARGIN
    alpha: float = 0.05
    min_learners: int = 20
    min_answers: int = 200
    ece_slack: float = 0.01
    group_slack: float = 0.02
    group_learners: int = 20
    n_resamples: int = 1000

    def __post_init__(self) -> None:
        if not 0.0 <= self.margin < 1.0:
            raise InvalidInput(f"margin: {self.margin} is not in [0, 1)", field="margin")
        if not 0.0 < self.alpha < 1.0:
            raise InvalidInput(f"alpha: {self.alpha} is not in (0, 1)", field="alpha")


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Answers of learners that the challenger was not fitted on.

    Attributes:
        learner: (n,) whose answer it is; any whole numbers.
        correct: (n,) 0 or 1.
        groups: Which answers belong to a group, (n,) each; they may overlap.
    """

    learner: Ints
    correct: Ints
    groups: Mapping[str, Bools] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the gate decided, and why.

    Attributes:
        promote: Whether the challenger is to take over.
        reasons: One finding for each check; all passed, or it is not promoted.
        figures: The numbers that were compared.
        intervals: Relative gain in log loss, of `all` and of each group, with 95% intervals.
    """

    promote: bool
    reasons: tuple[Finding, ...]
    figures: Mapping[str, float]
    intervals: Mapping[str, Interval]

    @property
    def because(self) -> str:
        """The first thing that failed, or the gain."""
        failed = [x.message for x in self.reasons if x.verdict is Verdict.FAILED]
        gained = [x.message for x in self.reasons if x.check == "gain"]
        return (failed or gained)[0]


def rule(
    held_out: HeldOut,
    challenger: Floats,
    champion: Floats,
    audit: Audit,
    rng: np.random.Generator,
    rules: Rules | None = None,
    *,
    attempt: int = 1,
) -> Ruling:
    """Decide between two models.

    Args:
        held_out: The answers, of learners that the challenger was not fitted on.
        challenger: (n,) its chances.
        champion: (n,) those of the model that answers now.
        audit: Of the split and of the challenger's way of predicting.
        rng: Draws the resamples and the answers of a calibrated model.
        rules: How strict to be; None = the defaults.
        attempt: 1 for the champion's first challenger, 2 for the second, ...

    Raises:
        InvalidInput: Lengths differ, or the attempt is not a number from 1 on.
    """
    rules = rules or Rules()
    n = len(held_out.correct)
    if any(len(x) != n for x in (held_out.learner, challenger, champion)):
        raise InvalidInput(f"the gate needs a chance of both models for each of {n} answers")
    if attempt < 1:
        raise InvalidInput(f"attempt: {attempt} is not a number from 1 on", field="attempt")
    reasons = [_enough(held_out, rules), _finite(challenger, champion), _audited(audit)]
    if any(x.verdict is Verdict.FAILED for x in reasons):
        return Ruling(False, tuple(reasons), {}, {})
    gains = _gains(held_out, challenger, champion, rng, rules)
    level = rules.alpha / (attempt * (attempt + 1))
    figures = _figures(held_out.correct, challenger, champion, rng) | {"attempt": float(attempt)}
    groups = {name: gain for name, gain in gains.items() if name != ALL}
    reasons += [
        _better(gains[ALL], level, rules),
        _calibrated(figures, rules),
        _no_group_worse(groups, rules),
    ]
    promote = all(x.verdict is Verdict.PASSED for x in reasons)
    intervals = {name: gain.interval for name, gain in gains.items()}
    return Ruling(promote, tuple(reasons), figures, intervals)


@dataclass(frozen=True, slots=True)
class _Gain:
    """1 - L(challenger) / L(champion), and its standard error by learner.

    Attributes:
        n: How many learners of equal weight would say as much as these do.
    """

    point: float
    error: float
    n: float

    def above(self, level: float) -> float:
        """Not below 0 if, but for a chance of `level`, there truly is a gain."""
        error = math.hypot(self.error, self.point / math.sqrt(self.n))
        return self.point - error * NormalDist().inv_cdf(1.0 - level)

    @property
    def interval(self) -> Interval:
        half = self.error * NormalDist().inv_cdf(0.975)
        return Interval(self.point, self.point - half, self.point + half)


def _gains(
    held_out: HeldOut, challenger: Floats, champion: Floats, rng: np.random.Generator, rules: Rules
) -> dict[str, _Gain]:
    """The gain of all answers, and of every group that is large enough."""
    ids, code = np.unique(held_out.learner, return_inverse=True)
    rows = {ALL: np.ones(len(code), dtype=bool)} | {
        name: own
        for name, own in held_out.groups.items()
        if len(np.unique(code[own])) >= rules.group_learners
    }
    losses = [row_log_loss(held_out.correct, p) for p in (challenger, champion)]
    sums: Floats = np.column_stack(
        [
            np.bincount(code[own], weights=loss[own], minlength=len(ids))
            for own in rows.values()
            for loss in losses
        ]
    )
    gain = _relative(sums.sum(axis=0))
    draws = np.empty((rules.n_resamples, len(rows)))
    for i in range(rules.n_resamples):
        weight = np.bincount(rng.integers(len(ids), size=len(ids)), minlength=len(ids))
        draws[i] = _relative(weight @ sums)
    weights = sums[:, 1::2]
    n = weights.sum(axis=0) ** 2 / np.maximum((weights**2).sum(axis=0), TINY)
    found = zip(gain.tolist(), draws.std(axis=0, ddof=1).tolist(), n.tolist(), strict=True)
    return {name: _Gain(*its) for name, its in zip(rows, found, strict=True)}


def _relative(losses: Floats) -> Floats:
    """Gains, from the losses of challenger and champion in turn; no gain where nothing is lost."""
    ours, theirs = losses[0::2], losses[1::2]
    return np.where(theirs > 0.0, 1.0 - ours / np.where(theirs > 0.0, theirs, 1.0), 0.0)


def _figures(
    correct: Ints, challenger: Floats, champion: Floats, rng: np.random.Generator
) -> dict[str, float]:
    figures = {}
    for who, p in (("challenger", challenger), ("champion", champion)):
        figures[f"{who}_log_loss"] = float(row_log_loss(correct, p).mean())
        figures[f"{who}_ece"] = ece(correct, p)
        figures[f"{who}_ece_calibrated_95"] = ece_null_quantile(p, rng)
    return figures


def _enough(held_out: HeldOut, rules: Rules) -> Finding:
    n_learners, n_answers = len(np.unique(held_out.learner)), len(held_out.correct)
    found = f"{n_answers} held-out answers of {n_learners} learners"
    needed = f"{rules.min_answers} of {rules.min_learners} are needed"
    return _finding(
        "enough_data",
        n_learners >= max(rules.min_learners, 2) and n_answers >= rules.min_answers,
        found,
        f"{found}: too little to judge by; {needed}",
        {"n_learners": n_learners, "n_answers": n_answers},
    )


def _finite(challenger: Floats, champion: Floats) -> Finding:
    strange = [int((~((p >= 0.0) & (p <= 1.0))).sum()) for p in (challenger, champion)]
    n, m = strange
    return _finding(
        "finite",
        not any(strange),
        "every prediction is a chance",
        f"{n} predictions of the challenger and {m} of the champion are no chances in [0, 1]",
        {"challenger": n, "champion": m},
    )


def _audited(audit: Audit) -> Finding:
    failures = ", ".join(x.check for x in audit.failures)
    return _finding(
        "leak_audit",
        audit.passed,
        "the leakage audit found nothing",
        f"the leakage audit failed ({failures}): the figures can't be believed",
        {"n_failures": len(audit.failures)},
    )


def _better(gain: _Gain, level: float, rules: Rules) -> Finding:
    low = gain.above(level)
    found = f"log loss is {gain.point:+.2%} better (at least {low:+.2%}, level {level:.2g})"
    wanted = f"above the margin of {rules.margin:.2%}, and surely above 0"
    return _finding(
        "gain",
        gain.point > rules.margin and low > 0.0,
        found,
        f"{found}; it has to be {wanted}",
        {"gain": gain.point, "low": low, "level": level, "margin": rules.margin},
    )


def _calibrated(figures: Mapping[str, float], rules: Rules) -> Finding:
    excess, before = (
        max(0.0, figures[f"{who}_ece"] - figures[f"{who}_ece_calibrated_95"])
        for who in ("challenger", "champion")
    )
    found = f"ECE beyond a calibrated model's: {excess:.4f}, the champion's {before:.4f}"
    return _finding(
        "calibration",
        excess <= before + rules.ece_slack,
        found,
        f"{found}; at most {rules.ece_slack} more is allowed",
        {"excess": excess, "champion_excess": before},
    )


def _no_group_worse(groups: Mapping[str, _Gain], rules: Rules) -> Finding:
    worse = {
        name: gain.point
        for name, gain in groups.items()
        if gain.point < -rules.group_slack and gain.interval.high < 0.0
    }
    named = ", ".join(f"{name} by {-gain:.1%}" for name, gain in worse.items())
    return _finding(
        "groups",
        not worse,
        f"none of {len(groups)} groups is worse off",
        f"worse off: {named}; at most {rules.group_slack:.0%} is allowed",
        {"n_groups": len(groups)} | worse,
    )


def _finding(
    check: str, passed: bool, found: str, complaint: str, measured: Mapping[str, float]
) -> Finding:
    numbers = {name: float(value) for name, value in measured.items()}
    if passed:
        return Finding(check, Verdict.PASSED, found, numbers)
    return Finding(check, Verdict.FAILED, complaint, numbers)
