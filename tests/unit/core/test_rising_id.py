"""Ids of ours are new, and later ones sort behind."""

import time

from learnloop.core.ids import id_problem, rising_id


def test_ids_differ_within_an_instant_and_rise_over_time():
    many = {rising_id() for _ in range(1000)}
    assert len(many) == 1000
    assert all(len(x) == 32 and id_problem(x) is None for x in many)
    time.sleep(0.002)
    assert rising_id() > max(many)
