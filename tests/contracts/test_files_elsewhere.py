"""Do the files of models survive outside the database, and is it told when they do not?"""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from learnloop.core.artifact import Artifact, digest
from learnloop.core.errors import ArtifactError, InvalidInput, StoreUnavailable
from learnloop.core.protocols import Files, Store
from learnloop.core.types import Ref
from learnloop.journeys.registry import artifact_of, collect, store_artifact
from learnloop.storage import open_store
from learnloop.storage.elsewhere import FolderFiles, RemoteFiles, open_files
from learnloop.testing.builders import NOON

fsspec = pytest.importorskip("fsspec")
FILES = {"model.json": b"{}", "CARD.md": b"# A model"}


def an_artifact() -> Artifact:
    return Artifact.build(Ref("m", "1"), "m", NOON, FILES)


@pytest.fixture(params=["path", "file", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    ways = {
        "path": f"{tmp_path}/models",
        "file": f"file://{tmp_path}/models",
        "memory": f"memory://{uuid4()}/models",
    }
    return ways[request.param]


@pytest.fixture
def files(url: str) -> Files:
    return open_files(url)


@pytest.fixture
def store(url: str) -> Store:
    return open_store("memory://", files_url=url)


def test_bytes_come_back_by_their_hash(files: Files) -> None:
    assert files.hashes() == set()
    names = {files.put(data): data for data in (b"", b"abc", bytes(range(256)) * 999)}
    assert files.put(b"abc") == digest(b"abc")
    assert files.hashes() == set(names)
    assert {name: files.get(name) for name in names} == names
    files.remove(digest(b"abc"))
    files.remove(digest(b"abc"))
    assert files.get(digest(b"abc")) is None
    assert len(files.hashes()) == 2


def test_a_url_says_what_keeps_the_files(tmp_path: Path) -> None:
    assert isinstance(open_files(str(tmp_path)), FolderFiles)
    assert isinstance(open_files("memory://models"), RemoteFiles)
    with pytest.raises(InvalidInput, match="files URL") as refused:
        open_files("nowhere://models")
    assert refused.value.field == "files_url"


def test_a_model_is_kept_there_and_read_from_there(store: Store, files: Files) -> None:
    with store.begin() as tx:
        store_artifact(tx, an_artifact())
    assert files.hashes() == {digest(data) for data in FILES.values()}
    with store.begin(write=False) as tx:
        assert artifact_of(tx, Ref("m", "1")) == an_artifact()


def test_a_file_that_is_gone_or_spoilt_is_named(tmp_path: Path) -> None:
    store = open_store("memory://", files_url=str(tmp_path))
    with store.begin() as tx:
        store_artifact(tx, an_artifact())
    (tmp_path / digest(b"{}")).write_bytes(b"[]")
    with store.begin(write=False) as tx, pytest.raises(ArtifactError, match=r"m@1: model.json"):
        artifact_of(tx, Ref("m", "1"))
    (tmp_path / digest(b"{}")).unlink()
    with store.begin(write=False) as tx, pytest.raises(ArtifactError, match="is missing"):
        artifact_of(tx, Ref("m", "1"))
    with store.begin() as tx:  # putting it again mends it
        store_artifact(tx, an_artifact())
        assert artifact_of(tx, Ref("m", "1")) == an_artifact()


def test_what_an_undone_transaction_leaves_is_collected(store: Store, files: Files) -> None:
    def give_up() -> None:
        with store.begin() as tx:
            store_artifact(tx, an_artifact())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        give_up()
    with store.begin(write=False) as tx:
        assert tx.models.list() == []
    assert collect(store, NOON) == (0, 2)
    assert files.hashes() == set()


def _as_a_folder(path: Path) -> Files:
    return open_files(str(path))


def _as_a_file_system(path: Path) -> Files:
    return RemoteFiles(fsspec.filesystem("file"), str(path))


@pytest.mark.parametrize("made", [_as_a_folder, _as_a_file_system])
def test_a_place_that_can_not_be_written_is_told(
    tmp_path: Path, made: Callable[[Path], Files]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreUnavailable, match="can't be reached"):
        made(tmp_path / "file" / "models").put(b"abc")
