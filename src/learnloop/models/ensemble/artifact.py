"""How is an ensemble kept? As one npz: what every member exports, and the weights, hashed."""

import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from learnloop.core.arrays import from_bytes as arrays_of
from learnloop.core.arrays import to_bytes as bytes_of
from learnloop.core.errors import ArtifactError
from learnloop.models.ensemble.members import MEMBERS, Member
from learnloop.models.ensemble.stack import Stack
from learnloop.models.train.weights import digest

FORM: Final = "learnloop/ensemble/1"
ABOUT: Final = "about.json"
SHA256: Final = "sha256"
MEMBER: Final = "member/"


def to_bytes(version: str, members: Sequence[Member[Any]], stack: Stack) -> bytes:
    """The artifact of a model."""
    about = {
        "form": FORM,
        "version": version,
        "members": [member.ref.name for member in members],
        "bias": stack.bias,
        "weights": list(stack.weights),
    }
    arrays = {f"{MEMBER}{x.ref.name}": np.frombuffer(x.export(), np.uint8) for x in members}
    arrays[ABOUT] = np.frombuffer(json.dumps(about, allow_nan=False).encode(), np.uint8)
    return bytes_of({**arrays, SHA256: np.frombuffer(digest(arrays).encode(), np.uint8)})


def from_bytes(artifact: bytes) -> tuple[str, tuple[Member[Any], ...], Stack]:
    """The version, members and weights of an artifact.

    Raises:
        ArtifactError: It is corrupt, foreign, or of another form; or a member can't be loaded, for
            which most need onnxruntime.
    """
    arrays = arrays_of(artifact)
    try:
        whole = arrays.pop(SHA256).tobytes() == digest(arrays).encode()
        about = json.loads(arrays[ABOUT].tobytes()) if whole else {"form": "of other bytes"}
        if about["form"] != FORM:
            raise ArtifactError(
                f"the ensemble is corrupt, or of another release ({about['form']}; this one reads "
                f"{FORM}): fit the model again"
            )
        stack = Stack(float(about["bias"]), tuple(map(float, about["weights"])))
        files = {name: arrays[f"{MEMBER}{name}"].tobytes() for name in about["members"]}
        version = str(about["version"])
    except (KeyError, ValueError, TypeError) as error:
        raise ArtifactError(f"not an artifact of {FORM}: {error!r}") from None
    return version, tuple(MEMBERS[name].load(own) for name, own in files.items()), stack
