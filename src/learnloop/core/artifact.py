"""What is a fitted model, as files? A manifest that vouches for every other file by its hash.

    manifest.json   who the model is, what it takes and gives, what it was made from, how it did
    model.onnx      the network or trees (or `model.json` for a closed-form model)
    golden.npz      inputs and the outputs that the trained model gave for them
    weights.npz     where training can go on from
    baseline.json   what its training data looked like
    CARD.md         the model card, for people

The hash of the manifest stands for the whole: two artifacts with the same digest are the same
model. Hashes are checked before anything is parsed, because a model file can be wrong and still
load. There is no pickle: nothing in an artifact is code.
"""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from learnloop.core.errors import ArtifactError, InvalidInput
from learnloop.core.time import to_utc
from learnloop.core.types import Ref

MANIFEST: Final = "manifest.json"
FORMAT: Final = "learnloop/artifact"
FORMAT_VERSION: Final = 1

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_NUMBERS: Final = frozenset({int, float})
_NUMBERS_OR_NONE: Final = _NUMBERS | {type(None)}
_KINDS: Final = {"f": "numbers", "i": "whole numbers", "b": "true or false"}


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One array that a model takes or gives.

    Attributes:
        dtype: numpy's name, e.g. `float32`, `int64`.
        shape: None where any length is taken; the first axis is the batch.
        unknown: Whether a value may be unknown: NaN, in JSON null.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    unknown: bool = False

    def checked(self, value: object) -> NDArray[Any]:
        """The value as an array of this dtype and shape.

        Raises:
            InvalidInput: It has another shape, holds something else, or is not finite.
        """
        wanted = np.dtype(self.dtype)
        try:
            if wanted.kind == "f" and isinstance(value, list):
                found = self._of_lists(value)
            else:
                found = np.asarray(value)
            if found.dtype != wanted:
                if found.size and (found.dtype.kind not in "fiub" or _loses(found, wanted)):
                    raise TypeError
                with np.errstate(over="ignore"):  # infinity is refused below
                    found = found.astype(wanted)
        except (TypeError, ValueError, OverflowError):
            what = _KINDS.get(wanted.kind, wanted.name)
            raise InvalidInput(
                f"{self.name}: give {what} of shape {self.text}", field=self.name
            ) from None
        fits = found.ndim == len(self.shape) and all(
            own is None or own == n for own, n in zip(self.shape, found.shape, strict=True)
        )
        if not fits:
            raise InvalidInput(
                f"{self.name}: has shape {list(found.shape)}, not {self.text}", field=self.name
            )
        if wanted.kind == "f" and not self._finite(found):
            what = "infinity" if self.unknown else "NaN or infinity"
            raise InvalidInput(f"{self.name}: holds {what}", field=self.name)
        return found

    def _of_lists(self, value: list[Any]) -> NDArray[np.float64]:
        """Numbers as JSON has them; numpy alone would take text for numbers, too.

        Raises:
            TypeError: It holds something else.
        """
        if not _types(value) <= (_NUMBERS_OR_NONE if self.unknown else _NUMBERS):
            raise TypeError
        return np.array(value, dtype=np.float64)

    def _finite(self, found: NDArray[Any]) -> bool:
        return not np.isinf(found).any() if self.unknown else bool(np.isfinite(found).all())

    @property
    def text(self) -> str:
        """The shape, e.g. `[n, 236]`."""
        return "[" + ", ".join("n" if own is None else str(own) for own in self.shape) + "]"


def _types(value: list[Any]) -> set[type]:
    """Of all that is in lists in lists."""
    found: set[type] = set(map(type, value))
    if list in found:
        found.discard(list)
        for part in value:
            if type(part) is list:
                found |= _types(part)
    return found


