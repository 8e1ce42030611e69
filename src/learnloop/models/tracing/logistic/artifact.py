"""How is a fitted model kept? As JSON with a format name, a version and a hash of what matters.

Floats are written so that they read back bit for bit. A hash guards the body, because a flipped bit
in a digit would otherwise load as another model.
"""

import hashlib
import json
from dataclasses import asdict
from math import isfinite
from typing import Any

from learnloop.core.errors import ArtifactError
from learnloop.models.tracing.logistic.config import Config
from learnloop.models.tracing.logistic.record import RECORD
from learnloop.models.tracing.logistic.weights import Level, Row, Weights
from learnloop.models.tracing.logistic.windows import Windows

FORMAT = "learnloop/logistic"
FORMAT_VERSION = 1


def to_bytes(version: str, config: Config, weights: Weights) -> bytes:
    """The artifact of a model."""
    body = {"version": version, "config": asdict(config), "weights": asdict(weights)}
    text = json.dumps(body, allow_nan=False)
    head = {"format": FORMAT, "format_version": FORMAT_VERSION, "sha256": _hash(text)}
    return json.dumps({**head, "body": text}).encode()


def from_bytes(artifact: bytes) -> tuple[str, Config, Weights]:
    """The version, config and weights of an artifact.

    Raises:
        ArtifactError: It is corrupt, foreign, or of another format version.
    """
    body = _body(artifact)
    try:
        config: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in body["config"].items()
        }
        return str(body["version"]), Config(**config), _weights(body["weights"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(f"the logistic artifact lacks or garbles a field: {error!r}") from error


def _weights(given: dict[str, Any]) -> Weights:
    rates, keeps = given["windows"]
    windows = Windows(_row(rates, len(rates)), _row(keeps, len(keeps)))
    width = windows.width
    bias, learner, skill, skills = given["level"]
    return Weights(
        windows,
        _row([given["bias"]], 1)[0],
        _row(given["learner"], width),
        _row(given["shared"], width),
        _row(given["record"], len(RECORD) if given["record"] else 0),
        {str(s): _row(x, 1 + width) for s, x in given["skills"].items()},
        {str(i): _two(x) for i, x in given["items"].items()},
        float(given["item_variance"]),
        Level(
            _row([bias], 1)[0],
            _row(learner, width),
            _row(skill, width),
            {str(s): _row([x], 1)[0] for s, x in skills.items()},
        ),
    )


def _body(artifact: bytes) -> dict[str, Any]:
    try:
        outer = json.loads(artifact)
        found, version = outer["format"], outer["format_version"]
        text, digest = outer["body"], outer["sha256"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ArtifactError("not a logistic artifact: no JSON object of this format") from error
    if found != FORMAT or version != FORMAT_VERSION:
        raise ArtifactError(
            f"artifact of format {found!r} {version!r}; this release reads {FORMAT!r} "
            f"{FORMAT_VERSION}: fit the model again"
        )
    if not isinstance(text, str) or _hash(text) != digest:
        raise ArtifactError("the logistic artifact is corrupt: its hash does not match its body")
    body = json.loads(text)
    if not isinstance(body, dict):
        raise ArtifactError("the logistic artifact has no body: fit the model again")
    return body


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _two(values: list[float]) -> tuple[float, float]:
    a, b = _row(values, 2)
    return a, b


def _row(values: list[float], n: int) -> Row:
    if len(values) != n or not all(isfinite(x) for x in values):
        raise ValueError(f"expected {n} finite numbers, found {len(values)}")
    return tuple(map(float, values))
