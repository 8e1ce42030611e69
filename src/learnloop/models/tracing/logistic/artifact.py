"""How is a fitted model kept? As JSON with a format name, a version and a hash of what matters.

Floats are written so that they read back bit for bit. A hash guards the body, because a flipped bit
in a digit would otherwise load as another model.
"""

from dataclasses import asdict
from typing import Any

from learnloop.core.errors import ArtifactError
from learnloop.core.sealed import finite, seal, unseal
from learnloop.models.tracing.logistic.config import Config
from learnloop.models.tracing.logistic.record import RECORD
from learnloop.models.tracing.logistic.weights import Level, Weights
from learnloop.models.tracing.logistic.windows import Windows

FORMAT = "learnloop/logistic"
FORMAT_VERSION = 1


def to_bytes(version: str, config: Config, weights: Weights) -> bytes:
    """The artifact of a model."""
    body = {"version": version, "config": asdict(config), "weights": asdict(weights)}
    return seal(FORMAT, FORMAT_VERSION, body)


def from_bytes(artifact: bytes) -> tuple[str, Config, Weights]:
    """The version, config and weights of an artifact.

    Raises:
        ArtifactError: It is corrupt, foreign, or of another format version.
    """
    body = unseal(artifact, FORMAT, FORMAT_VERSION)
    try:
        config: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in body["config"].items()
        }
        return str(body["version"]), Config(**config), _weights(body["weights"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(f"the logistic artifact lacks or garbles a field: {error!r}") from error


def _weights(given: dict[str, Any]) -> Weights:
    rates, keeps = given["windows"]
    windows = Windows(finite(rates, len(rates)), finite(keeps, len(keeps)))
    width = windows.width
    bias, learner, skill, skills = given["level"]
    return Weights(
        windows,
        finite([given["bias"]], 1)[0],
        finite(given["learner"], width),
        finite(given["shared"], width),
        finite(given["record"], len(RECORD) if given["record"] else 0),
        {str(s): finite(x, 1 + width) for s, x in given["skills"].items()},
        {str(i): _two(x) for i, x in given["items"].items()},
        float(given["item_variance"]),
        Level(
            finite([bias], 1)[0],
            finite(learner, width),
            finite(skill, width),
            {str(s): finite([x], 1)[0] for s, x in skills.items()},
        ),
    )


def _two(values: list[float]) -> tuple[float, float]:
    a, b = finite(values, 2)
    return a, b
