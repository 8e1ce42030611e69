"""Does the server keep its pace at 1,000 connections, and what does it do with ten times too much?

Open loop (open_loop.py), two workers: an answer and a question for the next items in turn, at
rising rates, beside an empty endpoint of the same framework. Then ten times the best goodput.
The load generator shares the machine's cores with the server.
"""

import argparse
from pathlib import Path

import numpy as np
import open_loop
from report import Report, Table
from served import Server
from traffic import Requests, databases, nothing, prepare

CONNECTIONS = 1000
WORKERS = 2
RATES = (500, 1000, 1500, 2000, 3000, 4000)
SEED = 13
P99_BOUND_MS = 25.0


def main() -> None:
    """Measure, print, and write the JSON where asked."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=8.0, help="length of each run")
    arguments.add_argument("--rates", type=int, nargs="+", default=RATES, help="requests/s")
    arguments.add_argument("--json", type=Path, help="also write the figures here")
    asked = arguments.parse_args()
    report = Report(
        "speed/http_open_loop",
        [
            f"{CONNECTIONS} open connections, Poisson arrivals, latency from the due instant, "
            f"{asked.seconds:g} s per rate, {WORKERS} workers, answers and questions in turn, "
            "325 items, 200 simulated learners; generator on the same cores",
        ],
    )
    steady = report.table("At their own pace")
    overload = report.table("Ten times too many")
    with Server("empty", workers=WORKERS) as server:
        _climb(steady, "empty endpoint", server, nothing, asked)
    with databases() as urls:
        for name, url in urls.items():
            traffic = prepare(url)
            with Server("learnloop", url, workers=WORKERS) as server:
                peak = _climb(steady, name, server, traffic.both, asked)
                _overload(overload, name, server, traffic.both, peak, asked)
    report.finish(asked.json)


def _climb(
    table: Table, what: str, server: Server, requests: Requests, asked: argparse.Namespace
) -> float:
    best = 0.0
    for k, rate in enumerate(asked.rates):
        found = _run(server, lambda n, k=k: requests(n + k * 10**6), rate, asked.seconds)
        table.add(what=what, offered_per_s=rate, **found)
        best = max(best, found["ok_per_s"])
        if found["p99_ms"] > 40 * P99_BOUND_MS:
            break
    return best


def _overload(
    table: Table,
    what: str,
    server: Server,
    requests: Requests,
    peak: float,
    asked: argparse.Namespace,
) -> None:
    found = _run(server, lambda n: requests(n + 10**8), 10 * peak, asked.seconds)
    table.add(
        what=what,
        peak_per_s=peak,
        offered_per_s=10 * peak,
        x_of_peak=found["ok_per_s"] / peak,
        **found,
    )


def _run(server: Server, requests: Requests, rate: float, seconds: float) -> dict[str, float]:
    rng = np.random.default_rng(SEED)
    return open_loop.run(
        server.port, requests, rate=rate, seconds=seconds, connections=CONNECTIONS, rng=rng
    )


if __name__ == "__main__":
    main()
