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
from learnloop.models.tracing.bkt.book import Book, Forgetting, LearnerFacts, SkillFacts, Source
from learnloop.models.tracing.bkt.config import Config

FORMAT = "learnloop/bkt"
FORMAT_VERSION = 1


def to_bytes(version: str, config: Config, book: Book) -> bytes:
    """The artifact of a model."""
    body = {
        "version": version,
        "config": asdict(config),
        "skills": dict(book.skills),
        "population": book.population,
        "items": dict(book.items),
        "item_variance": book.item_variance,
        "learner": book.learner,
        "forgetting": book.forgetting,
    }
    text = json.dumps(body, allow_nan=False)
    head = {"format": FORMAT, "format_version": FORMAT_VERSION, "sha256": _hash(text)}
    return json.dumps({**head, "body": text}).encode()


def from_bytes(artifact: bytes) -> tuple[str, Config, Book]:
    """The version, config and book of an artifact.

    Raises:
        ArtifactError: It is corrupt, foreign, or of another format version.
    """
    body = _body(artifact)
    try:
        book = Book(
            {str(skill): _skill(own) for skill, own in body["skills"].items()},
            _skill(body["population"]),
            {str(item): _pair(own) for item, own in body["items"].items()},
            float(body["item_variance"]),
            LearnerFacts(*_floats(body["learner"], 2)),
            Forgetting(*_floats(body["forgetting"], 2)),
        )
        return str(body["version"]), Config(**body["config"]), book
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(f"the bkt artifact lacks or garbles a field: {error!r}") from error


def _body(artifact: bytes) -> dict[str, Any]:
    try:
        outer = json.loads(artifact)
        found, version = outer["format"], outer["format_version"]
        text, digest = outer["body"], outer["sha256"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ArtifactError("not a bkt artifact: no JSON object of this format") from error
    if found != FORMAT or version != FORMAT_VERSION:
        raise ArtifactError(
            f"artifact of format {found!r} {version!r}; this release reads {FORMAT!r} "
            f"{FORMAT_VERSION}: fit the model again"
        )
    if not isinstance(text, str) or _hash(text) != digest:
        raise ArtifactError("the bkt artifact is corrupt: its hash does not match its body")
    body = json.loads(text)
    if not isinstance(body, dict):
        raise ArtifactError("the bkt artifact holds no JSON object")
    return body


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _skill(values: list[Any]) -> SkillFacts:
    prior, learn, guess, gap, forget, source = values
    prior, guess, gap, forget = _floats([prior, guess, gap, forget], 4)
    wrong, right, study = _floats(learn, 3)
    return SkillFacts(prior, (wrong, right, study), guess, gap, forget, Source(source))


def _pair(values: list[float]) -> tuple[float, float]:
    easiness, variance = _floats(values, 2)
    return easiness, variance


def _floats(values: list[float], n: int) -> tuple[float, ...]:
    if len(values) != n or not all(isfinite(x) for x in values):
        raise ValueError(f"expected {n} finite numbers, found {len(values)}")
    return tuple(map(float, values))
