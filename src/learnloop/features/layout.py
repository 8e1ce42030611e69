"""What is kept of a learner, and where? A place for each scan that the features read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nan

from learnloop.features.language import By, Expr, Op, Scan

HORIZON = 200
"""An item is forgotten once this many events of the learner went by since its last one."""

Record = tuple[int | float, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Which scan is kept where.

    Attributes:
        scans: All of them, those that others read included; each after those that it reads.
        inner: Those that are read by other scans.
    """

    scans: tuple[Scan, ...]
    inner: frozenset[Scan]

    @classmethod
    def of(cls, values: Sequence[Expr]) -> "Layout":
        """The scans that these values need."""
        found: dict[Scan, None] = {}
        inner: set[Scan] = set()

        def visit(x: Expr) -> None:
            if isinstance(x, Op):
                for arg in x.args:
                    visit(arg)
            elif isinstance(x, Scan) and x not in found:
                for below in (x.x, x.when):
                    visit(below)
                    inner.update(scans_in(below))
                found[x] = None

        for value in values:
            visit(value)
        return cls(tuple(found), frozenset(inner))

    def by(self, by: By) -> list[Scan]:
        return [x for x in self.scans if x.by == by]

    @property
    def numbers(self) -> list[Scan]:
        return [x for x in self.by("learner") if x.kind not in ("window", "tally")]

    @property
    def vectors(self) -> list[Scan]:
        return [x for x in self.by("learner") if x.kind == "tally" or self.longest(x) is x]

    def longest(self, scan: Scan) -> Scan | None:
        """The window that holds this one too; nothing for what is not a window."""
        alike = (x for x in self.scans if x.kind == "window" == scan.kind)
        alike = (x for x in alike if x.x is scan.x and x.when is scan.when)
        return max(alike, key=lambda x: x.parameter, default=None)

    def first(self, by: By) -> Record:
        return tuple(first(x) for x in self.by(by))


def scans_in(x: Expr) -> Iterator[Scan]:
    """The scans that an expression reads directly."""
    if isinstance(x, Scan):
        yield x
    elif isinstance(x, Op):
        for arg in x.args:
            yield from scans_in(arg)


def first(scan: Scan) -> float:
    """What a scan is before the first event."""
    return nan if scan.kind in ("last", "ewm") else 0
