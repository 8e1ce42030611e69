"""A thousand swaps under load: no request fails, none sees a mixture of two live sets."""

import sys
import threading
from dataclasses import replace

import numpy as np
from tests.toy_models import P, X, artifact, says
from tests.unit.serving.models import NOW

from learnloop.core.types import Ref
from learnloop.models import runtime
from learnloop.serving.live_set import LiveSet, SlotPlan
from learnloop.serving.loading import Source, build
from learnloop.serving.orchestrator import ModelOrchestrator

SWAPS = 1000
VERSIONS = "1234"
ROW = {X: np.array([[1.0, 2.0, 3.0]], dtype=np.float32)}


def live_sets():
    """Each version as champion, the next one as challenger for half of the learners."""
    made = {Ref("toy", v): artifact(v) for v in VERSIONS}
    source = Source(made.__getitem__, runtime.load)
    refs = list(made)
    plans = [SlotPlan(ref, refs[k - 3], 0.5, previous=refs[k - 1]) for k, ref in enumerate(refs)]
    return [build(k, {"toy": plan}, source, LiveSet(), NOW) for k, plan in enumerate(plans)]


def test_a_thousand_swaps_under_load():
    sets = live_sets()
    expected = {Ref("toy", v): float(says(v, ROW[X])[0]) for v in VERSIONS}
    served = ModelOrchestrator()
    served.swap(sets[0])
    done, swapped, counts, wrong = threading.Event(), threading.Event(), [], []

    def load(name):
        seen, n = set(), 0
        while not done.is_set():
            try:
                found = served.predict("toy", ROW, key=f"{name}-{n % 50}")
            except Exception as error:
                wrong.append(error)
                continue
            if found.reasons or abs(found.outputs[P][0] - expected[found.ref]) > 1e-5:
                wrong.append(found)
            seen.add(found.ref)
            n += 1
            swapped.set()
        counts.append((n, seen))

    threads = [threading.Thread(target=load, args=(k,)) for k in range(3)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)  # so that the threads meet in more places
    try:
        for thread in threads:
            thread.start()
        for k in range(SWAPS):
            swapped.clear()
            served.swap(replace(sets[k % len(sets)], revision=k))
            assert swapped.wait(10)  # somebody asked between any two swaps
    finally:
        done.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)
    assert not wrong
    assert len(counts) == len(threads)
    assert all(seen == expected.keys() for _, seen in counts)
