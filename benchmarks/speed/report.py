"""How does a benchmark say what it found? The one format of every file in benchmarks/.

On the terminal: Markdown tables, ready to be pasted into docs/benchmarks.md. With `--json FILE`:

    {"benchmark": "speed/inprocess", "date": "2026-11-21T10:00:00Z", "command": "...",
     "machine": {"cpu": ..., "cores": ..., "load": ..., ...}, "protocol": ["...", ...],
     "tables": [{"title": "...", "rows": [{"what": ..., "median_us": 9.1, ...}, ...]}]}

Cells are text, numbers or None (not measured, with the reason in `note`). The column's name carries
the unit: `median_us`, `p99_ms`, `rows_per_s`, `cpu_us`; ratios are `x_...`.
"""

import json
import os
import platform
import shlex
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

Cell = str | int | float | None


@dataclass
class Table:
    """One table: a title and rows of named cells; the columns are all names, in order seen."""

    title: str
    rows: list[dict[str, Cell]] = field(default_factory=list)

    def add(self, **cells: Cell) -> None:
        self.rows.append(cells)

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def markdown(self) -> str:
        names = self.columns
        cells = [names] + [[_text(row.get(name)) for name in names] for row in self.rows]
        widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
        right = [all(not isinstance(r.get(n), str) for r in self.rows) for n in names]
        marks = [
            ("-" * (w - 1) + ":") if r else "-" * w for w, r in zip(widths, right, strict=True)
        ]
        lines = [_line(line, widths, right) for line in (cells[0], marks, *cells[1:])]
        return "\n".join([f"### {self.title}", "", *lines])


def machine() -> dict[str, Cell]:
    """Processor, cores, memory, Python and the load before the benchmark began; no host names."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(pages / 2**30),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }


@dataclass
class Report:
    """All that one benchmark found, with what is needed to repeat it."""

    benchmark: str
    protocol: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    machine: dict[str, Cell] = field(default_factory=machine)
    date: datetime = field(default_factory=lambda: datetime.now(UTC))

    def table(self, title: str) -> Table:
        """A new, empty table of this report."""
        self.tables.append(Table(title))
        return self.tables[-1]

    def markdown(self) -> str:
        about = ", ".join(f"{k} {_text(v)}" for k, v in self.machine.items())
        head = [
            f"## {self.benchmark}",
            "",
            f"- command: `{command()}`",
            f"- machine: {about}",
            f"- date: {self.date:%Y-%m-%d}",
            *(f"- {line}" for line in self.protocol),
        ]
        return "\n\n".join(["\n".join(head), *(t.markdown() for t in self.tables)])

    def finish(self, json_file: Path | None) -> None:
        """Print the tables; write the JSON where a file is given."""
        print(self.markdown())
        if json_file is not None:
            json_file.write_text(json.dumps(self.as_json(), indent=1) + "\n")

    def as_json(self) -> dict[str, object]:
        return {
            "benchmark": self.benchmark,
            "date": self.date.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "command": command(),
            "machine": self.machine,
            "protocol": self.protocol,
            "tables": [{"title": t.title, "rows": t.rows} for t in self.tables],
        }


def command() -> str:
    """The command line, with the interpreter as `python` and paths relative to here."""
    here = f"{Path.cwd()}{os.sep}"
    return shlex.join(["python", *(arg.replace(here, "") for arg in sys.argv)])


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    found = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return found[0] if found else platform.machine()


def _text(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def _line(cells: list[str], widths: list[int], right: list[bool]) -> str:
    padded = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True)]
    return f"| {' | '.join(padded)} |"
