"""What is typical of an item? Frozen statistics of training learners.

They are part of the version of a feature set.

A live statistic would change old features whenever somebody answers; a frozen one gives the same
vector for the same log on every day. Where training saw too little, an item leans on the mean of
all items, and an item that training has not seen on what its author says.

    easiness  logit of a right answer of a middle learner, and slopes that say how it depends on
              the learner; `models.ability.item_statistics` fits them
    seconds   exp(mean log(1 + seconds)) - 1; n answers weigh against 5 of the mean
    spread    standard deviation of log(1 + seconds), leaning the same way
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from math import nan
from typing import NamedTuple

import msgspec
import numpy as np

from learnloop.core.types import Floats, Ints, Item
from learnloop.features.ops import GRID

STATISTICS_FILE = "item_statistics.msgpack"
"""How artifacts call the file."""
LEAN = 5.0
DEFAULT_SPREAD = 0.75
LEAST_SPREAD = 0.1


class ItemFacts(NamedTuple):
    """One item's statistics, on the grid; NaN where nobody knows.

    Attributes:
        easiness: Logit of a right answer of a middle learner.
        seconds: Typical response time, s.
        spread: Of log(1 + seconds).
        ln_n: log(1 + training answers).
        ability_slope: How many logits more than at a usual item a logit of ability is worth.
        lately_slope: The same of a surprise in the latest answers.
        skill_slope: The same of a surprise in the latest answers to the item's skills.
    """

    easiness: float
    seconds: float
    spread: float
    ln_n: float
    ability_slope: float = 0.0
    lately_slope: float = 0.0
    skill_slope: float = 0.0


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """The statistics of one training snapshot.

    Attributes:
        items: By item id.
        version: Digest of all of it; `none` without training.
    """

    items: Mapping[str, ItemFacts]
    version: str = "none"

    @classmethod
    def of(
        cls,
        item_ids: tuple[str, ...],
        easiness: Floats,
        n_answers: Floats,
        item: Ints,
        seconds: Floats,
        slopes: Floats | None = None,
    ) -> "ItemStatistics":
        """From what was fitted to training answers, and their response times.

        Args:
            item_ids: Id of each item code.
            easiness: (n_items,) logits; NaN of items that are not known.
            n_answers: (n_items,) how many it rests on.
            item: (n,) item codes of the answers.
            seconds: (n,) response times; NaN where unknown.
            slopes: (n_items, 3) of ability, of late and of the skill; None is 0.
        """
        n = len(item_ids)
        timed = ~np.isnan(seconds)
        ln = np.log1p(seconds[timed])
        n_timed = np.bincount(item[timed], minlength=n)
        centre = float(ln.mean()) if len(ln) else nan
        width = float(ln.std()) if len(ln) > 1 else DEFAULT_SPREAD
        total = np.bincount(item[timed], ln, n)
        mean = (total + LEAN * centre) / (n_timed + LEAN)
        square = np.bincount(item[timed], (ln - mean[item[timed]]) ** 2, n)
        spread = np.sqrt((square + LEAN * width**2) / (n_timed + LEAN))
        own = np.zeros((n, 3)) if slopes is None else slopes
        columns = (easiness, np.expm1(mean), np.maximum(spread, LEAST_SPREAD), np.log1p(n_answers),
                   *own.T)  # fmt: skip
        rounded = [(np.floor(c * GRID + 0.5) / GRID).tolist() for c in columns]
        items = {
            item_ids[i]: ItemFacts(*(c[i] for c in rounded))
            for i in np.flatnonzero(~np.isnan(easiness)).tolist()
        }
        return cls(items, _digest(items))

    def facts(self, item: Item) -> ItemFacts:
        """The item's statistics, or what its author says."""
        found = self.items.get(item.item_id)
        if found is None:
            return authored(item.difficulty_logit, item.expected_seconds)
        return found

    def export(self) -> bytes:
        """As MessagePack."""
        return msgspec.msgpack.encode((self.version, dict(self.items)))

    @classmethod
    def load(cls, blob: bytes) -> "ItemStatistics":
        """What `export` wrote.

        Raises:
            msgspec.DecodeError: It is something else.
        """
        version, items = msgspec.msgpack.decode(blob, type=tuple[str, dict[str, ItemFacts]])
        return cls(items, version)


def authored(difficulty_logit: float | None, expected_seconds: float | None) -> ItemFacts:
    """What is known of an item that training has not seen."""
    easiness = nan if difficulty_logit is None else _on_grid(-difficulty_logit)
    seconds = nan if expected_seconds is None else _on_grid(min(expected_seconds, 600.0))
    return ItemFacts(easiness, seconds, DEFAULT_SPREAD, 0.0)


NOTHING = ItemStatistics({})
"""The statistics of a fresh install: authors only."""


def _on_grid(x: float) -> float:
    return float(np.floor(x * GRID + 0.5) / GRID)


def _digest(items: Mapping[str, ItemFacts]) -> str:
    return blake2b(msgspec.msgpack.encode(sorted(items.items())), digest_size=4).hexdigest()
