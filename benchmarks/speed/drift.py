"""What does it cost to watch for drift, and who sees what? Beside Evidently and river.

Rows are simulated: learners with several rows each, two rows of one learner correlated by 0.4; 30
columns. The same rows and the same streams go to the peers, in the interpreter `--peer-python` (or
LEARNLOOP_DRIFT_PYTHON); without it their rows say so. Evidently compares two tables of rows and
knows nothing of learners; the baseline of learnloop is built once, when a model is fitted, and read
from its file after that, so `build` and `compare` are timed apart.
"""

import argparse
import math
import os
import tempfile
from pathlib import Path

import numpy as np
from peers.process import NOT_INSTALLED, Peer, PeerMissing
from report import Cell, Report, Table
from timing import Samples, timed

from learnloop.core.types import Floats, Ints
from learnloop.monitoring import Adwin, Answer, Baseline, Cusum, build, compare, threshold_for

N_COLUMNS, CORRELATION = 30, 0.4
NAMES = [f"f{k}" for k in range(N_COLUMNS)]
SHIFTED = 3
MISSING = NOT_INSTALLED.replace("-r requirements/bench.txt", "evidently river 'pandas<3'")
STREAM, NULL, CHANGE_AT = "shift", "null", 1000


def rows(rng: np.random.Generator, n_learners: int, n_rows: int) -> tuple[Floats, Ints]:
    """(n_learners * n_rows, 30) standard normal columns; whose row."""
    learner = np.repeat(np.arange(n_learners), n_rows)
    own = rng.normal(0, math.sqrt(CORRELATION), (n_learners, N_COLUMNS))[learner]
    return own + rng.normal(0, math.sqrt(1 - CORRELATION), own.shape), learner


class World:
    """The rows and streams, here and as files for the peers."""

    def __init__(self, folder: Path, n_deals: int) -> None:
        rng = np.random.default_rng(1)
        self.folder, self.tables = folder, {}
        self._add("large", *rows(rng, 2000, 25), *rows(rng, 2000, 25))
        for k in range(n_deals):
            self._add(f"same{k}", *rows(rng, 300, 20), *rows(rng, 300, 20))
            then, now = rows(rng, 2000, 5), rows(rng, 2000, 5)
            now[0][:, SHIFTED] += 0.2
            self._add(f"moved{k}", *then, *now)
        self.streams = {
            STREAM: np.concatenate([rng.normal(0.65, 0.1, CHANGE_AT), rng.normal(0.5, 0.1, 1000)]),
            NULL: rng.normal(0.65, 0.1, 100_000),
        }
        for name, values in self.streams.items():
            np.save(folder / f"{name}.npy", values)

    def _add(self, name: str, then: Floats, whose: Ints, now: Floats, who: Ints) -> None:
        self.tables[name] = then, whose, now, who
        np.save(self.folder / f"{name}_then.npy", then)
        np.save(self.folder / f"{name}_now.npy", now)

    @property
    def setup(self) -> dict[str, object]:
        return {"folder": str(self.folder), "tables": [*self.tables], "streams": [*self.streams]}


def cost(table: Table, world: World, rounds: int, peer: Peer | None) -> None:
    """30 columns, 50,000 beside 50,000 rows, in turns."""
    then, whose, now, who = world.tables["large"]
    baseline = build(NAMES, then, whose)
    ours = {
        "learnloop: baseline built": lambda: build(NAMES, then, whose),
        "learnloop: compared, PSI and KS, by learner": lambda: _named(baseline, now, who),
    }
    methods = {"Evidently: its choice": "default", "Evidently: psi": "psi", "Evidently: ks": "ks"}
    times = {name: Samples() for name in (*ours, *methods)}
    for _ in range(rounds):
        for name, call in ours.items():
            times[name].add(timed(call, [()]))
        for name, method in methods.items():
            if peer is not None:
                times[name].add(peer.run(f"{method} large", 1))
    compared = np.median([c for _, cpu in times[list(ours)[1]].rounds for c in cpu])
    for name, found in times.items():
        if not found.rounds:
            table.add(what=name, note=MISSING)
            continue
        cpu = [c for _, spent in found.rounds for c in spent]
        table.add(
            what=name, n=found.n,
            median_cpu_s=float(np.median(cpu)) / 1e9, min_cpu_s=min(cpu) / 1e9,
            x_compare=float(np.median(cpu) / compared),
        )  # fmt: skip


