"""Is it still true? Arrays in, frozen values out. Start with `drift.py`, then `alerts.py`.

Answers of one learner hang together; every null and every interval here is by learner.
"""

from learnloop.core.watch import Alert, AlertState, Change, Severity
from learnloop.monitoring.accuracy import Performance, Served, by_model_and_period, measure
from learnloop.monitoring.adwin import Adwin
from learnloop.monitoring.alerts import Reading, Rule, step
from learnloop.monitoring.baseline import Baseline, Column, build, of_json, to_json
from learnloop.monitoring.by_learner import correlation, coverage, mean_of
from learnloop.monitoring.cusum import Cusum, run_length, threshold_for, z_of_learners
from learnloop.monitoring.drift import Answer, Drift, compare
from learnloop.monitoring.importance import Explained, Shift, explain, importance, importance_drift

__all__ = [
    "Adwin",
    "Alert",
    "AlertState",
    "Answer",
    "Baseline",
    "Change",
    "Column",
    "Cusum",
    "Drift",
    "Explained",
    "Performance",
    "Reading",
    "Rule",
    "Served",
    "Severity",
    "Shift",
    "build",
    "by_model_and_period",
    "compare",
    "correlation",
    "coverage",
    "explain",
    "importance",
    "importance_drift",
    "mean_of",
    "measure",
    "of_json",
    "run_length",
    "step",
    "threshold_for",
    "to_json",
    "z_of_learners",
]
