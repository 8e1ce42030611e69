"""How alike in meaning are texts? A small transformer on ONNX Runtime, without torch.

The text becomes word pieces, the network gives each a vector that knows its neighbours, and their
mean, scaled to length 1, is the text's (mean pooling and scaling are part of the graph).

Texts of like length are read together, so that little is padded; one thread, as in all that serves.

Reference: Reimers and Gurevych (2019), Sentence-BERT; Wang et al. (2020), MiniLM.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from learnloop.core.embedding import Vectors
from learnloop.core.errors import ArtifactError
from learnloop.core.types import Bools
from learnloop.models.language.embed_folder import MODEL, TOKENIZER, Manifest, read
from learnloop.models.runtime import open_session

if TYPE_CHECKING:
    import onnxruntime
    import tokenizers

AT_ONCE = 4  # texts; of more, one core computes fewer per second (docs/models/embedding.md)
INSTALL = "text embeddings need onnxruntime and tokenizers: pip install 'learnloop[embed]'"
CLOSE = 0.999  # cosine to the manifest's vector; other processors differ by far less


class OnnxEmbedder:
    """A transformer that `embed_export` wrote; make one with `load`.

    Stability: experimental.
    """

    def __init__(
        self,
        manifest: Manifest,
        fingerprint: str,
        tokenizer: "tokenizers.Tokenizer",
        session: "onnxruntime.InferenceSession",
    ) -> None:
        self.id, self.dim, self.fingerprint = manifest.id, manifest.dim, fingerprint
        self._tokenizer, self._session = tokenizer, session

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        spoken = {row: text for row, text in enumerate(texts) if text.strip()}
        pieces = self._pieces(list(spoken.values()))
        by_length = sorted(zip(spoken, pieces, strict=True), key=lambda pair: len(pair[1].ids))
        for first in range(0, len(by_length), AT_ONCE):
            part = by_length[first : first + AT_ONCE]
            rows[[row for row, _ in part]] = self._run([found.ids for _, found in part])
        return rows

    def truncated(self, texts: Sequence[str]) -> Bools:
        return np.array([bool(found.overflowing) for found in self._pieces(texts)], dtype=bool)

    def _pieces(self, texts: Sequence[str]) -> list[Any]:
        # Half a surrogate pair is no text; the tokenizer refuses it.
        whole = [text.encode("utf-8", "replace").decode() for text in texts]
        return self._tokenizer.encode_batch(whole)

    def _run(self, ids: Sequence[Sequence[int]]) -> Vectors:
        lengths = np.array([len(own) for own in ids])
        padded = np.zeros((len(ids), lengths.max()), dtype=np.int64)  # (B, T)
        for row, own in enumerate(ids):
            padded[row, : len(own)] = own
        mask = (np.arange(padded.shape[1]) < lengths[:, None]).astype(np.int64)
        found = self._session.run(None, {"input_ids": padded, "attention_mask": mask})
        return np.asarray(found[0], dtype=np.float32)


def load(folder: Path) -> OnnxEmbedder:
    """The embedder that is kept in a folder, checked.

    Raises:
        ArtifactError: The extra `embed` is not installed, a file is missing or not the one that the
            manifest vouches for, or the manifest's example comes out as another vector.
    """
    manifest, fingerprint, files = read(folder)
    embedder = opened(manifest, fingerprint, files)
    said, now = np.array(manifest.vector), embedder.encode([manifest.text])[0]
    if said.shape != now.shape or not float(said @ now) >= CLOSE:
        raise ArtifactError(f"{folder}: the example of the manifest has another vector here")
    return embedder


def opened(manifest: Manifest, fingerprint: str, files: Mapping[str, bytes]) -> OnnxEmbedder:
    """The embedder of the files' bytes, unchecked.

    Raises:
        ArtifactError: The extra `embed` is not installed, or ONNX Runtime refuses the files.
    """
    try:
        import tokenizers  # noqa: PLC0415 - an extra: not everybody has it
    except ImportError:
        raise ArtifactError(INSTALL) from None
    session = open_session(files[MODEL], manifest.id)
    try:
        tokenizer = tokenizers.Tokenizer.from_str(files[TOKENIZER].decode())
    except Exception as error:  # it raises kinds of its own
        raise ArtifactError(f"{manifest.id} can't be opened: {error}") from None
    tokenizer.no_padding()
    tokenizer.enable_truncation(manifest.max_tokens)
    return OnnxEmbedder(manifest, fingerprint, tokenizer, session)
