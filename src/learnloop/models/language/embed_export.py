"""Where does the folder of a text embedder come from? From a BERT's published weights.

    python -m learnloop.models.language.embed_export SOURCE TARGET

reads `config.json`, `model.safetensors` and `tokenizer.json` of SOURCE and writes TARGET, which
`embed_onnx.load` opens. Neither torch nor transformers is needed; `onnx` is, here only.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from learnloop.core.embedding import Vectors
from learnloop.core.errors import ArtifactError
from learnloop.models.language.embed_folder import MODEL, TOKENIZER, Manifest, sha256, write
from learnloop.models.language.embed_graph import graph
from learnloop.models.language.embed_onnx import opened

EXAMPLE = "What is the slope of the line y = 3x + 2?"
KNOWN = {
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db": "all-MiniLM-L6-v2",
}
"""Weights that were compared with their publisher's library, by sha256 of `model.safetensors`."""


def export(source: Path, target: Path, *, name: str, max_tokens: int = 256) -> Manifest:
    """Write the folder of an embedder.

    Args:
        source: Has `config.json`, `model.safetensors` and `tokenizer.json`.
        target: Made where it is missing.
        name: The embedder's id.
        max_tokens: Longer texts lose their end.

    Raises:
        ArtifactError: A file is missing, can't be read, or is not that of a BERT, or that BERT has
            fewer places than `max_tokens`.
    """
    try:
        config = json.loads((source / "config.json").read_bytes())
        weights = (source / "model.safetensors").read_bytes()
        model = graph(config, tensors(weights), max_tokens).SerializeToString()
        files = {MODEL: model, TOKENIZER: (source / TOKENIZER).read_bytes()}
    except OSError as error:
        raise ArtifactError(f"{error.filename}: {error.strerror}") from None
    except (KeyError, ValueError) as error:
        raise ArtifactError(f"{source} is not the folder of a BERT: {error}") from None
    digest = sha256(weights)
    manifest = Manifest(
        id=name,
        dim=config["hidden_size"],
        max_tokens=max_tokens,
        sha256={file: sha256(blob) for file, blob in files.items()},
        text=EXAMPLE,
        vector=(),
        source=f"{KNOWN.get(digest, 'unknown weights')}, sha256 {digest}",
    )
    vector = opened(manifest, "", files).encode([EXAMPLE])[0]
    said = tuple(round(float(x), 6) for x in vector)
    return write(target, manifest.model_copy(update={"vector": said}), files)


def tensors(blob: bytes) -> dict[str, Vectors]:
    """The float32 tensors of a safetensors file, by name.

    Raises:
        ValueError: It is something else.

    Reference: the safetensors format: length of the head, the head as JSON, the numbers.
    """
    n = int.from_bytes(blob[:8], "little")
    head = json.loads(blob[8 : 8 + n])
    found = {}
    for name, about in head.items():
        if about.get("dtype") == "F32":
            first, last = about["data_offsets"]
            flat = np.frombuffer(blob[8 + n + first : 8 + n + last], dtype="<f4")
            found[name] = flat.reshape(about["shape"]).astype(np.float32)
    return found


def main() -> None:
    """Export from the command line."""
    parser = argparse.ArgumentParser(description="Write the folder of a text embedder.")
    parser.add_argument("source", type=Path, help="config.json, model.safetensors, tokenizer.json")
    parser.add_argument("target", type=Path, help="the folder to write")
    parser.add_argument("--name", default="minilm-l6", help="the embedder's id")
    parser.add_argument("--max-tokens", type=int, default=256, help="longer texts lose their end")
    given = parser.parse_args()
    try:
        export(given.source, given.target, name=given.name, max_tokens=given.max_tokens)
    except ArtifactError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
