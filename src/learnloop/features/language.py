"""In which words is a feature written? Expressions over moments, and scans over what went before.

Every expression is evaluated at a *moment*: an event, or a question ("what is known at 10:00?").
A `Field` belongs to the moment itself; a *scan* sums up the events **before** it:

    gap = field.t - last(field.t)                       # ms since the event before
    n_sessions = count(unknown(gap) | (gap > 1_800_000))
    accuracy = mean(field.correct)                      # of all answers before the moment

So no feature can see its own event's outcome, and one that reads a field which a question does not
have is refused where it is defined. From these trees `online.py` writes the Python function that
folds one event in, and `batch.py` computes whole columns. Both give the same numbers, because:

- unknown is NaN: comparisons with it are false, scans skip events whose value is unknown, and a
  division by zero is unknown;
- what is summed up lies on a *grid* (multiples of a small power of two), so that sums are exact in
  any order; `on_grid` rounds what does not;
- what is compared is *exact* (the same bits in both); `ewm`, `fading` and logarithms agree to
  about 1e-14 only: they may be read and combined, but not compared.

The last two are checked where an expression is made.
"""

from dataclasses import dataclass, fields
from typing import Literal, TypeVar, cast

from learnloop.core.errors import InvalidInput
from learnloop.features.ops import OPS

