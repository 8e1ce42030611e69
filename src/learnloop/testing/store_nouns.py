"""Does every noun come back exactly as it was put? Each field, odd values, each repository."""

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given

from learnloop.core.artifact import digest
from learnloop.core.errors import ConflictingDuplicate, InvalidInput, NotFound
from learnloop.core.ids import DecisionId, KeyId, LearnerId, OutcomeId
from learnloop.core.protocols import Store
from learnloop.core.records import ApiKey, AuditEntry, LearningPath, StoredReply
from learnloop.core.registry import Alias, AliasChange, ModelRecord, ModelRole
from learnloop.core.types import Course, Decision, Item, Learner, Outcome, Ref, Skill
from learnloop.testing import builders as make
from learnloop.testing import strategies as odd_
from learnloop.testing.store_fixture import OnAStore, odd

ANA = LearnerId("ana")
_fresh = count()


class NounPromises(OnAStore):
    """What a repository must give back."""

    # --- learners -------------------------------------------------------------------------------

    @odd
    @given(learner=odd_.learners)
    def test_a_learner_comes_back_exactly(self, store: Store, learner: Learner) -> None:
        with store.begin() as tx:
            tx.learners.put(learner)
        with store.begin(write=False) as tx:
            assert tx.learners.get(learner.learner_id) == learner
            assert tx.learners.known([learner.learner_id]) == {learner.learner_id}

    def test_an_unknown_learner_is_none(self, store: Store) -> None:
        with store.begin(write=False) as tx:
            assert tx.learners.get(ANA) is None
            assert tx.learners.known([ANA]) == set()
            assert tx.learners.known([]) == set()
            assert tx.learners.page(None, 10) == []

    def test_putting_a_learner_again_replaces(self, store: Store) -> None:
        with store.begin() as tx:
            tx.learners.put(make.a_learner(version=1))
            tx.learners.put(make.a_learner(version=2))
            assert tx.learners.get(ANA) == make.a_learner(version=2)
            assert tx.learners.page(None, 10) == [make.a_learner(version=2)]

    def test_pages_walk_all_learners_by_code_point(self, store: Store) -> None:
        names = sorted(["b", "B", "a", "ä", "Z", "_", "10", "9", "\U0001f600", "\uffee", "a b"])
        with store.begin() as tx:
            for name in reversed(names):
                tx.learners.put(make.a_learner(name))
        seen: list[str] = []
        with store.begin(write=False) as tx:
            while page := tx.learners.page(LearnerId(seen[-1]) if seen else None, 3):
                seen += [learner.learner_id for learner in page]
        assert seen == names

    def test_known_names_those_that_exist(self, store: Store) -> None:
        with store.begin() as tx:
            tx.learners.put(make.a_learner("ana"))
            tx.learners.put(make.a_learner("123"))
            asked = [LearnerId(name) for name in ("ana", "ben", "123", "ana")]
            assert tx.learners.known(iter(asked)) == {"ana", "123"}
            tx.learners.lock(iter(asked))
            tx.learners.lock([])

    def test_known_takes_many_ids(self, store: Store) -> None:
        with store.begin() as tx:
            tx.learners.put(make.a_learner("l7"))
            assert tx.learners.known(LearnerId(f"l{n}") for n in range(40_000)) == {"l7"}

    def test_a_goal_that_is_no_number_is_refused(self, store: Store) -> None:
        learner = make.a_learner()
        wrong = replace(learner, goals=replace(learner.goals, target_mastery=float("nan")))
        with pytest.raises(InvalidInput), store.begin() as tx:
            tx.learners.put(wrong)

    # --- the catalog ----------------------------------------------------------------------------

    @odd
    @given(course=odd_.courses, skill=odd_.skills, item=odd_.items)
    def test_a_catalog_comes_back_exactly(
        self, store: Store, course: Course, skill: Skill, item: Item
    ) -> None:
        with store.begin() as tx:
            tx.catalog.put([course], [skill], [item])
        with store.begin(write=False) as tx:
            courses, skills, items = tx.catalog.load()
        assert course in courses
        assert skill in skills
        assert item in items

    def test_the_catalog_keeps_the_order_of_first_puts(self, store: Store) -> None:
        with store.begin() as tx:
            tx.catalog.put([], [], [make.an_item("z"), make.an_item("a")])
        with store.begin() as tx:
            changed = make.an_item("a", "addition")
            tx.catalog.put([make.a_course()], [make.a_skill()], [make.an_item("m"), changed])
        with store.begin(write=False) as tx:
            courses, skills, items = tx.catalog.load()
        assert courses == [make.a_course()]
        assert skills == [make.a_skill()]
        assert items == [make.an_item("z"), changed, make.an_item("m")]

    def test_the_version_changes_with_every_put(self, store: Store) -> None:
        with store.begin() as tx:
            versions = [tx.catalog.version()]
            for item in (make.an_item("a"), make.an_item("b"), make.an_item("a")):
                versions.append(tx.catalog.put([], [], [item]))
                assert tx.catalog.version() == versions[-1]
        assert versions[0] == "0"
        assert len(set(versions)) == len(versions)

    def test_a_put_undone_and_another_have_different_versions(self, store: Store) -> None:
        with pytest.raises(KeyError), store.begin() as tx:  # noqa: PT012
            undone = tx.catalog.put([], [], [make.an_item("a")])
            raise KeyError
        with store.begin() as tx:
            assert tx.catalog.version() == "0"
            assert tx.catalog.load() == ([], [], [])
            assert tx.catalog.put([], [], [make.an_item("b")]) != undone

    # --- keys and classes -----------------------------------------------------------------------

    @odd
    @given(key=odd_.keys)
    def test_a_key_comes_back_exactly(self, store: Store, key: ApiKey) -> None:
        n = next(_fresh)
        key = replace(key, key_id=KeyId(f"{key.key_id} {n}"), digest=f"{key.digest} {n}")
        with store.begin() as tx:
            tx.accounts.add_key(key)
        with store.begin(write=False) as tx:
            assert tx.accounts.find_key(key.digest) == key
            assert key in list(tx.accounts.keys())

    def test_a_key_is_added_once_and_can_be_revoked(self, store: Store) -> None:
        key = make.a_key("k1")
        with store.begin() as tx:
            assert tx.accounts.find_key(key.digest) is None
            assert tx.accounts.keys() == []
            tx.accounts.add_key(key)
            tx.accounts.add_key(make.a_key("k0"))
            tx.accounts.revoke_key(key.key_id, make.NOON)
            revoked = replace(key, revoked_at=make.NOON)
            assert tx.accounts.find_key(key.digest) == revoked
            assert tx.accounts.keys() == [make.a_key("k0"), revoked]

    @pytest.mark.parametrize("again", [make.a_key("k1", digest="x"), make.a_key("k2")])
    def test_a_key_or_digest_that_exists_is_refused(self, store: Store, again: ApiKey) -> None:
        with store.begin() as tx:
            tx.accounts.add_key(make.a_key("k1", digest="digest of k2"))
        with pytest.raises(ConflictingDuplicate), store.begin() as tx:
            tx.accounts.add_key(again)

    def test_an_unknown_key_cannot_be_revoked(self, store: Store) -> None:
        with pytest.raises(NotFound), store.begin() as tx:
            tx.accounts.revoke_key(KeyId("nobody's"), make.NOON)

    def test_classes_have_members(self, store: Store) -> None:
        with store.begin() as tx:
            for name in ("ben", "ana", "ben"):
                tx.accounts.add_member("7b", LearnerId(name))
            assert tx.accounts.members("7b") == ["ana", "ben"]
            assert tx.accounts.is_member("7b", ANA)
            assert not tx.accounts.is_member("7c", ANA)
            assert not tx.accounts.is_member("7b", LearnerId("eve"))
            assert tx.accounts.members("7c") == []

    # --- decisions, outcomes, paths -------------------------------------------------------------

    @odd
    @given(decision=odd_.decisions)
    def test_a_decision_comes_back_exactly(self, store: Store, decision: Decision) -> None:
        decision = replace(
            decision, decision_id=DecisionId(f"{decision.decision_id} {next(_fresh)}")
        )
        with store.begin() as tx:
            tx.decisions.append(decision)
        with store.begin(write=False) as tx:
            assert tx.decisions.get(decision.decision_id) == decision
            assert decision in tx.decisions.latest(decision.learner_id, 1000)

    def test_latest_decisions_come_newest_first(self, store: Store) -> None:
        with store.begin() as tx:
            assert tx.decisions.get(DecisionId("d0")) is None
            for n in (1, 0, 2):
                tx.decisions.append(make.a_decision(f"d{n}", minutes=n))
            tx.decisions.append(make.a_decision("other", "ben", minutes=9))
            latest = tx.decisions.latest(ANA, 2)
        assert [d.decision_id for d in latest] == ["d2", "d1"]

    def test_a_decision_is_logged_once(self, store: Store) -> None:
        with store.begin() as tx:
            tx.decisions.append(make.a_decision())
        with pytest.raises(ConflictingDuplicate), store.begin() as tx:
            tx.decisions.append(make.a_decision(minutes=5))

    @pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
    def test_a_decision_with_no_number_is_refused(self, store: Store, wrong: float) -> None:
        decision = make.a_decision()
        (choice,) = decision.choices
        reason = replace(choice.reasons[0], detail={"p": wrong})
        for bad in (replace(choice, score=wrong), replace(choice, reasons=(reason,))):
            with pytest.raises(InvalidInput), store.begin() as tx:
                tx.decisions.append(replace(decision, choices=(bad,)))

    @odd
    @given(outcome=odd_.outcomes)
    def test_an_outcome_comes_back_exactly(self, store: Store, outcome: Outcome) -> None:
        outcome = replace(outcome, outcome_id=OutcomeId(f"{outcome.outcome_id} {next(_fresh)}"))
        with store.begin() as tx:
            assert tx.outcomes.append([outcome]) == [True]
        with store.begin(write=False) as tx:
            assert outcome in tx.outcomes.of_decision(outcome.decision_id)

    def test_outcomes_are_kept_once_in_the_order_observed(self, store: Store) -> None:
        first, second = make.an_outcome("o2", minutes=1), make.an_outcome("o1", minutes=2)
        with store.begin() as tx:
            assert tx.outcomes.append([second, first, second]) == [True, True, False]
            assert tx.outcomes.append([replace(first, value=0.0)]) == [False]
            assert tx.outcomes.append([]) == []
            assert tx.outcomes.of_decision(DecisionId("d1")) == [first, second]
            assert tx.outcomes.of_decision(DecisionId("d2")) == []

    @odd
    @given(path=odd_.paths)
    def test_a_path_comes_back_exactly(self, store: Store, path: LearningPath) -> None:
        with store.begin() as tx:
            tx.paths.put(make.a_path(path.learner_id))
            tx.paths.put(path)
        with store.begin(write=False) as tx:
            assert tx.paths.get(path.learner_id) == path

    def test_an_unknown_path_is_none(self, store: Store) -> None:
        with store.begin(write=False) as tx:
            assert tx.paths.get(ANA) is None

    # --- models, replies, audit -----------------------------------------------------------------

    @odd
    @given(record=odd_.models)
    def test_a_model_comes_back_exactly(self, store: Store, record: ModelRecord) -> None:
        with store.begin() as tx:
            tx.models.put(record)
        with store.begin(write=False) as tx:
            assert tx.models.get(record.ref) == record
            assert record in tx.models.list()
        with store.begin() as tx:
            tx.models.remove(record.ref)
            assert tx.models.get(record.ref) is None

    def test_models_are_listed_newest_first(self, store: Store) -> None:
        old, new = make.a_model(Ref("m", "2")), make.a_model(Ref("m", "1"), minutes=1)
        with store.begin() as tx:
            assert tx.models.get(old.ref) is None
            tx.models.put(new)
            tx.models.put(old)
            assert tx.models.list() == [new, old]

    @odd
    @given(change=odd_.alias_changes)
    def test_a_change_of_an_alias_comes_back_exactly(
        self, store: Store, change: AliasChange
    ) -> None:
        with store.begin() as tx:
            before = tx.models.revision()
            tx.models.change(change)
        with store.begin(write=False) as tx:
            assert tx.models.alias(change.slot, change.role) == change.ref
            assert tx.models.changes(change.slot, 1) == [change]
            assert tx.models.revision() > before

    def test_each_slot_has_its_own_roles(self, store: Store) -> None:
        first, second = Ref("m", "1"), Ref("m", "2")
        changes = [
            make.a_change(first),
            make.a_change(second, ModelRole.SHADOW),
            make.a_change(second),
            make.a_change(first, slot="other"),
        ]
        with store.begin() as tx:
            assert tx.models.revision() == 0
            assert tx.models.alias("slot", ModelRole.CHAMPION) is None
            for change in changes:
                tx.models.change(change)
            assert tx.models.aliases() == [
                Alias("other", ModelRole.CHAMPION, first),
                Alias("slot", ModelRole.CHAMPION, second),
                Alias("slot", ModelRole.SHADOW, second),
            ]
            assert tx.models.changes("slot", 2) == [changes[2], changes[1]]
            tx.models.change(make.a_change(None, ModelRole.SHADOW))
            assert tx.models.alias("slot", ModelRole.SHADOW) is None
            assert len(tx.models.aliases()) == 2

    def test_a_share_above_one_is_refused(self, store: Store) -> None:
        with pytest.raises(InvalidInput, match="share"), store.begin() as tx:
            tx.models.change(replace(make.a_change(), share=1.5))

    @odd
    @given(data=odd_.blobs)
    def test_a_file_comes_back_by_its_hash(self, store: Store, data: bytes) -> None:
        with store.begin() as tx:
            sha256 = tx.files.put(data)
            assert sha256 == digest(data) == tx.files.put(data)
        with store.begin() as tx:
            assert tx.files.get(sha256) == data
            assert sha256 in tx.files.hashes()
            tx.files.remove(sha256)
            assert tx.files.get(sha256) is None

    def test_a_version_with_an_at_sign_is_refused(self, store: Store) -> None:
        with pytest.raises(InvalidInput), store.begin() as tx:
            tx.models.put(make.a_model(Ref("m", "1@2")))

    @odd
    @given(reply=odd_.replies, scope=odd_.texts, key=odd_.texts)
    def test_a_reply_comes_back_exactly(
        self, store: Store, reply: StoredReply, scope: str, key: str
    ) -> None:
        scope = f"{scope} {next(_fresh)}"
        with store.begin() as tx:
            assert tx.replies.get(scope, key) is None
            tx.replies.put(scope, key, reply)
        with store.begin(write=False) as tx:
            assert tx.replies.get(scope, key) == reply

    def test_the_first_reply_stays_until_it_is_purged(self, store: Store) -> None:
        with store.begin() as tx:
            tx.replies.put("s", "k", make.a_reply())
            tx.replies.put("s", "k", make.a_reply(minutes=1, body=b"another"))
            tx.replies.put("s", "later", make.a_reply(minutes=2))
            assert tx.replies.get("s", "k") == make.a_reply()
            assert tx.replies.purge(make.NOON) == 0
            assert tx.replies.purge(make.NOON + timedelta(minutes=1)) == 1
            assert tx.replies.get("s", "k") is None
            assert tx.replies.get("s", "later") is not None

    @odd
    @given(entry=odd_.entries)
    def test_an_audit_entry_comes_back_exactly(self, store: Store, entry: AuditEntry) -> None:
        with store.begin() as tx:
            tx.audit.append(entry)
        with store.begin(write=False) as tx:
            assert tx.audit.latest(1) == [entry]

    def test_audit_entries_come_newest_first(self, store: Store) -> None:
        with store.begin() as tx:
            assert tx.audit.latest(5) == []
            # Equal and falling times: the order is that of the appends.
            for subject, minutes in (("a", 0), ("b", 0), ("c", -1)):
                tx.audit.append(make.an_entry(subject, minutes=minutes))
            assert [entry.subject for entry in tx.audit.latest(2)] == ["c", "b"]

    # --- text that no database keeps ------------------------------------------------------------

    @pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800", "x\udfff"])
    def test_text_that_cannot_be_kept_is_refused_whole(self, store: Store, text: str) -> None:
        learner_id = LearnerId(text)
        try:
            with store.begin() as tx:
                tx.learners.put(make.a_learner("first"))
                tx.learners.put(make.a_learner(learner_id))
        except InvalidInput:
            with store.begin(write=False) as tx:
                assert tx.learners.page(None, 9) == []
        else:
            with store.begin(write=False) as tx:
                assert tx.learners.get(learner_id) == make.a_learner(learner_id)
