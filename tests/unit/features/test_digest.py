"""Does the digest change with what is computed, and with nothing else?"""

from dataclasses import replace

from learnloop.features.definitions import FEATURES
from learnloop.features.digest import digest


def test_it_is_that_of_names_order_and_expressions() -> None:
    a, b, *_ = FEATURES
    assert digest([a, b]) == digest([replace(a, meaning="Said otherwise."), b])
    others = ([a], [b, a], [replace(a, name="other"), b], [replace(a, value=b.value), b])
    assert len({digest([a, b]), *map(digest, others)}) == 5


def test_no_two_features_are_the_same() -> None:
    alike: dict[str, list[str]] = {}
    for x in FEATURES:
        alike.setdefault(digest([replace(x, name="it")]), []).append(x.name)
    assert [names for names in alike.values() if len(names) > 1] == []
