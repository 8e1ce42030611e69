"""How is a catalog kept as one JSON document?

    {"courses": [{"course_id": "algebra-1", "name": "Algebra 1"}],
     "skills": [{"skill_id": "add", "name": "Addition", "prerequisites": []}],
     "items": [{"item_id": "add-01", "skills": ["add"], "text": "What is 2 + 3?", "answer": "5"}]}

Each entry is cut out of the document as it stands, so that its first line is known when it is
wrong. `dump` writes what `load` reads, byte for byte the same for the same catalog.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec

from learnloop.catalog.catalog import Catalog, refuse_unsound
from learnloop.catalog.check import Placed
from learnloop.catalog.wire import (
    CourseIn,
    EntryIn,
    ItemIn,
    SkillIn,
    bare_entry,
    from_json,
    written,
)
from learnloop.core.errors import CatalogError, InvalidInput, Rejection

T = TypeVar("T")


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    courses: list[msgspec.Raw] = []
    skills: list[msgspec.Raw] = []
    items: list[msgspec.Raw] = []


def load(text: bytes, known: Catalog | None = None) -> Catalog:
    """The catalog in a JSON document.

    Args:
        text: UTF-8, with or without a byte-order mark.
        known: The catalog that this one adds to.

    Raises:
        CatalogError: The document can't be read, or entries are wrong: then each of them is named
            by its path and its 1-based line.
    """
    text = text.removeprefix(b"\xef\xbb\xbf")
    document = _parse(text)
    rejections: list[Rejection] = []
    courses = [
        Placed(x.value.noun(), x.line, x.path)
        for x in _entries(text, "courses", document.courses, CourseIn, rejections)
    ]
    skills = [
        Placed(x.value.noun(), x.line, x.path)
        for x in _entries(text, "skills", document.skills, SkillIn, rejections)
    ]
    items = [
        Placed(x.value.noun(), x.line, x.path)
        for x in _entries(text, "items", document.items, ItemIn, rejections)
    ]
    refuse_unsound(courses, skills, items, known, rejections)
    return Catalog(_values(courses), _values(skills), _values(items))


def dump(catalog: Catalog) -> bytes:
    """The catalog as a JSON document, UTF-8, one entry per line; defaults are left out."""
    sections = {
        "courses": [written(x, CourseIn) for x in catalog.courses],
        "skills": [written(x, SkillIn) for x in catalog.skills],
        "items": [written(x, ItemIn) for x in catalog.items],
    }
    return b"{\n" + b",\n".join(_section(k, lines) for k, lines in sections.items()) + b"\n}\n"


def _section(kind: str, lines: list[bytes]) -> bytes:
    inside = b",".join(b"\n  " + line for line in lines)
    return b' "' + kind.encode() + b'": [' + inside + (b"\n ]" if lines else b"]")


def _parse(text: bytes) -> _Document:
    try:
        text.decode()
        return msgspec.json.decode(text, type=_Document)
    except UnicodeDecodeError as error:
        raise CatalogError(f"not UTF-8 (byte {error.start}); save the file as UTF-8") from error
    except msgspec.ValidationError as error:
        expected = "one object with any of courses, skills, items, each an array"
        raise CatalogError(f"not a catalog ({error}); expected {expected}") from error
    except msgspec.DecodeError as error:
        raise CatalogError(f"not valid JSON ({error})") from error
    except RecursionError as error:
        raise CatalogError("nested too deep; entries of a catalog are flat") from error


def _entries(
    text: bytes,
    kind: str,
    pieces: Sequence[msgspec.Raw],
    entry: type[EntryIn],
    rejections: list[Rejection],
) -> Iterator[Placed[EntryIn]]:
    for index, (line, piece) in enumerate(_lines(text, kind, pieces)):
        path = f"{kind}[{index}]"
        try:
            yield Placed(from_json(piece, entry), line, path)
        except InvalidInput as error:
            rejections.append(Placed(None, line, path).reject(error.field or "", error.message))
            bare = bare_entry(_loosely(piece), entry)
            if bare is not None:
                yield Placed(bare, line, path)


def _loosely(piece: bytes) -> object:
    try:
        return msgspec.json.decode(piece)
    except (msgspec.MsgspecError, RecursionError):
        return None


def _lines(text: bytes, kind: str, pieces: Sequence[msgspec.Raw]) -> Iterator[tuple[int, bytes]]:
    """Each piece with the line it begins at; pieces follow each other in the document."""
    position, line = max(text.find(b'"' + kind.encode() + b'"'), 0), 1
    line += text.count(b"\n", 0, position)
    for raw in pieces:
        piece = bytes(raw)
        begins = text.index(piece, position)
        line += text.count(b"\n", position, begins)
        yield line, piece
        line += text.count(b"\n", begins, begins + len(piece))
        position = begins + len(piece)


def _values(placed: Sequence[Placed[T]]) -> tuple[T, ...]:
    return tuple(p.value for p in placed)
