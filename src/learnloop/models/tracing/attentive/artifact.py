"""How is a fitted model kept? As one packed file: `packing` has the form."""

from typing import Any

from learnloop.core.errors import ArtifactError
from learnloop.models.tracing.attentive.config import Config
from learnloop.models.tracing.attentive.items import ItemBook
from learnloop.models.tracing.attentive.linear import Link
from learnloop.models.tracing.attentive.model import FORM, AttentiveModel
from learnloop.models.tracing.packing import Packed, unpack


def packed(
    version: str, config: Config, graph: tuple[bytes, bytes], book: ItemBook, link: Link
) -> Packed:
    """All that a model is made of.

    Args:
        graph: The ONNX file and its golden inputs.
    """
    about: dict[str, Any] = {
        "version": version,
        "config": config.model_dump(mode="json"),
        "mu": book.mu,
        "skills": {name: list(own) for name, own in book.skills.items()},
        "items": {name: list(own) for name, own in book.items.items()},
        "link": list(link),
    }
    return Packed(about, {}, *graph)


def model_of(own: Packed) -> AttentiveModel:
    """The model.

    Raises:
        ArtifactError: A field is missing or garbled, or the graph answers in another way.
    """
    about = own.about
    try:
        skills = {name: (int(code), float(x)) for name, (code, x) in about["skills"].items()}
        items = {name: (int(c), float(x), float(n)) for name, (c, x, n) in about["items"].items()}
        book, link = ItemBook(float(about["mu"]), skills, items), Link(*map(float, about["link"]))
        config, version = Config(**about["config"]), str(about["version"])
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(
            f"the attentive artifact lacks or garbles a field: {error!r}"
        ) from error
    return AttentiveModel(version, own, book, link, config.length)


def load(artifact: bytes) -> AttentiveModel:
    """The model that `AttentiveModel.export` wrote.

    Raises:
        ArtifactError: The bytes are corrupt, foreign, or of another format version.
    """
    return model_of(unpack(FORM, artifact))
