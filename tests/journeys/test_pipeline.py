"""Do the two calls of an embedding platform do what the engine would?"""

from datetime import timedelta

from learnloop import PersonalizationDataPipeline
from learnloop.core.ids import LearnerId
from learnloop.core.registry import ESTIMATOR, ModelRole
from learnloop.core.time import ManualClock

from .many_learners import logs, school
from .worlds import ADA, answer, small_world


def test_interactions_go_in_and_features_come_out() -> None:
    engine = small_world("memory://")
    pipeline = PersonalizationDataPipeline(engine)
    stranger = answer(LearnerId("nobody"), 0)
    done = pipeline.process_user_data([answer(ADA, 0), answer(ADA, 1), stranger])
    assert (done.receipt.accepted, len(done.receipt.rejected)) == (2, 1)
    assert set(done.features) == {ADA}
    assert done.features[ADA].n_interactions == 2
    again = pipeline.process_user_data([answer(ADA, 0)])
    assert (again.receipt.accepted, again.receipt.duplicates) == (0, 1)


def test_models_are_updated_where_it_pays() -> None:
    engine = school("memory://", logs(120, 0))
    pipeline = PersonalizationDataPipeline(engine)
    (first,) = pipeline.update_models()
    assert first.slot == ESTIMATOR
    with engine.store.begin(write=False) as tx:
        champion = tx.models.alias(ESTIMATOR, ModelRole.CHAMPION)
    assert (champion == first.challenger.model) == first.promoted
    assert isinstance(engine.clock, ManualClock)
    engine.clock.advance(hours=1)
    (second,) = pipeline.update_models(["ability"], window=timedelta(days=14))
    assert second.window_days == 14
    assert second.n_answers < first.n_answers
