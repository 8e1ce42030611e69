"""Questions of one tick are run together where that pays, and each gets its own answer."""

import asyncio

import numpy as np
import pytest
from tests.unit.serving.models import SLOT, Shelf, plan, question, says, serving, sleeping

from learnloop.api.predict import settled
from learnloop.serving.gathering import AT_ONCE
from learnloop.serving.served import ServedBy
from learnloop.serving.version import Cost


@pytest.fixture
def dear():
    """A quick model of which a batch is clearly cheaper."""
    shelf = Shelf("1")
    shelf.slow("1", 0.0003)
    served = serving(shelf, plan("1"), deadline_s=5.0)
    shelf.toy("1").misbehave = lambda inputs: None
    return shelf, served


async def asked(served, *numbers):
    slot = served.slot(SLOT)
    steps = [served.steps(slot, question(x), gatherer=served.gatherer) for x in numbers]
    return await asyncio.gather(*(settled(one) for one in steps))


def test_those_of_one_tick_are_run_together(dear):
    shelf, served = dear
    n_before = shelf.toy("1").n_calls
    found = asyncio.run(asked(served, *range(20)))
    assert shelf.toy("1").n_calls - n_before == 1
    for x, one in enumerate(found):
        assert (one.role, one.reasons) == (ServedBy.CHAMPION, ())
        np.testing.assert_array_equal(one.outputs["p"], says("1", question(x)["x"]))


def test_one_that_spoils_it_for_all_spoils_only_itself(dear):
    shelf, served = dear

    def poison(inputs):
        if (inputs["x"] == 7.0).any():
            raise RuntimeError("poison")

    shelf.toy("1").misbehave = poison
    found = asyncio.run(asked(served, *range(20)))
    assert [x for x, one in enumerate(found) if one.role is not ServedBy.CHAMPION] == [7]


def test_after_one_that_was_alone_the_next_are_answered_at_once(dear):
    _, served = dear
    version = served.slot(SLOT).champion

    async def one_by_one():
        for x in range(3):
            await asked(served, x)
        return await asked(served, *range(AT_ONCE))

    found = asyncio.run(one_by_one())
    assert len(found) == AT_ONCE
    assert served.gatherer._at_once[version] == 0 or served.gatherer._at_once[version] == AT_ONCE


def test_who_has_gone_keeps_nobody_from_an_answer(dear):
    _, served = dear

    async def leave():
        slot = served.slot(SLOT)
        tasks = [
            asyncio.create_task(settled(served.steps(slot, question(x), gatherer=served.gatherer)))
            for x in range(5)
        ]
        await asyncio.sleep(0)
        tasks[0].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    gone, *found = asyncio.run(leave())
    assert isinstance(gone, asyncio.CancelledError)
    assert {one.role for one in found} == {ServedBy.CHAMPION}


def test_a_model_that_is_cheap_or_slow_is_not_gathered():
    served = serving(Shelf("1"), plan("1"))
    version = served.slot(SLOT).champion
    version.cost, version.quick_rows = Cost(300.0, 5.0), 100
    assert served.gatherer.pays(version, 1)
    assert not served.gatherer.pays(version, 10)  # all together they would be no quick call
    version.cost = Cost(20.0, 0.1)
    assert not served.gatherer.pays(version, 1)
    version.cost, version.quick_rows = Cost(5000.0, 5.0), 0
    assert not served.gatherer.pays(version, 1)


def test_on_an_event_loop_a_slow_model_keeps_the_deadline():
    shelf = Shelf("1")
    shelf.slow("1", 0.01)
    served = serving(shelf, plan("1"), deadline_s=0.1)
    shelf.toy("1").misbehave = sleeping(1.0)

    async def ask():
        loop = asyncio.get_running_loop()
        start = loop.time()
        (found,) = await asked(served, 1.0)
        return found, loop.time() - start

    found, seconds = asyncio.run(ask())
    assert [r.detail["why"] for r in found.reasons] == ["late"]
    assert seconds < 0.6
