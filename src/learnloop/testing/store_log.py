"""Is the log append-only, exact about duplicates, and read in the one total order?"""

import threading
from dataclasses import replace
from itertools import count, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.errors import InvalidInput
from learnloop.core.ids import InteractionId, LearnerId
from learnloop.core.protocols import Store, Transaction
from learnloop.core.records import StoredState
from learnloop.core.types import Interaction, OrderKey, Ref
from learnloop.testing import builders as make
from learnloop.testing import strategies as odd_
from learnloop.testing.store_fixture import OnAStore, odd

ANA, BEN = LearnerId("ana"), LearnerId("ben")
_fresh = count()


class LogPromises(OnAStore):
    """What the log and the folded states must give back."""

    @odd
    @given(interaction=odd_.interactions)
    def test_an_interaction_comes_back_exactly(
        self, store: Store, interaction: Interaction
    ) -> None:
        learner_id = LearnerId(f"{interaction.learner_id} {next(_fresh)}")
        interaction = replace(interaction, learner_id=learner_id)
        others = [replace(interaction, interaction_id=InteractionId(f"2 {n}")) for n in range(2)]
        with store.begin() as tx:
            assert tx.interactions.append([interaction, *others]) == [True, True, True]
        with store.begin(write=False) as tx:
            found = tx.interactions.get(learner_id, [interaction.interaction_id])
            assert found == {interaction.interaction_id: interaction}
            assert set(tx.interactions.history(learner_id)) == {interaction, *others}

    def test_append_tells_what_was_new(self, store: Store) -> None:
        a, b, c = (make.an_answer(n) for n in range(3))
        with store.begin() as tx:
            assert tx.interactions.append([]) == []
            assert tx.interactions.append([a]) == [True]
            assert tx.interactions.append([a]) == [False]
        with store.begin() as tx:
            assert tx.interactions.append([b, a, c, b, a]) == [True, False, True, False, False]
            assert tx.interactions.append([a, b, c]) == [False, False, False]
            assert tx.interactions.count() == 3
            assert tx.interactions.history(ANA) == [a, b, c]

    def test_the_first_of_two_equal_ids_is_kept(self, store: Store) -> None:
        first, second = make.an_answer(1, correct=True), make.an_answer(1, correct=False)
        with store.begin() as tx:
            assert tx.interactions.append([first, second]) == [True, False]
            assert tx.interactions.append([second, first]) == [False, False]
            assert tx.interactions.history(ANA) == [first]

    def test_an_id_belongs_to_its_learner(self, store: Store) -> None:
        hers, his = make.an_answer(1, "ana"), make.an_answer(1, "ben")
        with store.begin() as tx:
            assert tx.interactions.append([hers, his]) == [True, True]
            assert tx.interactions.history(ANA) == [hers]
            assert tx.interactions.get(BEN, [hers.interaction_id]) == {his.interaction_id: his}
            assert tx.interactions.count() == 2

    def test_get_finds_those_that_exist(self, store: Store) -> None:
        a, b = make.an_answer(0), make.an_answer(1)
        with store.begin() as tx:
            tx.interactions.append([a, b])
            ids = [InteractionId("i1"), InteractionId("i7"), InteractionId("i1")]
            assert tx.interactions.get(ANA, iter(ids)) == {"i1": b}
            assert tx.interactions.get(ANA, []) == {}
            assert tx.interactions.get(BEN, ids) == {}

    def test_history_has_one_total_order_whatever_the_arrival(self, store: Store) -> None:
        a = make.an_answer(0, minutes=0)
        b = replace(make.an_answer(1, minutes=5), sequence=-1)
        c = replace(make.an_answer(10, minutes=5), interaction_id=InteractionId("B"))
        d = replace(make.an_answer(9, minutes=5), interaction_id=InteractionId("a"))
        e = replace(make.an_answer(0, minutes=5), interaction_id=InteractionId("\U0001f600"))
        f = replace(make.an_answer(2, minutes=5), sequence=2)
        ordered = [a, b, c, d, e, f]
        assert ordered == sorted(ordered, key=lambda i: i.order)
        for n, arrival in enumerate(permutations(ordered, 6)):
            if n % 60 == 0:
                learner_id = LearnerId(f"learner {n}")
                with store.begin() as tx:
                    tx.interactions.append([replace(i, learner_id=learner_id) for i in arrival])
                    history = tx.interactions.history(learner_id)
                assert [i.order for i in history] == [i.order for i in ordered]

    def test_history_goes_on_behind_a_key(self, store: Store) -> None:
        all_ = [make.an_answer(n, minutes=n // 3) for n in range(9)]
        with store.begin() as tx:
            tx.interactions.append([*all_, make.an_answer(3, "ben")])
            assert tx.interactions.history(ANA, limit=0) == []
            assert tx.interactions.history(ANA, limit=4) == all_[:4]
            for n, interaction in enumerate(all_):
                assert tx.interactions.history(ANA, interaction.order) == all_[n + 1 :]
                assert tx.interactions.history(ANA, interaction.order, 2) == all_[n + 1 : n + 3]
            before_all = OrderKey(-(2**63), -(2**63), "")
            assert tx.interactions.history(ANA, before_all) == all_
            between = all_[3].order._replace(interaction_id="i30")
            assert tx.interactions.history(ANA, between) == all_[4:]

    def test_latest_comes_newest_first(self, store: Store) -> None:
        all_ = [make.an_answer(n, minutes=n // 3) for n in range(9)]
        with store.begin() as tx:
            assert tx.interactions.latest(ANA, 3) == []
            tx.interactions.append(all_)
            assert tx.interactions.latest(ANA, 4) == all_[:-5:-1]
            assert tx.interactions.latest(ANA, 99) == all_[::-1]
            assert tx.interactions.latest(ANA, 0) == []

    def test_a_score_that_is_no_number_is_refused_with_its_batch(self, store: Store) -> None:
        wrong = replace(make.an_answer(1), score=float("nan"))
        with pytest.raises(InvalidInput), store.begin() as tx:
            tx.interactions.append([make.an_answer(0), wrong])
        with store.begin(write=False) as tx:
            assert tx.interactions.count() == 0

    def test_a_number_too_large_for_the_store_is_refused(self, store: Store) -> None:
        wrong = replace(make.an_answer(1), sequence=2**70)
        try:
            with store.begin() as tx:
                tx.interactions.append([make.an_answer(0), wrong])
        except InvalidInput:
            with store.begin(write=False) as tx:
                assert tx.interactions.count() == 0
        else:
            with store.begin(write=False) as tx:
                assert tx.interactions.history(ANA)[-1] == wrong

    @odd
    @given(
        batches=st.lists(st.lists(st.integers(0, 12), max_size=8), max_size=6),
    )
    def test_any_batches_keep_every_row_once(self, store: Store, batches: list[list[int]]) -> None:
        learner = f"learner {next(_fresh)}"
        seen: set[int] = set()
        for batch in batches:
            expected = [n not in seen and n not in batch[:at] for at, n in enumerate(batch)]
            seen.update(batch)
            with store.begin() as tx:
                rows = [make.an_answer(n, learner) for n in batch]
                assert tx.interactions.append(rows) == expected
        with store.begin(write=False) as tx:
            history = tx.interactions.history(LearnerId(learner))
        assert history == [make.an_answer(n, learner) for n in sorted(seen)]

    def test_writers_of_the_same_rows_share_them_out(self, store: Store) -> None:
        n_rows, n_writers = 40, 4
        rows = [make.an_answer(n) for n in range(n_rows)]
        news: list[list[bool]] = [[] for _ in range(n_writers)]
        start = threading.Barrier(n_writers)

        def write(writer: int) -> None:
            start.wait()
            for at in range(0, n_rows, 10):
                batch = rows[at : at + 10]
                # Every other writer sends its batch backwards.
                step = -1 if writer % 2 else 1
                with store.begin() as tx:
                    news[writer] += tx.interactions.append(batch[::step])[::step]

        writers = [threading.Thread(target=write, args=(w,)) for w in range(n_writers)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert [sum(column) for column in zip(*news, strict=True)] == [1] * n_rows
        with store.begin(write=False) as tx:
            assert tx.interactions.history(ANA) == rows

    # --- states ---------------------------------------------------------------------------------

    @odd
    @given(state=odd_.states)
    def test_a_state_comes_back_exactly(self, store: Store, state: StoredState) -> None:
        with store.begin() as tx:
            tx.states.put([state])
        with store.begin(write=False) as tx:
            assert tx.states.get(state.learner_id, [state.ref]) == {state.ref: state}

    def test_cleared_states_are_gone_and_an_undone_clearing_never_was(self, store: Store) -> None:
        """Of every learner and ref; a savepoint brings them back."""
        state = make.a_state()
        with store.begin() as tx:
            tx.states.put([state])
            with pytest.raises(ZeroDivisionError):
                _clear_and_fail(tx)
        with store.begin() as tx:
            assert tx.states.get(state.learner_id, [state.ref]) == {state.ref: state}
            tx.states.clear()
        with store.begin(write=False) as tx:
            assert tx.states.get(state.learner_id, [state.ref]) == {}

    def test_dropped_states_are_those_of_one_ref(self, store: Store) -> None:
        old, new = Ref("m", "1"), Ref("m", "2")
        with store.begin() as tx:
            tx.states.put([make.a_state(who, ref) for who in ("ana", "ben") for ref in (old, new)])
            tx.states.drop(old)
            tx.states.drop(Ref("other", "1"))
        with store.begin(write=False) as tx:
            for who in (ANA, BEN):
                assert list(tx.states.get(who, [old, new])) == [new]

    def test_states_are_kept_by_learner_and_ref(self, store: Store) -> None:
        old, new, other = Ref("m", "1"), Ref("m", "2"), Ref("other", "1")
        with store.begin() as tx:
            tx.states.put([])
            tx.states.put([make.a_state(ref=old), make.a_state(ref=new, n=2)])
            tx.states.put([make.a_state("ben", old, n=3)])
            assert tx.states.get(ANA, []) == {}
            assert tx.states.get(ANA, [other]) == {}
            assert tx.states.get(ANA, [new]) == {new: make.a_state(ref=new, n=2)}
            assert tx.states.get(ANA, [old, new, other]) == {
                old: make.a_state(ref=old),
                new: make.a_state(ref=new, n=2),
            }
            assert tx.states.get(BEN, [old, new]) == {old: make.a_state("ben", old, n=3)}

    def test_putting_a_state_again_replaces(self, store: Store) -> None:
        with store.begin() as tx:
            tx.states.put([make.a_state(n=1)])
            tx.states.put([make.a_state(n=2), make.a_state("ben", n=1)])
            tx.states.put([make.a_state(n=3, blob=b""), make.a_state(n=4, blob=b"x" * 100_000)])
            found = tx.states.get(ANA, [make.MODEL])
        assert found == {make.MODEL: make.a_state(n=4, blob=b"x" * 100_000)}

    def test_a_ref_with_an_at_sign_in_its_version_is_refused(self, store: Store) -> None:
        with pytest.raises(InvalidInput), store.begin() as tx:
            tx.states.put([make.a_state(ref=Ref("m", "1@2"))])


def _clear_and_fail(tx: Transaction) -> None:
    with tx.savepoint():
        tx.states.clear()
        raise ZeroDivisionError
