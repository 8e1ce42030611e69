"""An answer goes in: checked, stored once, folded in, joined to the decision that led to it."""

from dataclasses import replace

from learnloop.core.ids import DecisionId, InteractionId, ItemId, LearnerId
from learnloop.core.types import Metric
from tests.journeys.worlds import ADA, NOW, answer, small_world, stored_states


def test_the_same_answer_again_counts_once() -> None:
    engine = small_world("memory://")
    first = engine.record([answer(ADA, 1)])
    again = engine.record([answer(ADA, 1), answer(ADA, 1)])
    assert (first.accepted, first.duplicates) == (1, 0)
    assert (again.accepted, again.duplicates, again.rejected) == (0, 2, ())
    assert engine.profile(ADA).n_interactions == 1


def test_a_known_id_with_other_content_is_refused() -> None:
    engine = small_world("memory://")
    engine.record([answer(ADA, 1, correct=True)])
    receipt = engine.record([answer(ADA, 1, correct=False)])
    assert [(r.line, r.code) for r in receipt.rejected] == [(0, "conflicting_duplicate")]
    assert (receipt.accepted, receipt.duplicates) == (0, 0)


def test_ids_of_one_learner_say_nothing_of_another() -> None:
    engine = small_world("memory://")
    engine.record([answer(ADA, 1)])
    other = engine.record([answer(LearnerId("bo"), 1)])
    assert other.accepted == 1


def test_good_rows_of_a_bad_batch_are_kept() -> None:
    engine = small_world("memory://")
    batch = [
        answer(ADA, 1),
        answer(ADA, 2, item="no-such-item"),
        answer(LearnerId("nobody"), 3),
        replace(answer(ADA, 4), occurred_at=NOW.replace(year=2099)),
        answer(ADA, 5),
    ]
    receipt = engine.record(batch)
    assert receipt.accepted == 2
    assert [r.line for r in receipt.rejected] == [1, 2, 3]
    assert {r.code for r in receipt.rejected} >= {"unknown_item", "unknown_learner"}
    assert engine.profile(ADA).n_interactions == 2


def test_a_late_answer_gives_the_state_of_the_right_order() -> None:
    early, late = answer(ADA, 1, correct=False), answer(ADA, 2, correct=True)
    shuffled, ordered = small_world("memory://"), small_world("memory://")
    shuffled.record([late])
    shuffled.record([early])
    ordered.record([early, late])
    assert stored_states(shuffled) == stored_states(ordered)


def test_an_answer_is_joined_to_the_decision_that_led_to_it() -> None:
    engine = small_world("memory://")
    chosen = engine.generate_recommendations(ADA, n=2)
    item = chosen.recommendations[1].item.item_id
    engine.record([answer(ADA, 1, item=item, decision_id=chosen.decision_id)])
    with engine.store.begin(write=False) as tx:
        (outcome,) = tx.outcomes.of_decision(chosen.decision_id)
    assert (outcome.metric, outcome.position, outcome.value) == (Metric.CORRECT, 1, 1.0)


def test_an_unknown_decision_does_not_lose_the_answer() -> None:
    engine = small_world("memory://")
    receipt = engine.record([answer(ADA, 1, decision_id=DecisionId("gone"))])
    assert receipt.accepted == 1


def test_hostile_names_are_just_names() -> None:
    engine = small_world("memory://")
    odd = LearnerId("Robert'); DROP TABLE learners;-- <script>")
    receipt = engine.record(
        [replace(answer(odd, 1), interaction_id=InteractionId("x"), item_id=ItemId("count-0"))]
    )
    assert [r.code for r in receipt.rejected] == ["unknown_learner"]
    assert engine.profile(ADA).n_interactions == 0
