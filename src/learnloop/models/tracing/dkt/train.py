"""How does deep knowledge tracing learn? Windows through two LSTM layers, by the shared loop."""

import inspect
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from learnloop import metrics
from learnloop.core.answers import AnswerLog
from learnloop.core.arrays import Arrays
from learnloop.core.types import Floats, Ints
from learnloop.models.tracing.dkt.columns import SCORED, Columns
from learnloop.models.tracing.dkt.config import Config
from learnloop.models.tracing.dkt.encoding import N_ASKED, N_TIMES
from learnloop.models.tracing.dkt.facts import N_FACTS, Facts, by_item, fit_facts, of_others
from learnloop.models.tracing.dkt.spread import Spread, spread_of
from learnloop.models.tracing.dkt.state import PARTS
from learnloop.models.tracing.held_back import validates
from learnloop.models.tracing.platt import platt
from learnloop.models.tracing.sequences import Vocabulary
from learnloop.models.train.batches import collate, n_rows
from learnloop.models.train.checkpoint import Checkpoints
from learnloop.models.train.config import TrainerConfig
from learnloop.models.train.export import Exported, export
from learnloop.models.train.loop import ModelTrainer, Report, Tracker
from learnloop.models.train.tasks import Batch, Observed, Task

PREDICTED, BEFORE, AFTER = range(3)
N_EXAMPLES: Final = 64
LONGER: Final = 5
"""How many times longer validation windows are than those of training."""
_SHAPES: Final = ((1, 1), (2, 1), (32, 1))
_LAYERS: Final = ("first.", "second.")
_LAST: Final = (
    "of_skill.weight",
    "of_item.weight",
    "of_item.bias",
    "of_asked.weight",
    "of_asked.bias",
)


