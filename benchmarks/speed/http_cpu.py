"""How much CPU does one request cost, store taken away, beside an empty endpoint?

CPU time of the server's process (user and system) over a run of requests at a steady pace, divided
by their number; the store's own CPU time is what its calls took in the thread that made them.
"""

import argparse
from pathlib import Path

import numpy as np
import open_loop
from report import Report, Table
from served import Server
from traffic import Requests, databases, nothing, prepare

CONNECTIONS = 30  # below what the gate lets in, so that no refusal is counted
WARM_UP_S = 2.0
SEED = 11


def main() -> None:
    """Measure every store and route, print, and write the JSON where asked."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rate", type=float, default=400.0, help="requests per second")
    arguments.add_argument("--seconds", type=float, default=8.0, help="length of each run")
    arguments.add_argument("--json", type=Path, help="also write the figures here")
    asked = arguments.parse_args()
    report = Report(
        "speed/http_cpu",
        [
            f"{asked.rate:g} requests/s (Poisson) on {CONNECTIONS} connections for "
            f"{asked.seconds:g} s, one worker, 325 items, 200 simulated learners, slates of 5",
            "cpu_us: user + system time of the server per request; beyond_store_us: without the "
            "CPU time of the store's calls; the load generator is another process",
        ],
    )
    table = report.table("CPU per request")
    with Server("empty") as server:
        _measure(table, "empty endpoint", "-", server, nothing, asked)
    with databases() as urls:
        for name, url in urls.items():
            traffic = prepare(url)
            with Server("metered", url) as server:
                for what, requests in (
                    ("recommend", traffic.recommend),
                    ("record", traffic.record),
                ):
                    _measure(table, what, name, server, requests, asked)
    report.finish(asked.json)


def _measure(
    table: Table,
    what: str,
    store: str,
    server: Server,
    requests: Requests,
    asked: argparse.Namespace,
) -> None:
    rng = np.random.default_rng(SEED)
    metered = store != "-"
    offer = {"connections": CONNECTIONS, "rng": rng, "rate": asked.rate}
    open_loop.run(server.port, requests, seconds=WARM_UP_S, **offer)
    cpu, own = server.cpu_s(), server.meter_ns() if metered else 0
    found = open_loop.run(
        server.port, lambda k: requests(k + 10**6), seconds=asked.seconds, warm_up=0.0, **offer
    )
    n = found["n"]
    cpu_us = (server.cpu_s() - cpu) / n * 1e6
    own_us = (server.meter_ns() - own) / n / 1e3 if metered else 0.0
    table.add(
        what=what,
        store=store,
        cpu_us=cpu_us,
        store_us=own_us if metered else None,
        beyond_store_us=cpu_us - own_us,
        p50_ms=found["p50_ms"],
        not_ok=found["other"] + found["lost"] + found["refused_per_s"],
    )


if __name__ == "__main__":
    main()
