"""Which settings does a model have, and which does a text such as `epochs=20` ask for?

A value is read as JSON where it is JSON (`0.01`, `true`, `[64, 32]`), and as text where it is not.
The choices of a module's SPACE are read in the same way: `Choice(("[32]", "[64, 32]"))`.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from learnloop.core.errors import InvalidInput
from learnloop.core.search_space import Space
from learnloop.models.index import MODELS, PREDICTORS

Values = Mapping[str, Any]


def module_of(model: str) -> Any:
    """The module of that name.

    Raises:
        InvalidInput: There is none.
    """
    modules: Mapping[str, Any] = {**MODELS, **PREDICTORS}
    if model not in modules:
        names = ", ".join(modules)
        raise InvalidInput(f"model: there is no {model!r}; there are {names}", field="model")
    return modules[model]


def pairs(texts: Sequence[str]) -> Values:
    """`KEY=VALUE` texts as values by key.

    Raises:
        InvalidInput: One is no such pair, or a key comes twice.
    """
    found: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key and equals) or key in found:
            why = "comes twice" if key in found else "is no KEY=VALUE, such as epochs=20"
            raise InvalidInput(f"set: {text!r} {why}", field="set")
        found[key] = value
    return found


def config_of(model: str, values: Values) -> Any:
    """The model's Config with these values, the others being the defaults.

    Args:
        model: Its name.
        values: By field; texts are read.

    Raises:
        InvalidInput: There is no such model or field, or a value is none of the field's.
    """
    kind = module_of(model).Config
    defaults = values_of(kind())
    for name in values:
        if name not in defaults:
            fields = ", ".join(f"{key} ({json.dumps(own)})" for key, own in defaults.items())
            raise InvalidInput(f"set: {model} has no {name!r}; there are: {fields}", field="set")
    try:
        config = TypeAdapter(kind).validate_python({k: _read(v) for k, v in values.items()})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise InvalidInput(f"set: {name}={values.get(name)}: {first['msg']}", field="set") from None
    for name, value in values_of(config).items():
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidInput(f"set: {name}={values.get(name)} is no number", field="set")
    return config


def values_of(config: Any) -> Values:
    """A Config as plain JSON values."""
    found: dict[str, Any] = TypeAdapter(type(config)).dump_python(config, mode="json")
    return found


def space_of(model: str, fixed: Values) -> Space:
    """What a search may try: the module's SPACE, without what is set.

    Raises:
        InvalidInput: The model has none, or nothing of it is left.
    """
    space: Space = getattr(module_of(model), "SPACE", {})
    left = {name: own for name, own in space.items() if name not in fixed}
    if not left:
        why = "everything that could be tried is set" if space else "it has no SPACE of settings"
        raise InvalidInput(f"trials: {model} can't be tuned: {why}", field="trials")
    return left


def _read(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
