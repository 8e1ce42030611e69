"""How fast is learnloop inside one process, beside its peers? Answers, choices, records, features.

    python benchmarks/speed/inprocess.py [--only answer|choose|durable|features] [--rounds 5]
        [--peer-python VENV/bin/python] [--data ../shared/data] [--json FILE]

Peers run in an interpreter of their own (LEARNLOOP_PEER_PYTHON or --peer-python); without one their
rows say what to install. Real answers are read from LEARNLOOP_DATA or ../shared/data, if there.
"""

import argparse
import os
import tempfile
from pathlib import Path

from report import Report

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("answer", "choose", "durable", "features")
PROTOCOL = [
    "one thread; each call timed alone, in rounds that alternate between the systems",
    "p99_quiet: p99 of the quietest round; cpu, cpu_p99: median and p99 of the thread's own time",
    "x_ours: this system's median / ours",
]


def main() -> None:
    """Measure what is asked for, print the tables, write the JSON."""
    args = _arguments()
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
        os.environ[variable] = "1"  # before numpy is loaded: one thread, like a serving worker
    import choose
    import durable
    import one_answer
    import served_features
    from streams import load_answers

    report = Report("speed/inprocess", list(PROTOCOL))
    with tempfile.TemporaryDirectory(prefix="learnloop-bench-") as folder:
        if "answer" in args.only:
            one_answer.measure(report, load_answers(args.data), args.peer_python, args.rounds)
        if "choose" in args.only:
            choose.measure(report, Path(folder), args.peer_python, args.rounds)
        if "durable" in args.only:
            durable.measure(report, Path(folder), args.rounds)
        if "features" in args.only:
            served_features.measure(report, Path(folder), args.rounds)
    report.finish(args.json)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer-python", default=os.environ.get("LEARNLOOP_PEER_PYTHON"))
    parser.add_argument("--data", type=Path, default=_data())
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _data() -> Path | None:
    named = os.environ.get("LEARNLOOP_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None


if __name__ == "__main__":
    main()
