"""How does one answer change what is known of a learner? Bayes' rule on the hidden state.

    P(right | known)   = sigmoid((guess + gap + easiness + shift) / sqrt(1 + pi V / 8))
    P(right | unknown) = sigmoid((guess       + easiness + shift) / sqrt(1 + pi V / 8))
    P(right)           = mean over the item's skills of p P(right | known) + (1 - p) P(...| unknown)

with V the variance of the shift. Then, for each skill,

    p <- (1 - r) p + r P(known | answer),    r = this skill's part of P(answer)
    p <- p + (1 - p) learn

r is 1 for an item of one skill. With several, the answer hinges on one of them, each as likely
beforehand, and r is the chance, after the answer, that it was this one: the exact posterior of
that mixture. The shift takes one extended Kalman step on the same surprise. Until the next
opportunity p falls to p (1 + others)^-a (1 + hours)^-b.

Reference: Corbett and Anderson (1995), Knowledge tracing; Khajah, Wing, Lindsey, Mozer (2014),
Integrating latent-factor and knowledge-tracing models; Yudelson, Koedinger, Gordon (2013),
Individualized Bayesian knowledge tracing models.
"""

from math import exp, log1p, sqrt

from learnloop.core.answers import STUDY
from learnloop.models.tracing.bkt.book import Asked, Book, SkillFacts
from learnloop.models.tracing.bkt.state import BktState, SkillTrace

PROBIT = 0.39269908169872414  # pi / 8
US_PER_HOUR = 3.6e9
LIMIT = 12.0  # logits
FLOOR = 1e-6  # P(known) is never surer than this, so that every answer can still change it


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x)), x held within +-12."""
    return 1.0 / (1.0 + exp(-x if -LIMIT < x < LIMIT else -LIMIT if x > 0.0 else LIMIT))


def start(book: Book) -> BktState:
    """A learner of whom nothing is known."""
    return BktState(0.0, book.learner.variance, 0, {})


def kept(book: Book, trace: SkillTrace, step: int, at_us: int) -> float:
    """What is kept of P(known) since the trace was made, (0, 1].

    What happened at 0, as all rows of a log without times, has no known age.
    """
    by_others, by_hours = book.forgetting
    lost = by_others * log1p(step - trace.step)
    if trace.at_us and at_us > trace.at_us:
        lost += by_hours * log1p((at_us - trace.at_us) / US_PER_HOUR)
    return exp(-lost)


def known(book: Book, facts: SkillFacts, state: BktState, skill: str, at_us: int) -> float:
    """P(known) as of an instant, (0, 1)."""
    trace = state.skills.get(skill)
    if trace is None:
        return sigmoid(facts.prior_logit)
    p = trace.known * (1.0 - facts.forget) * kept(book, trace, state.step, at_us)
    return p if p > FLOOR else FLOOR


def chances(asked: Asked, state: BktState) -> list[tuple[float, float]]:
    """P(right | unknown) and P(right | known), for each skill of the item."""
    level = asked.easiness + state.shift
    scale = 1.0 / sqrt(1.0 + PROBIT * state.variance)
    return [
        (sigmoid((f.guess_logit + level) * scale), sigmoid((f.guess_logit + f.gap + level) * scale))
        for f in asked.facts
    ]


def p_right(book: Book, state: BktState, asked: Asked, at_us: int) -> float:
    """P(the answer is right), (0, 1)."""
    total = 0.0
    for skill, facts, (low, high) in zip(
        asked.skills, asked.facts, chances(asked, state), strict=True
    ):
        total += low + known(book, facts, state, skill, at_us) * (high - low)
    return total / len(asked.skills)


def answered(book: Book, state: BktState, asked: Asked, right: bool, at_us: int) -> BktState:
    """The state after one answer."""
    share = 1.0 / len(asked.skills)
    said = slope = 0.0
    parts = []
    for skill, facts, (low, high) in zip(
        asked.skills, asked.facts, chances(asked, state), strict=True
    ):
        p = known(book, facts, state, skill, at_us)
        own = low + p * (high - low)
        said += share * own
        slope += share * (p * high * (1.0 - high) + (1.0 - p) * low * (1.0 - low))
        parts.append((skill, facts, p, high, own))
    step, traces = state.step + 1, state.skills.copy()
    for skill, facts, p, high, own in parts:
        if right:
            change = share * p * (high - own) / said
        else:
            change = share * p * (own - high) / (1.0 - said)
        now = _held(p + change)
        now = _held(now + (1.0 - now) * facts.learn[right])
        before = _shown(book, state, skill, p, at_us)
        shown = max(now, before) if right else min(now, before)
        traces[skill] = SkillTrace(now, shown, step, at_us)
    shift, variance = state.shift, state.variance
    if variance:
        spread = said * (1.0 - said) + variance * slope * slope
        gain = variance * slope / spread
        shift += gain * (right - said)
        variance += book.learner.drift - variance * slope * gain
    return BktState(shift, variance, step, traces)


def studied(book: Book, state: BktState, asked: Asked, at_us: int) -> BktState:
    """The state after an item was studied without an answer: an opportunity to learn."""
    step, traces = state.step + 1, state.skills.copy()
    for skill, facts in zip(asked.skills, asked.facts, strict=True):
        p = known(book, facts, state, skill, at_us)
        before = _shown(book, state, skill, p, at_us)
        gained = (1.0 - p) * facts.learn[STUDY]
        traces[skill] = SkillTrace(_held(p + gained), _held(before + gained), step, at_us)
    return BktState(state.shift, state.variance, step, traces)


def mastery(book: Book, state: BktState, skill: str, at_us: int) -> float:
    """What is shown of P(known): see `SkillTrace.shown`."""
    p = known(book, book.skill(skill), state, skill, at_us)
    return _shown(book, state, skill, p, at_us)


def _shown(book: Book, state: BktState, skill: str, p: float, at_us: int) -> float:
    trace = state.skills.get(skill)
    return p if trace is None else trace.shown * kept(book, trace, state.step, at_us)


def _held(p: float) -> float:
    return p if FLOOR < p < 1.0 - FLOOR else FLOOR if p < 0.5 else 1.0 - FLOOR
