"""Which lines are in a file, however it was saved."""

import contextlib
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from learnloop.core.errors import DataError
from learnloop.events import source
from learnloop.events.source import Source


def lines(path: Path) -> list[str]:
    return list(Source(path).lines())


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_all_three_line_ends(tmp_path: Path, ends: str) -> None:
    (tmp_path / "f").write_text(f"a{ends}b{ends}{ends}c", newline="")
    assert [x.rstrip("\r\n") for x in lines(tmp_path / "f")] == ["a", "b", "", "c"]


def test_marks_and_gzip_are_seen_by_content_not_by_name(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes(gzip.compress(b"\xef\xbb\xbfa,b\n"))
    (tmp_path / "f.gz").write_bytes(b"\xef\xbb\xbfa,b\n")
    assert lines(tmp_path / "f.csv") == lines(tmp_path / "f.gz") == ["a,b\n"]


def test_a_byte_that_is_no_utf8_means_latin_1_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "BLOCK_BYTES", 4)
    (tmp_path / "f").write_bytes(b"abc\xc3\xa9\nde\xe9f\n\xe9")
    read = Source(tmp_path / "f")
    assert "".join(read.lines()).endswith("de\xe9f\n\xe9")
    assert read.notes == ["f: not UTF-8; read as Latin-1"]


def test_a_character_cut_in_two_by_a_block_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "é\r\nß€\r\n한\r국\n" * 9
    (tmp_path / "f").write_bytes(text.encode())
    for size in range(1, 12):
        monkeypatch.setattr(source, "BLOCK_BYTES", size)
        read = Source(tmp_path / "f")
        assert list(read.lines()) == io.StringIO(text, newline="").readlines()
        assert read.notes == []
        assert read.bytes_read == read.total_bytes == len(text.encode())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (gzip.compress(b"", mtime=0), "empty"),
        (b"\x1f\x8b", "damaged"),
        (b"\x1f\x8bgarbage", "damaged"),
        (gzip.compress(b"a\n" * 9999, mtime=0)[:-20], "damaged"),
        (b"PK\x03\x04rest", "zip"),
        ("a,b\n".encode("utf-16"), "UTF-16"),
        (b"x" * (source.MAX_LINE_CHARS + 2 * source.BLOCK_BYTES), "line 1: longer"),
        (gzip.compress(b"a\n" + b"x" * (20 << 20), mtime=0), "line 2: longer"),
    ],
)
def test_what_can_not_be_read_says_why(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        lines(tmp_path / "f")
    assert caught.value.message.startswith("f")


def test_a_file_that_is_not_there_or_a_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="can't be read"):
        Source(tmp_path / "absent")
    with pytest.raises(DataError, match="can't be read"):
        lines(tmp_path)


@given(st.binary(min_size=1, max_size=400))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_byte_is_lost(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f").write_bytes(content)
    read = Source(tmp_path / "f")
    with contextlib.suppress(DataError):
        text = "".join(read.lines())
        if not read.notes:
            assert text.encode() == content.removeprefix(b"\xef\xbb\xbf")
        elif content.isascii():
            pytest.fail("plain ASCII needs no other encoding")
