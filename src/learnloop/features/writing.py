"""How is a function written from expressions? Each once, where it is needed.

Expressions become locals, or stand inside the one line that needs them; scans become assignments.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import log

from learnloop.features.language import By, Const, Expr, Field, Op, Scan
from learnloop.features.layout import HORIZON, Layout
from learnloop.features.ops import OPS


class Writer:
    """Lines of one function, each expression written once where all that need it see it.

    Attributes:
        uses: How many other expressions or scans read an expression.
        names: The local that holds what was written.
    """

    def __init__(self, layout: Layout, uses: Counter[Expr]) -> None:
        self.layout = layout
        self.uses = uses
        self.lines: list[str] = []
        self.names: dict[Expr, str] = {}
        self.n = 0

    def put(self, line: str, depth: int = 1) -> None:
        self.lines.append("    " * depth + line)

    def bind_state(self, fields: Sequence[Field]) -> None:
        """Unpack the moment and the learner's scans into locals."""
        layout = self.layout
        self.put(f"({listed(f'f_{x.name}' for x in fields)}) = moment")
        for x in fields:
            self.names[x] = f"f_{x.name}"
        kept: list[str] = []
        for i, scan in enumerate(layout.numbers):
            kept.append(f"s{i}")
            self.names[scan] = f"s{i}"
            if scan.kind == "fading":
                kept.append(f"s{i}_t")
        if kept:
            self.put(f"({listed(kept)}) = state.numbers")
        if layout.vectors:
            self.put(f"({listed(f'w{i}' for i in range(len(layout.vectors)))}) = state.vectors")
        for i, scan in enumerate(layout.vectors):
            self.names[scan] = f"w{i}"
        for scan in layout.by("learner"):
            whole = layout.longest(scan)
            if whole is not None and whole is not scan:
                self.names[scan] = f"{self.names[whole]}[{-int(scan.parameter)}:]"
        self.put("n = state.n")

    def bind_keyed(self, by: By) -> None:
        """Read the scans of the moment's skills or item into locals."""
        scans = self.layout.by(by)
        if not scans:
            return
        letter = "g" if by == "skill" else "h"
        names = listed(f"{letter}{i}" for i in range(len(scans)))
        if by == "skill":
            self.put("if len(skill_ids) == 1:")
            self.put("own = state.skills.get(skill_ids[0], SKILL)", 2)
            self.put("else:")
            self.put("own = over_skills([state.skills.get(x, SKILL) for x in skill_ids], SKILL)", 2)
            self.put(f"({names}) = own")
        else:
            self.put("met = state.items.get(f_item, ITEM)")
            self.put(f"if n - met[0] > {HORIZON}:")
            self.put("met = ITEM", 2)
            self.put(f"(_, {names}) = met")
        for i, scan in enumerate(scans):
            self.names[scan] = f"{letter}{i}"

    def value(self, x: Expr, depth: int = 1) -> str:
        """The local (or number) that holds an expression; written here if it wasn't yet."""
        if isinstance(x, Scan):
            return self._read_scan(x, self.names[x])
        if x in self.names:
            return self.names[x]
        if isinstance(x, Const):
            whole = x.value.is_integer()
            return repr(bool(x.value)) if x.truth else repr(int(x.value) if whole else x.value)
        text = self._written(x, depth)
        name = self.names[x] = f"v{self.n}"
        self.n += 1
        self.put(f"{name} = {text}", depth)
        return name

    def text(self, x: Expr, depth: int = 1) -> str:
        """An expression for one place: itself, or the local that several share."""
        if isinstance(x, Op) and x not in self.names and self.uses[x] == 1:
            return f"({self._written(x, depth)})"
        return self.value(x, depth)

    def _written(self, x: Expr, depth: int) -> str:
        assert isinstance(x, Op), x
        template = OPS[x.name].python
        more: dict[str, str] = {}
        args: list[str] = []
        for i, arg in enumerate(x.args):
            if isinstance(arg, Scan) and arg.kind == "tally":
                args.append(self.names[arg])
                more["edges"] = repr(arg.edges)
            else:
                once = template.count(f"{{{i}}}") == 1
                args.append(self.text(arg, depth) if once else self.value(arg, depth))
        if x.name == "bin" and isinstance(x.args[1], Const):
            more["index"] = str(int(x.args[1].value))
        return template.format(*args, **more)

    def _read_scan(self, scan: Scan, found: str) -> str:
        if scan.kind == "window":
            return f"sum({found})"
        if scan.kind == "fading":
            rate = log(2.0) / scan.parameter
            faded = f"{found} * exp({-rate!r} * (f_t - {found}_t))"
            return f"({found} if not {found} or f_t < {found}_t else {faded})"
        return found


def write_step(w: Writer, scan: Scan, depth: int) -> None:
    """Fold the event into one of the learner's own scans."""
    x = w.value(scan.x, depth) if scan.kind in TWICE else w.text(scan.x, depth)
    for line in step(scan, w.names[scan], x):
        w.put(line, depth)


TWICE = ("ewm", "fading")
"""Scans whose step names the event's value twice."""


def step(scan: Scan, s: str, x: str) -> list[str]:
    """How the local `s` of a scan changes by an event whose value is `x`."""
    if scan.kind == "fading":
        faded = f"{s} * exp({-log(2.0) / scan.parameter!r} * (f_t - {s}_t))"
        return [f"{s} = {faded} + {x} if {s} else {x}", f"{s}_t = f_t"]
    if scan.kind == "tally":
        return [
            f"{s} = list({s})",
            f"{s}[bisect({scan.edges!r}, {x})] += 1",
            f"{s} = tuple({s})",
        ]
    return [
        {
            "sum": f"{s} += {x}",
            "last": f"{s} = {x}",
            "ewm": f"{s} = {x} if {s} != {s} else {s} + {scan.parameter!r} * ({x} - {s})",
            "run": f"{s} = {s} + 1 if {x} else 0",
            "window": f"{s} = ({s} + ({x},))[{-int(scan.parameter)}:]",
        }[scan.kind]
    ]


def listed(of: Iterable[str]) -> str:
    """Names as the inside of a tuple."""
    return "".join(f"{x}, " for x in of).rstrip(" ")