def found(table: Table, world: World, n_deals: int, peer: Peer | None) -> None:
    """Tables with something named that did not change, and with the shift of 0.2 sd named."""

    def line(what: str, named: dict[str, list[int]]) -> dict[str, Cell]:
        same = [named[f"same{k}"] for k in range(n_deals)]
        moved = [SHIFTED in named[f"moved{k}"] for k in range(n_deals)]
        return {
            "what": what,
            "tables": n_deals,
            "nothing_changed_but_named": sum(map(bool, same)),
            "columns_named_of_30": sum(map(len, same)) / n_deals,
            "shift_found": sum(moved),
        }

    names = [name for name in world.tables if name != "large"]
    ours = {}
    for name in names:
        then, whose, now, who = world.tables[name]
        ours[name] = _named(build(NAMES, then, whose), now, who)
    table.add(**line("learnloop", ours))
    for what, method in {"its choice": "default", "psi": "psi", "ks": "ks"}.items():
        if peer is None:
            table.add(what=f"Evidently: {what}", note=MISSING)
            continue
        theirs = {name: peer.run(f"named {method} {name}", 1)[0] for name in names}
        table.add(**line(f"Evidently: {what}", theirs))


def streams(table: Table, world: World, rounds: int, peer: Peer | None) -> None:
    """One value into a detector; how late it hears a shift; how often it cries wolf."""
    ours = {
        "learnloop: Adwin": Adwin(),
        "learnloop: Cusum, k = 1/2, one false alarm in 100,000": Cusum(0.5, threshold_for(100_000)),
    }
    theirs = {"river: ADWIN": "ADWIN", "river: PageHinkley": "PageHinkley"}
    times = {name: Samples() for name in (*ours, *theirs)}
    heard: dict[str, dict[str, list[int]]] = {}
    for name, detector in ours.items():
        heard[name] = {s: _alarms(detector, v) for s, v in world.streams.items()}
    for name, job in theirs.items():
        if peer is not None:
            heard[name] = {s: peer.run(f"alarms {job} {s}", 1)[0] for s in world.streams}
    for _ in range(rounds):
        for name, detector in ours.items():
            times[name].add(timed(_alarms, [(detector, world.streams[NULL])]))
        for name, job in theirs.items():
            if peer is not None:
                times[name].add(peer.run(f"{job} {NULL}", 1))
    for name, samples in times.items():
        if not samples.rounds:
            table.add(what=name, note=MISSING)
            continue
        cpu = [c for _, spent in samples.rounds for c in spent]
        after = [i - CHANGE_AT for i in heard[name][STREAM] if i >= CHANGE_AT]
        table.add(
            what=name, cpu_us_per_value=float(np.median(cpu)) / 1e3 / len(world.streams[NULL]),
            delay_values=after[0] if after else None,
            alarms_before=len([i for i in heard[name][STREAM] if i < CHANGE_AT]),
            alarms_in_100_000=len(heard[name][NULL]),
        )  # fmt: skip


def _named(baseline: Baseline, now: Floats, who: Ints) -> list[int]:
    seen = compare(baseline, now, who, np.random.default_rng(0))
    return [k for k, column in enumerate(seen) if column.answer is Answer.DRIFTED]


def _alarms(detector: Adwin | Cusum, values: Floats) -> list[int]:
    """Cusum is given values in standard deviations from the mean before the change."""
    heard = []
    given = values if isinstance(detector, Adwin) else (values - 0.65) / 0.1
    for i, value in enumerate(given.tolist()):
        detector, alarm = detector.step(value)
        if alarm:
            heard.append(i)
    return heard


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--deals", type=int, default=20)
    parser.add_argument("--peer-python", default=os.environ.get("LEARNLOOP_DRIFT_PYTHON"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    report = Report("speed/drift", protocol=[
        "CPU time of the calling thread, one thread, in turns",
        f"two rows of one learner correlate by {CORRELATION}; {N_COLUMNS} columns",
        "what is named: 300 learners with 20 rows on both sides, nothing changed; 2,000 learners "
        f"with 5 rows, one column moved by 0.2 of its standard deviation; {options.deals} of each",
        f"streams: mean 0.65 -> 0.5 after {CHANGE_AT}, sd 0.1; 100,000 values without a change",
    ])  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), options.deals)
        try:
            peer = Peer(options.peer_python, "drift_peers.py", world.setup)
            report.protocol.append(", ".join(f"{k} {v}" for k, v in peer.about.items()))
        except PeerMissing:
            peer = None
        cost(report.table("Comparing 30 columns, 50,000 beside 50,000 rows"), world,
             options.rounds, peer)  # fmt: skip
        found(report.table("What is named"), world, options.deals, peer)
        streams(report.table("Detectors of a stream"), world, options.rounds, peer)
        if peer is not None:
            peer.__exit__(None, None, None)
    report.finish(options.json)


if __name__ == "__main__":
    main()
