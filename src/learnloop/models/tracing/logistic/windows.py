"""How often was it right and wrong, lately and ever? Counts in windows, kept as a few numbers.

    all time    right, wrong
    by time     r <- r 2^(-elapsed / h), then + 1 for a right answer      h in days
    by answers  r <- r 2^(-1 / h),       then + 1 for a right answer      h in answers

and every number enters as ln(1 + number). A window with sharp ends, as in DAS3H, would have to keep
every answer inside it; one that empties by halves is two floats. What has no time has no age: in a
log without times the windows by time hold the counts of all time.

Reference: Choffin, Popineau, Bourda and Vie (2019), "DAS3H: modeling student learning and
forgetting for optimally scheduling distributed practice of skills", EDM.
"""

from math import exp, log, log1p
from typing import NamedTuple

from learnloop.models.tracing.logistic.config import Config

US_PER_DAY = 86_400_000_000.0
_new = tuple.__new__


class Windows(NamedTuple):
    """What makes the windows empty.

    Attributes:
        rates: Per microsecond, of the windows by time.
        keeps: What an answer leaves, of the windows by answers.
    """

    rates: tuple[float, ...]
    keeps: tuple[float, ...]

    @property
    def width(self) -> int:
        """Numbers of one `Counts`, as features."""
        return 2 + 2 * len(self.rates) + 2 * len(self.keeps)


def windows_of(config: Config, *, timed: bool) -> Windows:
    """The windows of a family; without those by time where times are not known."""
    if config.family != "das3h":
        return Windows((), ())
    days = config.days if timed else ()
    rates = tuple(log(2.0) / (d * US_PER_DAY) for d in days)
    return Windows(rates, tuple(0.5 ** (1.0 / h) for h in config.answers))


class Counts(NamedTuple):
    """Answers of one learner, to all or to one skill.

    Attributes:
        right: Of all time.
        wrong: Likewise.
        at_us: When the last of them was given.
        by_time: Right and wrong of each window by time, as of `at_us`, in turns.
        by_answers: The same of the windows by answers.
    """

    right: int
    wrong: int
    at_us: int
    by_time: tuple[float, ...]
    by_answers: tuple[float, ...]


def no_counts(windows: Windows) -> Counts:
    """Before the first answer."""
    return Counts(0, 0, 0, (0.0,) * (2 * len(windows.rates)), (0.0,) * (2 * len(windows.keeps)))


def elapsed_us(then_us: int, now_us: int) -> int:
    """Microseconds since then, >= 0; 0 where then has no time."""
    return now_us - then_us if then_us and now_us > then_us else 0


def counted(old: Counts, windows: Windows, correct: bool, at_us: int) -> Counts:
    """The counts after one more answer."""
    right, wrong, then_us, by_time, by_answers = old
    one, other = (1.0, 0.0) if correct else (0.0, 1.0)
    timed: list[float] = []
    elapsed = elapsed_us(then_us, at_us)
    for i, rate in enumerate(windows.rates):
        kept = exp(-rate * elapsed)
        timed += (by_time[2 * i] * kept + one, by_time[2 * i + 1] * kept + other)
    spaced: list[float] = []
    for i, keep in enumerate(windows.keeps):
        spaced += (by_answers[2 * i] * keep + one, by_answers[2 * i + 1] * keep + other)
    after = (right + correct, wrong + (not correct), at_us, tuple(timed), tuple(spaced))
    return _new(Counts, after)


def features(counts: Counts, windows: Windows, at_us: int) -> list[float]:
    """(width,) what a design holds of the counts at an instant: right, wrong, in turns."""
    right, wrong, then_us, by_time, by_answers = counts
    out = [log1p(right), log1p(wrong)]
    elapsed = elapsed_us(then_us, at_us)
    for i, rate in enumerate(windows.rates):
        kept = exp(-rate * elapsed)
        out += (log1p(by_time[2 * i] * kept), log1p(by_time[2 * i + 1] * kept))
    out += map(log1p, by_answers)
    return out