class Tracer(nn.Module):
    """From rows to the logit of each answer, said before it.

    Args:
        n_items: Item codes, that of unknown ones included.
        n_skills: Skill codes, likewise.
        mu: Logit of an average answer.
        config: Widths and dropout.
    """

    def __init__(self, n_items: int, n_skills: int, mu: float, config: Config) -> None:
        super().__init__()
        wide, own, hidden = config.embedding, config.item_embedding, config.hidden
        self.config = config
        self.skill = nn.Embedding(n_skills, wide)
        self.correct = nn.Embedding(3, wide)
        self.item = nn.Embedding(n_items, own)
        self.first = nn.LSTM(3 * wide + 2 * own + 2 * N_FACTS + N_TIMES, hidden, batch_first=True)
        self.second = nn.LSTM(hidden, hidden, batch_first=True)
        self.of_skill = nn.Embedding(n_skills, hidden + 1)
        self.of_item = nn.Linear(hidden, own)
        self.of_asked = nn.Linear(hidden, N_ASKED)
        with torch.no_grad():
            for table in (self.skill, self.correct):
                table.weight.normal_(0.0, 0.3)
            for table in (self.of_skill, self.item):
                table.weight.normal_(0.0, 0.05)
            for last in (self.of_item, self.of_asked):
                last.weight.mul_(0.1)
                last.bias.zero_()
            # At first an answer is as likely as for others on the item.
            self.of_asked.bias[:3] = torch.tensor([mu, 1.0, 1.0])

    def rows(
        self, item: Tensor, skills: Tensor, share: Tensor, sign: Tensor, facts: Tensor, gap: Tensor
    ) -> Tensor:
        """(B, T, n_inputs) what the first layer is told of each row.

        Args:
            item: (B, T) codes.
            skills: (B, T, K) codes.
            share: (B, T, K) what each counts.
            sign: (B, T) 1 right, -1 wrong, 0 studied.
            facts: (B, T, N_FACTS).
            gap: (B, T, N_TIMES).
        """
        skill = (self.skill(skills) * share[..., None]).sum(-2)  # (B, T, E)
        correct = self.correct((sign + 1).long())
        own, sign = self.item(item), sign[..., None]
        parts = [skill, correct, sign * skill, own, sign * own, facts, sign * facts, gap]
        return torch.cat(parts, -1)

    def forward(
        self,
        item: Tensor,
        skills: Tensor,
        share: Tensor,
        sign: Tensor,
        facts: Tensor,
        gap: Tensor,
        wait: Tensor,
        traces: Tensor,
        before: Tensor,
    ) -> Tensor:
        """(B, T, 3) logits of each row's answer: as predicted, and right before and after it.

        Args:
            wait: (B, T, N_TIMES) since the last row that is known.
            traces: (B, T, 3, N_TRACES) as known for each of the three.
            before: (B, T) place of the last row that is known, -1 at the start.
        """
        item, skills, share, facts = self._hidden(item, skills, share, facts)
        hidden = self._layers(self.rows(item, skills, share, sign, facts, gap))  # (B, T, H)
        start = functional.pad(hidden, (0, 0, 1, 0))  # place -1 is the start
        index = (before + 1)[..., None].expand(-1, -1, hidden.shape[-1])
        units = torch.stack([start.gather(1, index), start[:, :-1], hidden], -2)  # (B, T, 3, H)
        since = torch.stack([wait, gap, torch.zeros_like(wait)], -2)
        same = torch.cat([torch.ones_like(facts[..., :1]), facts], -1)[:, :, None]
        asked = torch.cat([same.expand(-1, -1, 3, -1), since, traces], -1)  # (B, T, 3, N_ASKED)
        of_skill = (self.of_skill(skills) * share[..., None]).sum(-2)[:, :, None]
        found = (of_skill[..., :-1] * units).sum(-1) + of_skill[..., -1]
        found = found + (self.item(item)[:, :, None] * self.of_item(units)).sum(-1)
        logit: Tensor = found + (asked * self.of_asked(units)).sum(-1)
        return logit

    def _layers(self, rows: Tensor) -> Tensor:
        hidden = self._dropped(self.first(rows)[0])
        return self._dropped(self.second(hidden)[0])

    def _dropped(self, units: Tensor) -> Tensor:
        """The same units over a whole sequence, so that what one answer changes is not noise."""
        if not self.training:
            return units
        return units * functional.dropout(torch.ones_like(units[:, :1]), self.config.dropout)

    def _hidden(
        self, item: Tensor, skills: Tensor, share: Tensor, facts: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Some items and skills become unknown while training, with their facts."""
        if not self.training:
            return item, skills, share, facts
        lost = torch.rand(item.shape, device=item.device) < self.config.hidden_items
        bare = torch.rand(item.shape, device=item.device) < self.config.hidden_skills
        first = functional.pad(torch.ones_like(share[..., :1]), (0, share.shape[-1] - 1))
        of_skill = torch.arange(N_FACTS, device=item.device) == 1
        unknown = torch.where(of_skill, bare[..., None], lost[..., None])
        return (
            item.masked_fill(lost, 0),
            skills.masked_fill(bare[..., None], 0),
            torch.where(bare[..., None], first, share),
            facts.masked_fill(unknown, 0.0),
        )


class Step(nn.Module):
    """One row through both layers: what is served.

    Args:
        net: What was trained.
    """

    def __init__(self, net: Tracer) -> None:
        super().__init__()
        self.first, self.second = net.first, net.second

    def forward(self, row: Tensor, state: Tensor) -> Tensor:
        """(B, 4, H) the state after it.

        Args:
            row: (B, n_inputs).
            state: (B, 4, H) hidden and cell of the first layer, then of the second.
        """
        parts = [part[None] for part in state.unbind(1)]
        out, (hidden, cell) = self.first(row[:, None], (parts[0], parts[1]))
        _, (above, above_cell) = self.second(out, (parts[2], parts[3]))
        return torch.stack([hidden[0], cell[0], above[0], above_cell[0]], 1)


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What is kept of a run.

    Attributes:
        exported: One step as a graph.
        weights: Of embeddings and readout, calibrated.
        facts: What the network is told of items.
        vocabulary: Codes of the embeddings.
        spread: How far off its logits are.
    """

    exported: Exported
    weights: Arrays
    facts: Facts
    vocabulary: Vocabulary
    spread: Spread


def train(
    log: AnswerLog,
    config: Config,
    seed: int,
    *,
    checkpoints: Checkpoints | None = None,
    report: Report | None = None,
    tracker: Tracker | None = None,
) -> Trained:
    """Fit, calibrate and export; see `fit` for the arguments."""
    held_out = validates(np.arange(len(log.learner_ids)), config.validation, seed)
    seen, judged = log.take_learners(~held_out), log.take_learners(held_out)
    vocabulary = Vocabulary.of(seen, config.min_item_answers)
    facts = fit_facts(seen)
    rng = np.random.default_rng(seed)
    learnt = Columns(seen, vocabulary, of_others(seen, config.n_folds, rng))
    validation = Columns(judged, vocabulary, by_item(facts, judged)[judged.item])

    def build() -> Tracer:
        return Tracer(len(vocabulary.items) + 1, len(vocabulary.skills) + 1, facts.mu, config)

    result = ModelTrainer(_settings(config, seed)).fit(
        build,
        directed(config),
        learnt.cut(config.length, config.overlap),
        validation.cut(LONGER * config.length, config.length),
        checkpoints=checkpoints,
        report=report,
        tracker=tracker,
    )
    net = result.module
    assert isinstance(net, Tracer)
    logit, row = replayed(net, validation)
    correct = judged.correct[row].astype(np.int64)
    scale, shift = platt(logit, correct)
    p = 1.0 / (1.0 + np.exp(-scale * logit - shift))
    n = np.array([facts.n.get(x, 0.0) for x in judged.item_ids])[judged.item[row]]
    spread = spread_of(p, correct, judged.learner[row], judged.item[row], n)
    examples = _examples(net, validation)
    exported = export(Step(net), examples, ["next"], shapes=_SHAPES)
    return Trained(exported, calibrated(result.weights, scale, shift), facts, vocabulary, spread)


def directed(config: Config) -> Task:
    """P(right), and no answer moving its own prediction the wrong way.

    loss = log loss + direction * (margin - sign * (after - before))+
    """

    def moved(output: Tensor, target: Tensor) -> Tensor:
        return (2 * target - 1) * (output[..., AFTER] - output[..., BEFORE])

    def loss(output: Tensor, batch: Batch) -> Tensor:
        target = batch["target"].to(output.dtype)
        said = functional.binary_cross_entropy_with_logits(
            output[..., PREDICTED], target, reduction="none"
        )
        astray = functional.relu(config.direction_margin - moved(output, target))
        return said + config.direction * astray

    def observe(output: Tensor, batch: Batch) -> dict[str, Tensor]:
        p, target = torch.sigmoid(output[..., PREDICTED]), batch["target"]
        return {"target": target, "p": p, "astray": moved(output, target) < 0}

    def measure(seen: Observed) -> dict[str, float]:
        target, p = seen["target"].astype(np.int64), seen["p"].astype(np.float64)
        return {
            "log_loss": metrics.log_loss(target, p),
            "auc": metrics.auc(target, p),
            "astray": float(seen["astray"].mean()),
        }

    return Task("directed", loss, observe, measure, monitor="log_loss", mask=SCORED)


def replayed(net: Tracer, validation: Columns) -> tuple[Floats, Ints]:
    """Logit and row of the log of each answer, from whole histories, as they are served."""
    whole = validation.cut(validation.longest, 0)
    names, found, rows = inspect.signature(net.forward).parameters, [], []
    for history in range(n_rows(whole)):
        batch = collate(whole, np.array([history]))
        with torch.no_grad():
            logit = net(**{name: torch.from_numpy(batch[name]) for name in names})
        kept = batch[SCORED][0]
        found.append(logit[0, :, PREDICTED].numpy()[kept])
        rows.append(batch["row"][0][kept])
    return np.concatenate(found).astype(np.float64), np.concatenate(rows)


def calibrated(weights: Arrays, scale: float, shift: float) -> Arrays:
    """Embeddings and readout, the logit being `scale * logit + shift`."""
    outside = {name: own for name, own in weights.items() if not name.startswith(_LAYERS)}
    scaled = {name: own * np.float32(scale) for name, own in outside.items() if name in _LAST}
    scaled["of_asked.bias"][0] += np.float32(shift)
    return {**outside, **scaled}


def _examples(net: Tracer, validation: Columns) -> Arrays:
    """Rows and states as they will be served."""
    batch = collate(validation.cut(N_EXAMPLES, 0), np.arange(1))
    names = list(inspect.signature(net.rows).parameters)
    with torch.no_grad():
        rows = net.rows(*(torch.from_numpy(batch[name]) for name in names))[0]
        state, states = torch.zeros(1, PARTS, net.config.hidden), []
        for row in rows:
            states.append(state)
            state = Step(net)(row[None], state)
    return {"row": rows.numpy(), "state": torch.cat(states).numpy()}


def _settings(config: Config, seed: int) -> TrainerConfig:
    return TrainerConfig(
        seed=seed,
        epochs=config.epochs,
        batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        schedule="cosine",
        patience=config.patience,
    )
