"""Which items and skills does a log name? What its rows and its items file say, put together."""

from dataclasses import dataclass, field
from pathlib import Path

from learnloop.core.errors import DataError, LearnloopError, Rejection
from learnloop.core.types import Item, Skill
from learnloop.events.logmap import ItemsFile, LogMap
from learnloop.events.rows import item_id, skill_id, split
from learnloop.events.source import Source
from learnloop.events.table import full, header_of, numbered, require

MAX_TITLE = 200


@dataclass(slots=True)
class ItemsRead:
    """Items by the names that the log gives them.

    Attributes:
        skills: Item name -> its skill names, in the order they were met.
        skill_names: Skill name -> what people call the skill.
        texts: Item name -> its text.
        answers: Item name -> its right answer.
    """

    skills: dict[str, dict[str, None]] = field(default_factory=dict)
    skill_names: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)

    def add(self, item: str, skills: list[str]) -> None:
        """The item has these skills too."""
        known = self.skills.get(item)
        if known is None:
            self.skills[item] = dict.fromkeys(skills)
        elif skills:
            known.update(dict.fromkeys(skills))

    def copy(self) -> "ItemsRead":
        """One that can be added to."""
        skills = {item: dict(names) for item, names in self.skills.items()}
        return ItemsRead(skills, self.skill_names, self.texts, self.answers)

    def nouns(self, logmap: LogMap) -> tuple[tuple[Skill, ...], tuple[Item, ...]]:
        """The skills and items; names that can be no id are left out, as their rows will be."""
        items: list[Item] = []
        used: dict[str, Skill] = {}
        for name, skills in self.skills.items():
            try:
                ids = tuple(skill_id(logmap, s) for s in skills)
                item = Item(
                    item_id(logmap, name),
                    ids,
                    title=name[:MAX_TITLE],
                    text=self.texts.get(name, ""),
                    answer=self.answers.get(name),
                )
            except LearnloopError:
                continue
            items.append(item)
            for one, s in zip(ids, skills, strict=True):
                used.setdefault(one, Skill(one, self.skill_names.get(s, s)[:MAX_TITLE]))
        return tuple(used.values()), tuple(items)


def read_items(logmap: LogMap, path: Path | None, notes: list[str]) -> ItemsRead:
    """What the items file says; nothing where the map has none.

    Raises:
        DataError: The file is missing, can't be read, or lacks a column.
    """
    spec = logmap.items
    found = ItemsRead()
    if spec is None:
        return found
    if path is None:
        message = (
            f"the map {logmap.name} needs the items file {spec.file} beside the log; "
            "put it there, or name it with --side"
        )
        raise DataError(message, field="items")
    if spec.layout == "matrix":
        _read_matrix(spec, path, found)
    else:
        _read_rows(spec, path, found, notes)
    return found


def _read_rows(spec: ItemsFile, path: Path, found: ItemsRead, notes: list[str]) -> None:
    source = Source(path)
    rows = numbered(source)
    header = header_of(rows, source)
    needed = [c for c in (spec.item, spec.skills, spec.key) if c is not None]
    require(needed, header, f"{path.name}: the items file")
    n_broken = 0
    for _, cells in full(rows, len(header)):
        if isinstance(cells, Rejection):
            n_broken += 1
        else:
            _add_row(spec, dict(zip(header, cells, strict=True)), found)
    notes += source.notes
    if n_broken:
        notes.append(f"{path.name}: {n_broken} rows could not be read and were left out")


def _add_row(spec: ItemsFile, cells: dict[str, str], found: ItemsRead) -> None:
    item = cells[spec.item].strip()
    skills = split(cells[spec.skills], spec.separator, spec.missing) if spec.skills else []
    found.add(item, skills)
    if spec.skill_name in cells and len(skills) == 1:
        found.skill_names[skills[0]] = cells[spec.skill_name].strip()
    if spec.text in cells:
        found.texts[item] = cells[spec.text].strip()
    if spec.key in cells:
        found.answers[item] = cells[spec.key].strip()


def _read_matrix(spec: ItemsFile, path: Path, found: ItemsRead) -> None:
    """Row i of the matrix is item i, column s is skill s, both counted from 1."""
    for i, (line, cells) in enumerate(numbered(Source(path)), start=1):
        if isinstance(cells, Rejection) or not set(cells) <= {"0", "1"}:
            raise DataError(f"{path.name} line {line}: only 0 and 1 are expected")
        found.add(f"{i}", [f"{s}" for s, cell in enumerate(cells, start=1) if cell == "1"])
    names = path.parent / spec.names if spec.names else None
    if names is not None and names.is_file():
        for _, cells in numbered(Source(names)):
            if not isinstance(cells, Rejection) and len(cells) > 1:
                found.skill_names[cells[0].strip()] = cells[1].strip(" ,.")
