"""Evidently's report of drift and river's detectors, on the same rows and the same stream.

Evidently as its documentation says: `Report([DataDriftPreset(num_method=...)]).run(now, then)`, and
`dict()` for the numbers; without a method it chooses one by the size of the data. A column is named
where its value is beyond the threshold that the report states.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
from river import drift
from timing import timed
from worker import Job, serve

METHODS = {"default": None, "psi": "psi", "ks": "ks"}


def setup(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Job]]:
    folder = Path(given["folder"])
    pairs = {
        k: [_table(folder, f"{k}_{side}") for side in ("then", "now")] for k in given["tables"]
    }
    streams = {k: np.load(folder / f"{k}.npy").tolist() for k in given["streams"]}

    def report(method: str, table: str) -> list[dict[str, Any]]:
        then, now = pairs[table]
        preset = (
            DataDriftPreset(num_method=METHODS[method]) if METHODS[method] else DataDriftPreset()
        )
        metrics: list[dict[str, Any]] = Report([preset]).run(now, then).dict()["metrics"]
        return metrics

    def reports(method: str, table: str) -> Job:
        return lambda n: timed(report, [(method, table)] * n)

    def named(method: str, table: str) -> Job:
        """The columns it names, by their number, instead of times."""
        return lambda _: ([k for k, m in enumerate(report(method, table)[1:]) if _beyond(m)], [])

    def alarms(make: Any, stream: str) -> Job:
        """When the detector sounds, instead of times."""
        return lambda _: (_alarms(make(), streams[stream]), [])

    def run(make: Any, stream: str) -> Job:
        return lambda n: timed(lambda: _alarms(make(), streams[stream]), [()] * n)

    detectors = {"ADWIN": drift.ADWIN, "PageHinkley": drift.PageHinkley}
    jobs: dict[str, Job] = {}
    for method in METHODS:
        for table in pairs:
            jobs[f"{method} {table}"] = reports(method, table)
            jobs[f"named {method} {table}"] = named(method, table)
    for name, make in detectors.items():
        for stream in streams:
            jobs[f"{name} {stream}"] = run(make, stream)
            jobs[f"alarms {name} {stream}"] = alarms(make, stream)
    return {name: version(name) for name in ("evidently", "river", "pandas")}, jobs


def _table(folder: Path, name: str) -> pd.DataFrame:
    x = np.load(folder / f"{name}.npy")
    return pd.DataFrame(x, columns=[f"f{k}" for k in range(x.shape[1])])


def _beyond(metric: dict[str, Any]) -> bool:
    method, threshold = metric["config"].get("method", ""), metric["config"]["threshold"]
    is_p_value = "p_value" in method or method in {"ks", "K-S p_value"}
    value = float(metric["value"])
    return value < threshold if is_p_value else value >= threshold


def _alarms(detector: Any, values: list[float]) -> list[int]:
    found = []
    for i, value in enumerate(values):
        detector.update(value)
        if detector.drift_detected:
            found.append(i)
    return found


serve(setup)
