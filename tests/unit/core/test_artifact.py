"""Is a model that was changed anywhere refused, and one that was not the same again?"""

import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.artifact import MANIFEST, Artifact, Manifest, TensorSpec
from learnloop.core.errors import ArtifactError, InvalidInput
from learnloop.core.types import Ref

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
FILES = {"model.onnx": bytes(range(64)), "CARD.md": b"# A model"}


def an_artifact(**about: object) -> Artifact:
    inputs = (TensorSpec("features", "float32", (None, 3), unknown=True),)
    outputs = (TensorSpec("p_correct", "float32", (None,)),)
    return Artifact.build(
        Ref("net", "1"),
        "net",
        NOON,
        FILES,
        **{
            "inputs": inputs,
            "outputs": outputs,
            "features": "features@1",
            "config": {"width": 64, "deep": [1, 2]},
            "metrics": {"auc": (0.7, 0.6, 0.8)},
            "parent": Ref("net", "0"),
            **about,
        },
    )


def test_a_written_artifact_is_read_back_the_same(tmp_path: Path) -> None:
    artifact = an_artifact()
    artifact.write(tmp_path / "made" / "net")
    found = Artifact.read(tmp_path / "made" / "net")
    assert found == artifact
    assert found.sha256 == artifact.sha256
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["net"]


def test_a_folder_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    an_artifact().write(tmp_path / "net")
    with pytest.raises(ArtifactError, match="can't be written"):
        an_artifact(config={}).write(tmp_path / "net")
    assert Artifact.read(tmp_path / "net") == an_artifact()


@given(name=st.sampled_from(sorted(FILES)), bit=st.integers(0, 64 * 8 - 1))
def test_every_flipped_bit_of_a_file_is_refused(name: str, bit: int) -> None:
    artifact = an_artifact()
    data = bytearray(FILES[name])
    bit %= len(data) * 8
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ArtifactError, match=name):
        replace(artifact, files={**artifact.files, name: bytes(data)}).checked()


@given(length=st.integers(0, 63))
def test_every_truncation_is_refused(length: int) -> None:
    artifact = an_artifact()
    short = {**artifact.files, "model.onnx": FILES["model.onnx"][:length]}
    with pytest.raises(ArtifactError, match=rf"model.onnx.*{length} of 64"):
        replace(artifact, files=short).checked()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    an_artifact().write(tmp_path / "net")
    (tmp_path / "net" / "CARD.md").unlink()
    with pytest.raises(ArtifactError, match=r"CARD\.md"):
        Artifact.read(tmp_path / "net")
    with pytest.raises(ArtifactError, match="no weights"):
        an_artifact().file("weights.npz")


@pytest.mark.parametrize("name", ["../x", "/x", ".hidden", "a/b", "", MANIFEST, "a\n"])
def test_a_file_name_that_leaves_the_folder_is_refused(name: str) -> None:
    body = json.loads(an_artifact().manifest.encode())
    body["files"] = {name: {"sha256": "0", "size": 1}}
    with pytest.raises(ArtifactError, match="garbles"):
        Manifest.decode(json.dumps(body).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'{"format": 1}', b"\xff"])
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(ArtifactError, match="manifest"):
        Manifest.decode(data)


def test_a_manifest_of_another_format_says_what_to_do() -> None:
    body = json.loads(an_artifact().manifest.encode()) | {"format_version": 2}
    with pytest.raises(ArtifactError, match="train the model again"):
        Manifest.decode(json.dumps(body).encode())


@given(field=st.sampled_from(["ref", "created_at", "files", "inputs", "metrics", "kind"]))
def test_a_manifest_without_a_field_is_refused(field: str) -> None:
    body = json.loads(an_artifact().manifest.encode())
    del body[field]
    with pytest.raises(ArtifactError, match="lacks or garbles"):
        Manifest.decode(json.dumps(body).encode())


def test_a_manifest_holds_plain_json_only() -> None:
    with pytest.raises(ArtifactError, match="plain JSON"):
        an_artifact(config={"x": object()}).manifest.encode()
    with pytest.raises(ArtifactError, match="plain JSON"):
        an_artifact(metrics={"auc": (math.nan, 0.0, 0.0)}).manifest.encode()


# --- what a model takes -------------------------------------------------------------------------

FEATURES = TensorSpec("features", "float32", (None, 3))


def test_numbers_become_an_array_of_the_dtype() -> None:
    found = FEATURES.checked([[1, 2.5, 3]])
    assert found.dtype == np.float32
    assert found.tolist() == [[1.0, 2.5, 3.0]]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([1, 2, 3], r"shape \[3\], not \[n, 3\]"),
        ([[1, 2]], r"shape \[1, 2\], not \[n, 3\]"),
        ([[1, 2, 3], [1]], "give numbers of shape"),
        ([["1", "2", "3"]], "give numbers"),
        ([[None, 1, 2]], "give numbers"),
        ("text", "give numbers"),
        ({}, "give numbers"),
        (None, "give numbers"),
        ([[1, 2, math.nan]], "NaN"),
        ([[1, 2, 1e39]], "infinity"),
        ([[10**400, 2, 3]], "give numbers"),
    ],
)
def test_what_a_model_can_not_take_is_refused_by_name(value: object, why: str) -> None:
    with pytest.raises(InvalidInput, match=f"features: .*{why}") as refused:
        FEATURES.checked(value)
    assert refused.value.field == "features"


def test_unknown_values_pass_where_the_model_knows_them() -> None:
    spec = replace(FEATURES, unknown=True)
    assert np.isnan(spec.checked([[None, 1, 2]])[0, 0])
    assert np.isnan(spec.checked(np.array([[math.nan, 1, 2]], dtype=np.float32))[0, 0])
    with pytest.raises(InvalidInput, match="infinity"):
        spec.checked([[math.inf, 1, 2]])
    for strange in ("a", "1.5", True, [1.0], {}):
        with pytest.raises(InvalidInput, match="give numbers"):
            spec.checked([[strange, None, 2]])


def test_whole_numbers_are_not_rounded() -> None:
    spec = TensorSpec("items", "int64", (None,))
    assert spec.checked([1, 2.0]).tolist() == [1, 2]
    with pytest.raises(InvalidInput, match="whole numbers"):
        spec.checked([1.5])
