"""What does a feature depend on? Read off its expression.

`asks` says what a question has to bring: a feature of the learner alone asks nothing and changes
only when an event comes in; one that asks for `t` changes while time passes.
"""

from collections.abc import Iterator

from learnloop.features.language import Expr, Field, Op, Scan


def asks(value: Expr) -> frozenset[str]:
    """The fields of the question that the value depends on; `skill` and `item` for keyed scans."""
    return frozenset(_asks(value))


def _asks(x: Expr) -> Iterator[str]:
    if isinstance(x, Field):
        yield x.name
    elif isinstance(x, Op):
        for arg in x.args:
            yield from _asks(arg)
    elif isinstance(x, Scan):
        if x.by != "learner":
            yield x.by
        if x.kind == "fading":
            yield "t"


def is_steady(value: Expr) -> bool:
    """True where only the learner's next event can change it: it may be kept and looked up."""
    return not asks(value)
