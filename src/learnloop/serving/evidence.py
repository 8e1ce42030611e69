"""Is one thing worse than another by more than a margin? Evidence that may be looked at any time.

Readings d_t in [-1, 1] come one after another; while all is well each has a mean of at most m,
given all before it. A bettor who starts with 1 and stakes a share of the wealth on "worse",

    K_t = K_(t-1) * (1 + b (d_t - m) / (1 + m)),    0 < b < 1,

then has a wealth that does not grow on average, so P(K_t >= 1 / alpha for any t) <= alpha (Ville).
No number of readings has to be fixed, and nothing is assumed of their distribution. The stake b is
not known beforehand: the wealth is the mean of several bettors', which keeps the bound.

References: Ville (1939); Waudby-Smith and Ramdas (2024), "Estimating means of bounded random
variables by betting", JRSS B 86.
"""

from typing import Final

STAKES: Final = (0.03, 0.1, 0.3, 0.6, 0.9)
RICH: Final = 1e12


class Evidence:
    """What readings say against "not worse by more than the margin".

    Args:
        margin: m, in the unit of the readings, [0, 1).
    """

    __slots__ = ("_wealth", "margin", "n")

    def __init__(self, margin: float) -> None:
        self.margin = margin
        self.n = 0
        self._wealth = [1.0] * len(STAKES)

    def add(self, reading: float) -> None:
        """Take one reading, [-1, 1], more is worse."""
        gain = (reading - self.margin) / (1.0 + self.margin)
        self._wealth = [
            min(own * (1.0 + stake * gain), RICH)
            for own, stake in zip(self._wealth, STAKES, strict=True)
        ]
        self.n += 1

    @property
    def wealth(self) -> float:
        """What 1 has become; it is ever >= 1 / alpha with a chance of at most alpha."""
        return sum(self._wealth) / len(STAKES)