By = Literal["learner", "skill", "item"]
Kind = Literal["sum", "last", "ewm", "fading", "run", "window", "tally"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expr:
    """A number or truth at every moment; combine with `+ - * / // % < <= > >= & | ~`.

    Attributes:
        truth: It is true or false.
        exact: Both computations give the same bits.
        on_grid: A multiple of a small power of two.
        known: Never NaN.
        asked: A question has it too, not only an event.
    """

    truth: bool = False
    exact: bool = True
    on_grid: bool = True
    known: bool = True
    asked: bool = True

    def __add__(self, other: "Number") -> "Expr":
        return op("add", self, other)

    def __radd__(self, other: "Number") -> "Expr":
        return op("add", other, self)

    def __sub__(self, other: "Number") -> "Expr":
        return op("sub", self, other)

    def __rsub__(self, other: "Number") -> "Expr":
        return op("sub", other, self)

    def __mul__(self, other: "Number") -> "Expr":
        return op("mul", self, other)

    def __rmul__(self, other: "Number") -> "Expr":
        return op("mul", other, self)

    def __truediv__(self, other: "Number") -> "Expr":
        return op("div", self, other)

    def __rtruediv__(self, other: "Number") -> "Expr":
        return op("div", other, self)

    def __floordiv__(self, other: "Number") -> "Expr":
        return op("floordiv", self, other)

    def __mod__(self, other: "Number") -> "Expr":
        return op("mod", self, other)

    def __neg__(self) -> "Expr":
        return op("sub", 0.0, self)

    def __lt__(self, other: "Number") -> "Expr":
        return op("lt", self, other)

    def __le__(self, other: "Number") -> "Expr":
        return op("le", self, other)

    def __gt__(self, other: "Number") -> "Expr":
        return op("lt", other, self)

    def __ge__(self, other: "Number") -> "Expr":
        return op("le", other, self)

    def __and__(self, other: "Number") -> "Expr":
        return op("and", self, other)

    def __or__(self, other: "Number") -> "Expr":
        return op("or", self, other)

    def __invert__(self) -> "Expr":
        return op("not", self)

    def __bool__(self) -> bool:
        raise TypeError("an expression has no truth of its own: use & | ~ and where()")


Number = Expr | float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Const(Expr):
    """The same at every moment."""

    value: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field(Expr):
    """A value of the moment itself.

    Attributes:
        opaque: An id: it can be kept with `last` and compared with `same`, nothing else.
    """

    name: str
    meaning: str
    opaque: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Op(Expr):
    """An operation of `ops.py` on other expressions."""

    name: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scan(Expr):
    """What the events before the moment add up to.

    Attributes:
        kind: How they add up.
        x: What is taken of each event.
        when: Which events count; those whose `x` is unknown never do.
        parameter: Weight of the newest (`ewm`), half-life in ms (`fading`), how many (`window`).
        edges: Bins of a tally: v goes into the one numbered by how many edges are <= v.
        by: Whose events: the learner's, or those of the moment's item; of its skills, the mean
            over the skills where it is known.
    """

    kind: Kind
    x: Expr
    when: Expr
    parameter: float = 0.0
    edges: tuple[float, ...] = ()
    by: By = "learner"


E = TypeVar("E", bound=Expr)
_known: dict[tuple[object, ...], Expr] = {}


def _one(x: E) -> E:
    """The one object for all equal expressions, so that `is` compares them."""
    key = (type(x), *(getattr(x, f.name) for f in fields(x)))
    return cast(E, _known.setdefault(key, x))


TRUE = _one(Const(value=1.0, truth=True))
t = Field(name="t", meaning="When it happens, ms since 1970", known=False)


def lift(x: Number) -> Expr:
    """A number as an expression."""
    return x if isinstance(x, Expr) else _one(Const(value=float(x), truth=isinstance(x, bool)))


def op(name: str, *given: Number) -> Expr:
    """An operation on expressions.

    Raises:
        InvalidInput: It decides by values that are not exact.
    """
    args, rule = tuple(map(lift, given)), OPS[name]
    exact = all(x.exact for x in args)
    if not exact and (rule.compares or (name == "where" and not args[0].exact)):
        raise InvalidInput(f"{name}: ewm, fading and logarithms are not exact: don't compare them")
    values = args[1:] if name in ("where", "fill") else args
    return _one(Op(
        name=name,
        args=args,
        truth=rule.truth,
        exact=rule.truth or rule.rounds or (exact and rule.exact),
        on_grid=rule.truth or rule.rounds or (rule.on_grid and all(x.on_grid for x in args)),
        known=rule.truth
        or (rule.known and values[-1].known)
        or (name not in ("div", "log1p", "sqrt", "quantile", "evenness", "peak")
            and all(x.known for x in values)),
        asked=all(x.asked for x in args),
    ))  # fmt: skip


def unknown(x: Expr) -> Expr:
    """True where x is not known."""
    return op("unknown", x)


def known(x: Expr) -> Expr:
    """True where x is known."""
    return ~unknown(x)


def where(condition: Expr, x: Number, otherwise: Number) -> Expr:
    """X where the condition holds."""
    return op("where", condition, x, otherwise)


def fill(x: Expr, otherwise: Number) -> Expr:
    """X where it is known."""
    return op("fill", x, otherwise)


def same(x: Expr, y: Number) -> Expr:
    """True where both are known and equal; also for ids."""
    return op("same", x, y)


def least(x: Number, y: Number) -> Expr:
    """The smaller one; unknown where one of them is."""
    return op("least", x, y)


def most(x: Number, y: Number) -> Expr:
    """The larger one; unknown where one of them is."""
    return op("most", x, y)


def ln1p(x: Expr) -> Expr:
    """log(1 + x); unknown for x <= -1."""
    return op("log1p", x)


def root(x: Expr) -> Expr:
    """The square root; unknown below 0."""
    return op("sqrt", x)


def on_grid(x: Expr) -> Expr:
    """X rounded to multiples of 1/1024, so that it can be summed up."""
    return op("on_grid", x)


# --- scans: what went before ---------------------------------------------------------------------


def total(x: Number, when: Expr = TRUE, by: By = "learner") -> Expr:
    """The sum of x; 0 before the first.

    Raises:
        InvalidInput: x is not on the grid.
    """
    return _scan("sum", x, when, by=by)


def count(when: Expr = TRUE, by: By = "learner") -> Expr:
    """How many events."""
    return _scan("sum", 1.0, when, by=by)


def mean(x: Expr, when: Expr = TRUE, by: By = "learner") -> Expr:
    """The mean of x where it is known; unknown before the first."""
    return total(x, when, by) / count(when if x.known else when & known(x), by)


def last(x: Number, when: Expr = TRUE, by: By = "learner") -> Expr:
    """X of the latest event; unknown before the first."""
    return _scan("last", x, when, by=by)


def ewm(x: Number, weight: float, when: Expr = TRUE, by: By = "learner") -> Expr:
    """Moving average: `m += weight (x - m)`, beginning with the first x."""
    return _scan("ewm", x, when, weight, by=by)


def fading(x: Number, half_life_ms: float, when: Expr = TRUE) -> Expr:
    """The sum of x, each part halved every `half_life_ms` until the moment; 0 before the first."""
    return _scan("fading", x, when & known(t), half_life_ms)


def run(x: Expr, when: Expr = TRUE, by: By = "learner") -> Expr:
    """How many times in a row x was true, up to the latest event."""
    return _scan("run", x, when, by=by)


def recent(x: Expr, n: int, when: Expr = TRUE) -> Expr:
    """The sum of x over the latest n events."""
    return _scan("window", x, when, float(n))


def recent_mean(x: Expr, n: int, when: Expr = TRUE) -> Expr:
    """The mean of x over the latest n events (fewer where there are fewer)."""
    return recent(x, n, when) / least(count(when if x.known else when & known(x)), float(n))


def tally(x: Expr, edges: tuple[float, ...], when: Expr = TRUE) -> Scan:
    """How many events fell into each of `len(edges) + 1` bins."""
    found = _scan("tally", x, when, edges=edges)
    return found


def quantile(counts: Scan, q: float) -> Expr:
    """The q-quantile of a tally, linear inside a bin."""
    return op("quantile", counts, q)


def evenness(counts: Scan) -> Expr:
    """How evenly a tally's bins are filled: entropy over its maximum, [0, 1]."""
    return op("evenness", counts)


def peak(counts: Scan) -> Expr:
    """The fullest bin."""
    return op("peak", counts)


def in_bin(counts: Scan, i: int) -> Expr:
    """How many are in bin i."""
    return op("bin", counts, float(i))


def _scan(
    kind: Kind,
    given: Number,
    when: Expr,
    parameter: float = 0.0,
    edges: tuple[float, ...] = (),
    by: By = "learner",
) -> Scan:
    x = lift(given)
    if x.truth and kind != "run" and not isinstance(x, Const):
        x = op("number", x)
    if kind in ("sum", "window") and not (x.on_grid and x.exact):
        raise InvalidInput(f"{kind}: round what is summed up with on_grid()")
    if not when.exact or (kind in ("run", "tally") and not x.exact):
        raise InvalidInput(f"{kind}: ewm, fading and logarithms decide nothing; they are not exact")
    if not x.known:
        when = known(x) if when is TRUE else when & known(x)
    exact = kind not in ("ewm", "fading") and (kind != "last" or x.exact)
    return _one(
        Scan(
            kind=kind,
            x=x,
            when=when,
            parameter=parameter,
            edges=edges,
            by=by,
            exact=exact,
            on_grid=exact and by != "skill" and x.on_grid,
            known=kind not in ("last", "ewm", "fading"),
        )
    )
