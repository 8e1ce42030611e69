"""Does the exported graph compute what the paper says, and is a damaged folder refused?"""

import builtins
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.models.tiny_bert import (
    CONFIG,
    HIDDEN,
    VOCABULARY,
    forward,
    weights,
    write_tiny_bert,
)

from learnloop.core.errors import ArtifactError

pytest.importorskip("onnxruntime", reason="needs the extra `embed`")
pytest.importorskip("onnx", reason="needs onnx to write a model")

from learnloop.models.language import embed_export, embed_onnx


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    write_tiny_bert(folder)
    return folder


@pytest.fixture(scope="module")
def exported(source: Path) -> Path:
    target = source / "exported"
    embed_export.export(source, target, name="tiny", max_tokens=64)
    return target


@pytest.fixture
def folder(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "folder"))


def ids(text: str, max_tokens: int = 64) -> list[int]:
    pieces = [
        VOCABULARY.index(c if i == 0 else f"##{c}")
        for word in text.split()
        for i, c in enumerate(word)
    ]
    return [2, *pieces[: max_tokens - 2], 3]


@pytest.mark.parametrize("text", ["a", "abc", "the cat sat", "x1 y2 z3 " * 6, "word " * 40])
def test_the_graph_computes_what_the_paper_says(exported: Path, text: str) -> None:
    embedder = embed_onnx.load(exported)
    found = embedder.encode([text, "beside it a rather longer text is read"])[0]
    np.testing.assert_allclose(found, forward(weights(), ids(text)), rtol=0.0, atol=1e-5)


def test_the_export_is_the_same_each_time(source: Path, exported: Path, tmp_path: Path) -> None:
    embed_export.export(source, tmp_path, name="tiny", max_tokens=64)
    for file in exported.iterdir():
        assert (tmp_path / file.name).read_bytes() == file.read_bytes()


def test_the_command_writes_what_loads(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ["embed_export", str(source), str(tmp_path), "--name", "mine", "--max-tokens", "64"]
    monkeypatch.setattr("sys.argv", said)
    embed_export.main()
    embedder = embed_onnx.load(tmp_path)
    assert (embedder.id, embedder.dim) == ("mine", HIDDEN)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_flipped_bit_is_refused(folder: Path, name: str) -> None:
    blob = bytearray((folder / name).read_bytes())
    blob[len(blob) // 2] ^= 1
    (folder / name).write_bytes(blob)
    with pytest.raises(ArtifactError, match=name):
        embed_onnx.load(folder)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "manifest.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match=name):
        embed_onnx.load(folder)


def changed(**values: Any) -> Any:
    return lambda manifest: {**manifest, **values}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (changed(format="other"), "format"),
        (changed(surprise=1), "surprise"),
        (changed(sha256={}), "vouches"),
        (changed(text="something else entirely"), "example"),
        (changed(vector=[1.0]), "example"),
    ],
)
def test_a_manifest_that_is_not_of_these_files_is_refused(
    folder: Path, change: Any, said: str
) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(ArtifactError, match=said):
        embed_onnx.load(folder)


def test_a_folder_that_is_no_bert_is_refused(source: Path, tmp_path: Path) -> None:
    shutil.copy(source / "config.json", tmp_path)
    shutil.copy(source / "tokenizer.json", tmp_path)
    with pytest.raises(ArtifactError, match=r"model\.safetensors"):
        embed_export.export(tmp_path, tmp_path / "out", name="x")
    for blob in (b"", b"\x02" + bytes(7) + b"{}", b"\xff" * 32):
        (tmp_path / "model.safetensors").write_bytes(blob)
        with pytest.raises(ArtifactError, match="BERT"):
            embed_export.export(tmp_path, tmp_path / "out", name="x")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("other", [{"hidden_act": "relu"}, {"model_type": "mpnet"}])
def test_a_network_of_another_kind_is_refused(
    source: Path, tmp_path: Path, other: dict[str, str]
) -> None:
    for name in ("model.safetensors", "tokenizer.json"):
        shutil.copy(source / name, tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({**CONFIG, **other}))
    with pytest.raises(ArtifactError, match=next(iter(other))):
        embed_export.export(tmp_path, tmp_path / "out", name="x", max_tokens=64)


def test_more_tokens_than_places_are_refused(
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["x", str(source), str(tmp_path), "--max-tokens", "97"])
    with pytest.raises(SystemExit) as stop:
        embed_export.main()
    assert stop.value.code == 1
    assert "97 tokens, but there are 96 places" in capsys.readouterr().err


def test_who_lacks_the_extra_is_told_its_name(
    exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name in ("onnxruntime", "tokenizers"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ArtifactError, match=r"pip install 'learnloop\[embed\]'"):
        embed_onnx.load(exported)
