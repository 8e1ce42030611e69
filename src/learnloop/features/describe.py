"""How is a feature computed, for people to read? Its formula, and what it is made of.

A formula is written in the language itself: evaluated with the names of `language.py`, `fields.py`
and `definitions/parts.py` it is the feature's expression again, which a test checks for all.
"""

from dataclasses import dataclass

from learnloop.features.definition import Feature
from learnloop.features.definitions import FEATURES, parts
from learnloop.features.fields import DAY_MS, HOUR_MS, day, hour_of_day, weekday
from learnloop.features.language import (
    TRUE,
    By,
    Const,
    Expr,
    Field,
    Op,
    Scan,
    known,
    mean,
    recent_mean,
    t,
)
from learnloop.features.layout import scans_in

# By how tightly they bind, as in Python: a < b | c & d + e * -f
INFIX = {
    "lt": ("<", 1), "le": ("<=", 1), "or": ("|", 2), "and": ("&", 3), "add": ("+", 4),
    "sub": ("-", 4), "mul": ("*", 5), "div": ("/", 5), "floordiv": ("//", 5), "mod": ("%", 5),
}  # fmt: skip
TURNED = {"lt": ">", "le": ">="}
PREFIX = 6
CALLED = {"log1p": "ln1p", "sqrt": "root", "bin": "in_bin"}
SCAN_NAMES = {"sum": "total", "window": "recent"}
UNITS_MS = {"DAY_MS": DAY_MS, "HOUR_MS": HOUR_MS, "MINUTE_MS": parts.MINUTE_MS}
PARTS: dict[Expr, str] = {
    **{x: name for name, x in reversed(vars(parts).items()) if isinstance(x, Op | Scan)},
    **{of(t): f"{of.__name__}(t)" for of in (hour_of_day, day, weekday)},
}


@dataclass(frozen=True, slots=True)
class Description:
    """What a feature is made of.

    Attributes:
        formula: Its expression.
        parts: The named parts that the formula and these parts read, with their own formulas.
        fields: What it reads of events, and of the question.
        scans: What is kept of the log for it.
        features: Other features that are part of it.
    """

    formula: str
    parts: dict[str, str]
    fields: tuple[Field, ...]
    scans: tuple[str, ...]
    features: tuple[str, ...]


def describe(feature: Feature) -> Description:
    """What a feature is made of."""
    writer = _Writer()
    formula = writer.text(feature.value)
    named: dict[str, str] = {}
    while waiting := [x for x in writer.used if PARTS[x] not in named and x is not parts.UNKNOWN]:
        for x in waiting:
            named[PARTS[x]] = writer.text(x)
    below = _below(feature.value, {})
    return Description(
        formula,
        named,
        tuple(x for x in below if isinstance(x, Field)),
        tuple(writer.text(x) for x in below if isinstance(x, Scan)),
        tuple(
            other.name
            for other in FEATURES
            if other is not feature and other.value in below and not isinstance(other.value, Field)
        ),
    )


def _below(x: Expr, found: dict[Expr, None]) -> dict[Expr, None]:
    """The expression, and all that it reads."""
    if x not in found:
        found[x] = None
        inner = x.args if isinstance(x, Op) else (x.x, x.when) if isinstance(x, Scan) else ()
        for arg in inner:
            _below(arg, found)
    return found


class _Writer:
    """Expressions as text.

    Attributes:
        used: The named parts that were written by name.
    """

    def __init__(self) -> None:
        self.used: dict[Expr, None] = {}

    def text(self, x: Expr) -> str:
        """The expression itself; the parts in it by name."""
        match x:
            case Const():
                return str(bool(x.value)) if x.truth else _number(x.value)
            case Field():
                return x.name
            case Scan():
                return self._scan(x)
            case Op():
                return self._shape(x) or self._op(x)[0]
        raise AssertionError(x)

    def _inside(self, x: Expr, binds: int = 0) -> str:
        """The expression as a part of another one that binds so tightly."""
        if x in PARTS:
            self.used[x] = None
            return PARTS[x]
        if not isinstance(x, Op) or self._shape(x):
            return self.text(x)
        text, own = self._op(x)
        return f"({text})" if own < binds else text

    def _op(self, x: Op) -> tuple[str, int]:
        a = x.args[0]
        if x.name == "not":
            if isinstance(a, Op) and a.name == "unknown":
                return f"known({self._inside(a.args[0])})", PREFIX
            return f"~{self._inside(a, PREFIX)}", PREFIX
        if x.name not in INFIX:
            inner = ", ".join(map(self._inside, x.args))
            return f"{CALLED.get(x.name, x.name)}({inner})", PREFIX
        b = x.args[1]
        if x.name == "and" and a is TRUE:
            return self._inside(b), PREFIX
        sign, binds = INFIX[x.name]
        if x.name == "sub" and isinstance(a, Const) and a.value == 0.0:
            return f"-{self._inside(b, PREFIX)}", PREFIX
        if x.name in TURNED and isinstance(a, Const):
            a, b, sign = b, a, TURNED[x.name]
        own = binds + 1 if sign in "<=>=" else binds  # a < b < c is another thing in Python
        return f"{self._inside(a, own)} {sign} {self._inside(b, binds + 1)}", binds

    def _shape(self, x: Op) -> str:
        """A mean, a share or a spread, as that."""
        for scan in scans_in(x) if x.name in ("div", "where") else ():
            when = _said_when(scan)
            if scan.kind == "sum" and x is mean(scan.x, when, scan.by):
                return self._call("mean", scan.x, when=when, by=scan.by)
            if scan.kind == "sum" and x is parts.spread(scan.x, when):
                return self._call("spread", scan.x, when)
            n = int(scan.parameter)
            if scan.kind == "window" and x is recent_mean(scan.x, n, when):
                return self._call("recent_mean", scan.x, str(n), when=when)
            if isinstance(when, Op) and when.name == "and" and x is parts.share(*when.args):
                return self._call("share", *when.args)
        return ""

    def _scan(self, x: Scan) -> str:
        when = _said_when(x)
        if x.kind == "sum" and isinstance(x.x, Const) and x.x.value == 1.0:
            return self._call("count", when=when, by=x.by)
        more: tuple[str, ...] = ()
        if x.kind in ("ewm", "fading", "window"):
            more = (_number(x.parameter),)
        if x.kind == "tally":
            more = (f"({', '.join(f'{edge:g}' for edge in x.edges)})",)
        return self._call(SCAN_NAMES.get(x.kind, x.kind), x.x, *more, when=when, by=x.by)

    def _call(self, name: str, *given: Expr | str, when: Expr = TRUE, by: By = "learner") -> str:
        args = [x if isinstance(x, str) else self._inside(_plain(x)) for x in given]
        if when is not TRUE:
            args.append(self._inside(when))
        if by != "learner":
            args.append(f'by="{by}"')
        return f"{name}({', '.join(args)})"


def _number(x: float) -> str:
    for name, unit in UNITS_MS.items():
        if x >= unit and not x % unit:
            return name if x == unit else f"({int(x / unit)} * {name})"
    return f"{int(x):_}" if x.is_integer() else repr(x)


def _plain(x: Expr) -> Expr:
    """A truth that a scan took as a number, as the truth."""
    return x.args[0] if isinstance(x, Op) and x.name == "number" else x


def _said_when(x: Scan) -> Expr:
    """The condition without what the language adds by itself."""
    when = x.when
    for needed in (x.x, t) if x.kind == "fading" else (x.x,):
        if when is known(needed):
            return TRUE
        if isinstance(when, Op) and when.name == "and" and when.args[1] is known(needed):
            when = when.args[0]
    return when
