"""Which catalog is in this file or folder? JSON, one CSV table, or a folder of CSV tables."""

from pathlib import Path

from learnloop.catalog import csv, json
from learnloop.catalog.catalog import Catalog, refuse_unsound
from learnloop.catalog.check import Placed
from learnloop.catalog.wire import CourseIn, ItemIn, SkillIn
from learnloop.core.errors import CatalogError, Rejection

MAX_BYTES = 256 * 1024 * 1024


def read(path: Path, known: Catalog | None = None) -> Catalog:
    """The catalog in a `.json` file, a CSV table, or a folder with skills.csv, items.csv, ...

    Args:
        path: A file, or a folder with any of courses.csv, skills.csv and items.csv.
        known: The catalog that this one adds to: its skills and courses may be named.

    Raises:
        CatalogError: It can't be read, or entries are wrong: `rejections` names each with its line.
    """
    if path.is_dir():
        tables = {name: path / name for name in csv.ENTRIES if (path / name).is_file()}
        if not tables:
            raise CatalogError(f"{path}: the folder has none of {', '.join(csv.ENTRIES)}")
        return _from_tables({name: _bytes(file) for name, file in tables.items()}, known)
    text = _bytes(path)
    if text.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return json.load(text, known)
    kind = csv.kind_of([c.strip().lower() for c in csv.header_of(text, path.name)])
    if kind is None:
        ids = ", ".join(entry.__struct_fields__[0] for entry in csv.ENTRIES.values())
        raise CatalogError(f"{path.name}: neither a JSON object nor a table with one of {ids}")
    return _from_tables({kind: text}, known)


def _from_tables(tables: dict[str, bytes], known: Catalog | None) -> Catalog:
    wrong: list[Rejection] = []
    courses = csv.load(tables.get("courses.csv", b"course_id"), "courses.csv", CourseIn, wrong)
    skills = csv.load(tables.get("skills.csv", b"skill_id"), "skills.csv", SkillIn, wrong)
    items = csv.load(tables.get("items.csv", b"item_id"), "items.csv", ItemIn, wrong)
    placed = (
        [Placed(x.value.noun(), x.line, x.path, x.source) for x in courses],
        [Placed(x.value.noun(), x.line, x.path, x.source) for x in skills],
        [Placed(x.value.noun(), x.line, x.path, x.source) for x in items],
    )
    refuse_unsound(*placed, known, wrong)
    return Catalog(
        tuple(x.value for x in placed[0]),
        tuple(x.value for x in placed[1]),
        tuple(x.value for x in placed[2]),
    )


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CatalogError(f"{path.name}: larger than {MAX_BYTES >> 20} MiB; split it")
        text = path.read_bytes()
    except OSError as error:
        raise CatalogError(f"{path}: can't be read ({error.strerror})") from error
    if text.startswith(b"\x1f\x8b"):
        raise CatalogError(f"{path.name}: compressed with gzip; unpack it first")
    if not text.strip():
        raise CatalogError(f"{path.name}: the file is empty")
    return text
