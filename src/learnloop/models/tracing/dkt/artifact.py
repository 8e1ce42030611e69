"""How is a fitted model kept? As one packed file: `packing` has the form."""

from typing import Any

from learnloop.core.arrays import Arrays
from learnloop.core.errors import ArtifactError
from learnloop.models.tracing.dkt.config import Config
from learnloop.models.tracing.dkt.facts import Facts
from learnloop.models.tracing.dkt.model import FORM, DktModel
from learnloop.models.tracing.dkt.readout import Readout
from learnloop.models.tracing.dkt.spread import Spread
from learnloop.models.tracing.packing import Packed, unpack
from learnloop.models.tracing.sequences import Vocabulary


def packed(
    version: str,
    config: Config,
    graph: tuple[bytes, bytes],
    weights: Arrays,
    vocabulary: Vocabulary,
    facts: Facts,
    spread: Spread,
) -> Packed:
    """All that a model is made of.

    Args:
        graph: The ONNX file and its golden inputs.
    """
    about: dict[str, Any] = {
        "version": version,
        "config": config.model_dump(mode="json"),
        "items": vocabulary.items,
        "skills": vocabulary.skills,
        "facts": {"mu": facts.mu, "skill": facts.skill, "rest": facts.rest, "n": facts.n},
        "spread": {"learner": spread.learner, "item": spread.item},
    }
    return Packed(about, weights, *graph)


def model_of(own: Packed) -> DktModel:
    """The model.

    Raises:
        ArtifactError: A field is missing or garbled, or the graph answers in another way.
    """
    about = own.about
    try:
        vocabulary = Vocabulary(tuple(about["items"]), tuple(about["skills"]))
        spread = Spread(tuple(about["spread"]["learner"]), tuple(about["spread"]["item"]))
        readout = Readout(own.arrays, vocabulary, Facts(**about["facts"]))
        return DktModel(about["version"], own, readout, spread)
    except (KeyError, TypeError, IndexError) as error:
        raise ArtifactError(f"the dkt artifact lacks or garbles a field: {error!r}") from error


def load(artifact: bytes) -> DktModel:
    """The model that `DktModel.export` wrote.

    Raises:
        ArtifactError: The bytes are corrupt, foreign, or of another format version.
    """
    return model_of(unpack(FORM, artifact))