def _loses(found: NDArray[Any], wanted: np.dtype[Any]) -> bool:
    return wanted.kind in "iu" and found.dtype.kind == "f" and bool((found % 1 != 0).any())


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file that a manifest vouches for."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """Who a model is, and what it was made from.

    Attributes:
        kind: Which module of `models.index` reads the files.
        features: Version of the features that it takes; None if it takes none.
        snapshot: Which training data it was fitted on.
        parent: The version that training went on from.
        config: The model's configuration, as plain JSON values.
        metrics: Point, low and high (95%) of what it reached.
        libraries: Versions of what made it.
    """

    ref: Ref
    kind: str
    created_at: datetime
    files: Mapping[str, FileEntry]
    inputs: tuple[TensorSpec, ...] = ()
    outputs: tuple[TensorSpec, ...] = ()
    features: str | None = None
    snapshot: str | None = None
    parent: Ref | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        """JSON, the same bytes for the same manifest."""
        body = asdict(self)
        body["ref"], body["created_at"] = str(self.ref), self.created_at.isoformat()
        body["parent"] = None if self.parent is None else str(self.parent)
        head = {"format": FORMAT, "format_version": FORMAT_VERSION}
        try:
            return json.dumps(head | body, allow_nan=False, sort_keys=True, indent=1).encode()
        except (TypeError, ValueError) as error:
            raise ArtifactError(f"{self.ref}: the manifest holds no plain JSON: {error}") from None

    @classmethod
    def decode(cls, data: bytes) -> "Manifest":
        """The manifest of these bytes.

        Raises:
            ArtifactError: They are no manifest of this version.
        """
        try:
            body = json.loads(data)
            found = body.pop("format"), body.pop("format_version")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ArtifactError("not a manifest: no JSON object with a format") from None
        if found != (FORMAT, FORMAT_VERSION):
            raise ArtifactError(
                f"artifact of format {found[0]!r} {found[1]!r}; this release reads {FORMAT!r} "
                f"{FORMAT_VERSION}: train the model again"
            )
        try:
            return _manifest(body)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtifactError(f"the manifest lacks or garbles a field: {error!r}") from None


def _manifest(body: dict[str, Any]) -> Manifest:
    parent = body.pop("parent")
    return Manifest(
        ref=Ref.parse(body.pop("ref")),
        created_at=to_utc(datetime.fromisoformat(body.pop("created_at"))),
        parent=None if parent is None else Ref.parse(parent),
        files={_plain(name): FileEntry(**entry) for name, entry in body.pop("files").items()},
        inputs=_specs(body.pop("inputs")),
        outputs=_specs(body.pop("outputs")),
        metrics={m: (float(x), float(a), float(b)) for m, (x, a, b) in body.pop("metrics").items()},
        **body,
    )


def _specs(rows: list[dict[str, Any]]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(**{**row, "shape": tuple(row["shape"])}) for row in rows)


def _plain(name: str) -> str:
    if name == MANIFEST or not _FILE_NAME.fullmatch(name):
        raise ValueError(f"file name {name!r}")
    return name


@dataclass(frozen=True, slots=True)
class Artifact:
    """A manifest and the files that it vouches for; make one with `build`."""

    manifest: Manifest
    files: Mapping[str, bytes]

    @property
    def ref(self) -> Ref:
        """Which version of which model it is."""
        return self.manifest.ref

    @property
    def sha256(self) -> str:
        """Of the manifest, which holds the hashes of the files: it stands for the whole."""
        return digest(self.manifest.encode())

    @classmethod
    def build(
        cls,
        ref: Ref,
        kind: str,
        created_at: datetime,
        files: Mapping[str, bytes],
        **about: Any,
    ) -> "Artifact":
        """An artifact of these files; `about` are further fields of the manifest."""
        entries = {_plain(name): FileEntry(digest(data), len(data)) for name, data in files.items()}
        return cls(Manifest(ref, kind, created_at, entries, **about), dict(files))

    def with_files(self, more: Mapping[str, bytes], **about: Any) -> "Artifact":
        """The same version with more files, and with more said about it in its manifest."""
        old = self.manifest
        made = Artifact.build(old.ref, old.kind, old.created_at, {**self.files, **more})
        return Artifact(replace(old, files=made.manifest.files, **about), made.files)

    def checked(self) -> "Artifact":
        """Itself, when every file is the one that the manifest vouches for.

        Raises:
            ArtifactError: A file is missing, cut off, or another one.
        """
        for name, entry in self.manifest.files.items():
            data = self.files.get(name)
            if data is None:
                raise ArtifactError(f"{self.ref}: {name} is missing")
            if len(data) != entry.size or digest(data) != entry.sha256:
                raise ArtifactError(
                    f"{self.ref}: {name} is corrupt ({len(data)} of {entry.size} bytes, or other "
                    "ones); get it again, or roll back"
                )
        return self

    def file(self, name: str) -> bytes:
        """One file.

        Raises:
            ArtifactError: The artifact has no such file.
        """
        data = self.files.get(name)
        if data is None:
            raise ArtifactError(f"{self.ref}: the artifact has no {name}")
        return data

    def write(self, folder: Path) -> None:
        """Write all files into a new folder, which appears whole or not at all.

        Raises:
            ArtifactError: The folder exists, or the files can't be written (a full disk).
        """
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".writing-") as made:
                staged = Path(made) / "artifact"
                staged.mkdir()
                for name, data in {**self.files, MANIFEST: self.manifest.encode()}.items():
                    with (staged / name).open("xb") as file:
                        file.write(data)
                        file.flush()
                        os.fsync(file.fileno())
                staged.rename(folder)
        except OSError as error:
            raise ArtifactError(f"{folder}: can't be written ({error.strerror})") from error

    @classmethod
    def read(cls, folder: Path) -> "Artifact":
        """The artifact in a folder, checked.

        Raises:
            ArtifactError: It is missing, corrupt, or of another version.
        """
        try:
            manifest = Manifest.decode((folder / MANIFEST).read_bytes())
            files = {name: (folder / name).read_bytes() for name in manifest.files}
        except OSError as error:
            raise ArtifactError(f"{folder}: {error.filename}: {error.strerror}") from error
        return cls(manifest, files).checked()


def digest(data: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(data).hexdigest()
