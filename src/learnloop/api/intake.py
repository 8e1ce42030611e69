"""What becomes of a body of interactions? Decoded, limited to whom the key may see, recorded.

One object is taken whole or refused with a status; of an array the good elements are kept, and the
receipt names the others. A learner's key that names another learner is told that there is no such
learner, as it would be if there were none. Nor may it say that its learner was right: where an item
has an answer key, the grade is given here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from learnloop.api import twins
from learnloop.catalog.grading import grade
from learnloop.core.errors import InvalidInput, Rejection
from learnloop.core.ids import ItemId, LearnerId
from learnloop.core.protocols import Transaction
from learnloop.core.records import ApiKey, Role
from learnloop.core.types import Interaction, InteractionKind, Item
from learnloop.events import native
from learnloop.journeys.live import Live
from learnloop.journeys.record import record


@dataclass(frozen=True, slots=True)
class Intake:
    """Interactions of one request, ready to be recorded inside a transaction.

    Attributes:
        good: The well-formed interactions, each with its index in the body.
        answers: What was answered, by index.
        is_own: A learner speaks of themselves.
        rejected: The other elements.
        single: The body was one object.
    """

    good: Sequence[tuple[int, Interaction]]
    answers: dict[int, str]
    is_own: bool
    rejected: Sequence[Rejection]
    single: bool

    @classmethod
    def of(cls, key: ApiKey, batch: native.Batch) -> "Intake":
        """Take a decoded body.

        Raises:
            InvalidInput: The body was one object and it was refused.
        """
        good, rejected = native.to_interactions(batch)
        answers = {
            index: given.answer
            for index, given in zip(batch.indices, batch.given, strict=True)
            if given.answer is not None and given.kind is InteractionKind.ANSWERED
        }
        is_own = key.role is Role.LEARNER
        if is_own:
            rejected += [_unseen(i, x) for i, x in good if x.learner_id != key.learner_id]
            good = [(i, x) for i, x in good if x.learner_id == key.learner_id]
        intake = cls(good, answers, is_own, rejected, batch.single)
        intake.refuse_single(rejected)
        return intake

    @property
    def learners(self) -> list[LearnerId]:
        """Whom it is about."""
        return list({x.learner_id for _, x in self.good})

    @property
    def weight(self) -> int:
        """How many changes it makes, roughly."""
        return max(1, len(self.good))

    def record(self, live: Live, tx: Transaction) -> twins.ReceiptTwin:
        """Record it and say what became of each element.

        Raises:
            LearnloopError: The body was one object and it was refused.
        """
        ready, refused = self._graded(live)
        receipt = record(live, tx, [x for _, x in ready], [i for i, _ in ready])
        wrong = [*refused, *receipt.rejected]
        if self.single and wrong and not tx.learners.known(self.learners):
            wrong = [_unseen(*self.good[0])]  # who it is about comes before what is wrong with it
        self.refuse_single(wrong)
        return twins.receipt_out(receipt, [*self.rejected, *refused])

    def results(self, live: Live) -> Iterator[tuple[LearnerId, ItemId, bool]]:
        """Whose answer to what was right, and whose was wrong."""
        for _, x in self._graded(live)[0]:
            if x.kind is InteractionKind.ANSWERED and x.correct is not None:
                yield x.learner_id, x.item_id, x.correct

    def refuse_single(self, rejected: Sequence[Rejection]) -> None:
        """Raise what is wrong with a body that is one object."""
        if self.single and rejected:
            error = InvalidInput(rejected[0].message, field=rejected[0].field)
            error.code = rejected[0].code
            raise error

    def _graded(self, live: Live) -> tuple[list[tuple[int, Interaction]], list[Rejection]]:
        ready, refused = [], []
        for index, interaction in self.good:
            row = live.items.row_of.get(interaction.item_id)
            if row is None:
                ready.append((index, interaction))  # refused where it is recorded
                continue
            try:
                ready.append((index, self._judged(index, interaction, live.items.items[row])))
            except InvalidInput as error:
                refused.append(Rejection(index, error.code, error.message, error.field or "answer"))
        return ready, refused

    def _judged(self, index: int, interaction: Interaction, item: Item) -> Interaction:
        """The interaction with its grade: the sender's word, or ours."""
        answer = self.answers.get(index)
        is_judged = interaction.correct is not None or interaction.score is not None
        is_ours = self.is_own and item.answer is not None
        if answer is not None and (is_ours or not is_judged):
            return replace(interaction, correct=grade(item, answer), score=None)
        if is_judged and is_ours:
            message = f"item {item.item_id!r} is graded here; send answer, not correct or score"
            raise InvalidInput(f"answer: {message}", field="answer")
        return interaction


def _unseen(index: int, interaction: Interaction) -> Rejection:
    message = (
        f"learner_id: no learner {interaction.learner_id!r}; create the learner first (PUT profile)"
    )
    return Rejection(index, "unknown_learner", message, "learner_id")
