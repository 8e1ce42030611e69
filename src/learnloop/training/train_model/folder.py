"""What is written of a fitted model? An artifact's folder, and pictures beside its files.

The folder appears whole or not at all: a process that is killed leaves at most a hidden folder,
`.training-...`, beside it.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from learnloop.core.artifact import Artifact
from learnloop.core.errors import ArtifactError, InvalidInput


def require_new(folder: Path) -> None:
    """Refuse to begin what could not be written in the end.

    Raises:
        InvalidInput: There is something of that name.
    """
    if folder.exists():
        raise InvalidInput(f"out: {folder} exists already; name a new folder", field="out")


def write(artifact: Artifact, pictures: Mapping[str, bytes], folder: Path) -> None:
    """Write an artifact, and pictures beside it, which its manifest does not name.

    Raises:
        InvalidInput: There is something of that name.
        ArtifactError: The files can't be written, e.g. on a full disk.
    """
    require_new(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".training-") as made:
            staged = Path(made) / "artifact"
            artifact.write(staged)
            for name, picture in pictures.items():
                (staged / name).write_bytes(picture)
            staged.rename(folder)
    except OSError as error:
        raise ArtifactError(f"{folder}: can't be written ({error.strerror})") from error
