"""How is a fitted model kept? As JSON with a format name, a version and a hash of what matters.

Floats are written so that they read back bit for bit. A hash guards the body, because a flipped bit
in a digit would otherwise load as another model.
"""

from dataclasses import asdict
from typing import Any

from learnloop.core.errors import ArtifactError
from learnloop.core.sealed import finite, seal, unseal
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
    return seal(FORMAT, FORMAT_VERSION, body)


def from_bytes(artifact: bytes) -> tuple[str, Config, Book]:
    """The version, config and book of an artifact.

    Raises:
        ArtifactError: It is corrupt, foreign, or of another format version.
    """
    body = unseal(artifact, FORMAT, FORMAT_VERSION)
    try:
        book = Book(
            {str(skill): _skill(own) for skill, own in body["skills"].items()},
            _skill(body["population"]),
            {str(item): _pair(own) for item, own in body["items"].items()},
            float(body["item_variance"]),
            LearnerFacts(*finite(body["learner"], 2)),
            Forgetting(*finite(body["forgetting"], 2)),
        )
        return str(body["version"]), Config(**body["config"]), book
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(f"the bkt artifact lacks or garbles a field: {error!r}") from error


def _skill(values: list[Any]) -> SkillFacts:
    prior, learn, guess, gap, forget, source = values
    prior, guess, gap, forget = finite([prior, guess, gap, forget], 4)
    wrong, right, study = finite(learn, 3)
    return SkillFacts(prior, (wrong, right, study), guess, gap, forget, Source(source))


def _pair(values: list[float]) -> tuple[float, float]:
    easiness, variance = finite(values, 2)
    return easiness, variance
