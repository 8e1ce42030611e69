"""Which lines of text are in this file? Plain or gzip, any line ends, UTF-8 else Latin-1.

The file is read block by block, so its size does not matter. gzip is known by its first two bytes,
not by its name. The first byte that is no UTF-8 switches the rest of the file to Latin-1, where
everything before it was plain ASCII in any case; `notes` then says so.
"""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from learnloop.core.errors import DataError

BLOCK_BYTES = 1 << 18
MAX_LINE_CHARS = 1 << 20
GZIP = b"\x1f\x8b"

_FOREIGN = {
    b"PK\x03\x04": "a zip archive or spreadsheet; unpack it, or save it as CSV",
    b"BZh": "compressed with bzip2; unpack it, or use gzip",
    b"\xfd7zXZ": "compressed with xz; unpack it, or use gzip",
    b"\x28\xb5\x2f\xfd": "compressed with zstd; unpack it, or use gzip",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
}


class Source:
    """A text file on its way in.

    Attributes:
        path: The file.
        total_bytes: Its size on disk.
        bytes_read: How far it has been read, on disk: what a progress bar shows.
        notes: What had to be assumed; for people.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self.bytes_read = 0
        try:
            self.total_bytes = path.stat().st_size
        except OSError as error:
            raise DataError(f"{path}: can't be read ({error.strerror})") from error

    def lines(self) -> Iterator[str]:
        """Each line with its end, whichever of the three it is.

        Raises:
            DataError: The file can't be read, is empty, is no text, or has an endless line.
        """
        held = ""
        n = 0
        for block in self._texts():
            parts = io.StringIO(held + block, newline="").readlines()
            # The last line may go on in the next block, or its \r may be half of \r\n.
            held = parts.pop() if parts else ""
            if len(held) > MAX_LINE_CHARS:
                raise DataError(f"{self.path.name} line {n + len(parts) + 1}: longer than 1 MiB")
            yield from parts
            n += len(parts)
        if held:
            yield held
        elif not n:
            raise self._empty()

    def start(self) -> str:
        """The text of the first block.

        Raises:
            DataError: The file can't be read, is empty, or is no text.
        """
        text = next(self._texts())
        if not text:
            raise self._empty()
        return text

    def whole(self, most_bytes: int) -> bytes:
        """The text of the file, in UTF-8.

        Raises:
            DataError: The file can't be read, is empty, is no text, or is larger than this.
        """
        text = bytearray()
        for block in self._texts():
            text += block.encode()
            if len(text) > most_bytes:
                limit = f"{most_bytes >> 20} MiB"
                raise DataError(f"{self.path.name}: larger than {limit}; use JSONL")
        if not text:
            raise self._empty()
        return bytes(text)

    def _empty(self) -> DataError:
        return DataError(f"{self.path.name}: the file is empty")

    def _texts(self) -> Iterator[str]:
        decoder = _Decoder()
        for block in self._blocks():
            yield decoder.decode(block)
            if decoder.latin and not self.notes:
                self.notes.append(f"{self.path.name}: not UTF-8; read as Latin-1")

    def _blocks(self) -> Iterator[bytes]:
        """The file's bytes, unpacked; an empty block at the end."""
        try:
            with self.path.open("rb") as raw:
                for block in _unpacked(raw):
                    self.bytes_read = raw.tell()
                    yield block
                self.bytes_read = self.total_bytes
                yield b""
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise DataError(f"{self.path.name}: the gzip file is damaged ({error})") from error
        except OSError as error:
            raise DataError(f"{self.path}: can't be read ({error.strerror})") from error


class _Decoder:
    """UTF-8 until a byte can't be; Latin-1 from there on."""

    def __init__(self) -> None:
        self.latin = False
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")()

    def decode(self, block: bytes) -> str:
        """The text of the next block; an empty block is the end."""
        if self.latin:
            return block.decode("latin-1")
        waiting = self._utf8.getstate()[0]
        try:
            return self._utf8.decode(block, final=not block)
        except UnicodeDecodeError:
            self.latin = True
            return (waiting + block).decode("latin-1")


def _unpacked(raw: BinaryIO) -> Iterator[bytes]:
    start = raw.read(6)
    raw.seek(0)
    if start.startswith(GZIP):
        with gzip.open(raw) as stream:
            yield from iter(lambda: stream.read(BLOCK_BYTES), b"")
        return
    for magic, what in _FOREIGN.items():
        if start.startswith(magic):
            raise DataError(f"{Path(raw.name).name}: this is {what}")
    yield from iter(lambda: raw.read(BLOCK_BYTES), b"")
