"""What if the files of models are large? They lie in a folder, or behind any fsspec URL.

The records stay in the database and name the files by their hash. A file is put there before the
record that names it is committed, so nobody ever sees a record without its files; where the
transaction is undone, a file is left that nobody names, and `learnloop models collect` removes it.
"""

import os
import posixpath
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from learnloop.core.artifact import digest
from learnloop.core.errors import InvalidInput, StoreUnavailable
from learnloop.core.protocols import Files, Store, Transaction

INSTALL = "files behind a URL need fsspec: pip install 'learnloop[remote]'"
_HASH = re.compile(r"[0-9a-f]{64}")


class StoreWithFiles:
    """A store whose files lie elsewhere."""

    def __init__(self, store: Store, files: Files) -> None:
        self._store, self._files = store, files

    @contextmanager
    def begin(self, *, write: bool = True) -> Iterator[Transaction]:
        """One transaction of the store; see `Store.begin`."""
        with self._store.begin(write=write) as tx:
            tx.files = self._files
            yield tx

    def close(self) -> None:
        """Close the store."""
        self._store.close()


def open_files(url: str) -> Files:
    """Where files lie.

    Args:
        url: A path, `file:///path`, or what fsspec knows: `s3://bucket/folder`, `gs://...`.

    Raises:
        InvalidInput: fsspec knows no such URL, or is not installed.
    """
    parts = urlsplit(url)
    if parts.scheme in ("", "file") and not parts.netloc:
        return FolderFiles(Path(parts.path))
    try:
        import fsspec  # noqa: PLC0415 - an extra: not everybody has it
    except ImportError:
        raise InvalidInput(f"files URL: {INSTALL}", field="files_url") from None
    try:
        system, root = fsspec.core.url_to_fs(url)
    except (ValueError, ImportError, OSError) as error:
        raise InvalidInput(f"files URL: {error}", field="files_url") from None
    return RemoteFiles(system, root)


class FolderFiles:
    """A file each, in a folder that all servers see."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        sha256 = digest(data)
        path = self._folder / sha256
        with _told(f"{path}"):
            self._folder.mkdir(parents=True, exist_ok=True)
            # Also over one of that name, which a power cut or a flipped bit may have spoilt.
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                try:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                    os.replace(file.name, path)
                except BaseException:
                    os.unlink(file.name)
                    raise
        return sha256

    def get(self, sha256: str) -> bytes | None:
        with _told(f"{self._folder / sha256}"):
            try:
                return (self._folder / sha256).read_bytes()
            except FileNotFoundError:
                return None

    def hashes(self) -> set[str]:
        if not self._folder.is_dir():
            return set()
        return {path.name for path in self._folder.iterdir() if _HASH.fullmatch(path.name)}

    def remove(self, sha256: str) -> None:
        with _told(f"{self._folder / sha256}"):
            (self._folder / sha256).unlink(missing_ok=True)


class FileSystem(Protocol):
    """The part of an fsspec file system that is needed."""

    def pipe_file(self, path: str, value: bytes) -> Any: ...

    def cat_file(self, path: str) -> bytes: ...

    def exists(self, path: str) -> bool: ...

    def ls(self, path: str, detail: bool) -> list[str]: ...

    def rm_file(self, path: str) -> Any: ...

    def makedirs(self, path: str, exist_ok: bool) -> Any: ...


class RemoteFiles:
    """A file each, behind fsspec; written whole or not at all where the service does so."""

    def __init__(self, system: FileSystem, root: str) -> None:
        self._system, self._root = system, root

    def put(self, data: bytes) -> str:
        sha256 = digest(data)
        with _told(self._path(sha256)):
            self._system.makedirs(self._root, exist_ok=True)
            self._system.pipe_file(self._path(sha256), data)
        return sha256

    def get(self, sha256: str) -> bytes | None:
        with _told(self._path(sha256)):
            try:
                return self._system.cat_file(self._path(sha256))
            except FileNotFoundError:
                return None

    def hashes(self) -> set[str]:
        with _told(self._root):
            if not self._system.exists(self._root):
                return set()
            names = map(posixpath.basename, self._system.ls(self._root, detail=False))
            return {name for name in names if _HASH.fullmatch(name)}

    def remove(self, sha256: str) -> None:
        with _told(self._path(sha256)):
            try:
                self._system.rm_file(self._path(sha256))
            except FileNotFoundError:
                return

    def _path(self, sha256: str) -> str:
        return posixpath.join(self._root, sha256)


@contextmanager
def _told(where: str) -> Iterator[None]:
    """What a disk or a network refuses is the store's being unavailable."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise StoreUnavailable(f"the file {where} can't be reached: {reason}") from error
