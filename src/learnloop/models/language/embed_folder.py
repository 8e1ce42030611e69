"""What is kept of a fitted embedder? A folder: the graph, the tokenizer, and what vouches for them.

A model file with flipped bits mostly loads, as another model. So `manifest.json` has the sha256 of
the other files and one text with its vector; both are checked whenever the folder is opened. The
digest of the manifest is the embedder's fingerprint.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from learnloop.core.errors import ArtifactError

MANIFEST: Final = "manifest.json"
MODEL: Final = "model.onnx"
TOKENIZER: Final = "tokenizer.json"


class Manifest(BaseModel):
    """What a folder says of itself.

    Attributes:
        id: Name of the embedder.
        dim: Length of a vector.
        max_tokens: Longer texts lose their end; the two marks at the borders count.
        sha256: Of each other file, by name.
        text: An example, ...
        vector: ... and what it becomes, (dim,).
        source: Where the weights came from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["learnloop/embedder"] = "learnloop/embedder"
    format_version: Literal[1] = 1
    id: str
    dim: int
    max_tokens: int
    sha256: dict[str, str]
    text: str
    vector: tuple[float, ...]
    source: str


def write(folder: Path, manifest: Manifest, files: Mapping[str, bytes]) -> Manifest:
    """Make the folder; the manifest comes last, so that half a folder does not open."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)
    for name, blob in files.items():
        (folder / name).write_bytes(blob)
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return manifest


def read(folder: Path) -> tuple[Manifest, str, dict[str, bytes]]:
    """The manifest, its fingerprint, and the bytes of the files, checked.

    Raises:
        ArtifactError: A file is missing, foreign or not what the manifest says.
    """
    try:
        raw = (folder / MANIFEST).read_bytes()
        files = {name: (folder / name).read_bytes() for name in (MODEL, TOKENIZER)}
        manifest = Manifest.model_validate_json(raw)
    except OSError as error:
        raise ArtifactError(f"{error.filename}: {error.strerror}; export the folder anew") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise ArtifactError(f"{folder / MANIFEST}: {first['loc']}: {first['msg']}") from None
    for name, blob in files.items():
        if manifest.sha256.get(name) != sha256(blob):
            raise ArtifactError(f"{folder / name} is not the file that its manifest vouches for")
    return manifest, sha256(raw)[:16], files


def sha256(blob: bytes) -> str:
    """Hexadecimal digest."""
    return hashlib.sha256(blob).hexdigest()
