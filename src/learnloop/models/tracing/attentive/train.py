"""How does the attentive network learn? Windows through one layer of attention, by the shared loop.

    logit = base(features) + readout(context, question, features)
    context = sum over earlier events of softmax(q . k + bias) v,     and a key of its own that
              stands for nothing, so that little evidence weighs little
    bias    = same item + same skills - a ln(1 + steps) - b ln(1 + minutes),     a, b > 0, per head

A question is its skills, plus its easiness times how the skill varies; keys are questions, values
are questions with their results. What may be seen is said by place: rows of earlier instants only.

Reference: Ghosh, Heffernan, Lan (2020), Context-aware attentive knowledge tracing; Liu et al.
(2023), simpleKT; Press, Smith, Lewis (2022), Train short, test long, for bias by distance.
"""

import copy
import inspect
import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from learnloop import metrics
from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.arrays import Arrays
from learnloop.core.types import Floats, Ints
from learnloop.models.tracing.attentive.asking import ASKED, NOTHING, OUTPUTS, specs
from learnloop.models.tracing.attentive.columns import HELD, SCORED, columns_of
from learnloop.models.tracing.attentive.config import Config
from learnloop.models.tracing.attentive.direction import held_of, pushed
from learnloop.models.tracing.attentive.items import ItemBook, fit_book
from learnloop.models.tracing.attentive.linear import (
    EASINESS,
    KNOTS,
    N_COLUMNS,
    RELIABILITY,
    Link,
    fit_base,
    fit_link,
)
from learnloop.models.tracing.attentive.replay import Rows, replay
from learnloop.models.tracing.attentive.state import FEATURES, RIGHT, STUDIED
from learnloop.models.tracing.held_back import validates
from learnloop.models.tracing.platt import platt
from learnloop.models.train.batches import Dataset, collate, in_order, n_rows
from learnloop.models.train.checkpoint import Checkpoints
from learnloop.models.train.config import TrainerConfig
from learnloop.models.train.export import Exported, export
from learnloop.models.train.loop import ModelTrainer, Report, Tracker
from learnloop.models.train.tasks import Batch, Observed, Task

FAR: Final = -1e9
LEAST_SPREAD: Final = 0.1
N_EXAMPLES: Final = 32
_SHAPES: Final = ((1, 1), (2, 11), (1, 128), (8, 40))


class Past(NamedTuple):
    """Events, as they are attended to.

    Attributes:
        key: (B, H, T, D).
        value: (B, H, T, D).
        same_item: (B, Q, T) whether the event was with the item that is asked.
        same_skills: (B, Q, T) whether it was with the same skills.
        ln_steps: (B, Q, T) ln(1 + events since).
        ln_minutes: (B, Q, T) ln(1 + minutes since).
        hidden: (B, Q, T) events that may not be seen.
    """

    key: Tensor
    value: Tensor
    same_item: Tensor
    same_skills: Tensor
    ln_steps: Tensor
    ln_minutes: Tensor
    hidden: Tensor


class Attentive(nn.Module):
    """From events and features to the logit of each answer, said before it.

    Args:
        n_skills: Skill codes, that of unknown ones included.
        config: Widths and dropout.
        base: (N_COLUMNS,) weights of the logistic base; they stay as they are.
        centre: (F,) means of the features.
        scale: (F,) what they are multiplied with.
    """

    base: Tensor
    centre: Tensor
    scale: Tensor

    def __init__(
        self, n_skills: int, config: Config, base: Floats, centre: Floats, scale: Floats
    ) -> None:
        super().__init__()
        wide, heads, f = config.width, config.heads, len(FEATURES)
        self.config = config
        self.skill, self.variation = nn.Embedding(n_skills, wide), nn.Embedding(n_skills, wide)
        self.result, self.surprise = nn.Embedding(4, wide), nn.Linear(4, wide)
        self.query_norm, self.key_norm = nn.LayerNorm(wide), nn.LayerNorm(wide)
        self.query, self.key = nn.Linear(wide, wide), nn.Linear(wide, wide)
        self.value = nn.Sequential(nn.Linear(wide, wide), nn.GELU(), nn.Linear(wide, wide))
        self.item_bias = nn.Parameter(torch.linspace(1.0, 3.0, heads))
        self.skills_bias = nn.Parameter(torch.linspace(0.0, 3.0, heads))
        self.by_step = nn.Parameter(torch.linspace(-2.0, 1.0, heads))
        self.by_minute = nn.Parameter(torch.full((heads,), -3.0))
        self.nothing = nn.Parameter(torch.zeros(heads))
        self.of_features = nn.Linear(f, wide)
        self.readout = nn.Sequential(
            nn.Dropout(config.dropout),
            nn.Linear(3 * wide, 2 * wide),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(2 * wide, 1),
        )
        self.correction = nn.Parameter(torch.zeros(N_COLUMNS))
        for name, own in (("base", base), ("centre", centre), ("scale", scale)):
            self.register_buffer(name, torch.from_numpy(own.astype(np.float32)))
        with torch.no_grad():
            self.skill.weight.normal_(0.0, 0.1)
            self.variation.weight.normal_(0.0, 0.02)
            last = self.readout[-1]
            assert isinstance(last, nn.Linear)
            last.weight.zero_()
            last.bias.zero_()

    def forward(
        self,
        skills: Tensor,
        key: Tensor,
        set_key: Tensor,
        easiness: Tensor,
        reliability: Tensor,
        result: Tensor,
        minute: Tensor,
        before: Tensor,
        features: Tensor,
        features_after: Tensor,
    ) -> Tensor:
        """(B, T, 2) logits of each row's answer before it, and of the same item right after it.

        While training, the second is worked out for the first `direction_share` of the batch only;
        for the others it is the first again.

        Args:
            skills: (B, T, K) codes.
            key: (B, T) of the item.
            set_key: (B, T) of its skills, 0 without.
            easiness: (B, T) logits.
            reliability: (B, T).
            result: (B, T).
            minute: (B, T) since the window began.
            before: (B, T) place of the last row that is known, -1 at the start.
            features: (B, T, F) before the row's instant.
            features_after: (B, T, F) right after the row.
        """
        if self.training:
            lost = torch.rand(key.shape, device=key.device) < self.config.hidden_skills
            skills = skills.masked_fill(lost[..., None], 0)
        asked = self.question(skills, easiness)  # (B, T, W)
        keys, values = self.remembered(asked, easiness, reliability, result)
        place = torch.arange(key.shape[1], device=key.device)
        steps = before[:, :, None] - place  # (B, T, T)
        minutes = (minute[:, :, None] - minute[:, None, :]).clamp_min(0.0)
        same_item = key[:, :, None] == key[:, None, :]
        same_skills = (set_key[:, :, None] == set_key[:, None, :]) & (set_key > 0)[:, :, None]
        past = Past(
            keys,
            values,
            same_item.float(),
            same_skills.float(),
            torch.log1p(steps.clamp_min(0).float()),
            torch.log1p(minutes),
            steps < 0,
        )
        said = self.answer(asked, past, features)
        n = math.ceil(self.config.direction_share * len(key)) if self.training else len(key)
        steps = (place[:, None] - place).expand(n, -1, -1)
        later = Past(*(part[:n] for part in past))._replace(
            ln_steps=torch.log1p(steps.clamp_min(0).float()), hidden=steps < 0
        )
        after = self.answer(asked[:n], later, features_after[:n])
        return torch.stack((said, torch.cat((after, said[n:]))), -1)

    def question(self, skills: Tensor, easiness: Tensor) -> Tensor:
        """(B, T, W) an item: its skills, and its easiness times how they vary."""
        known = (skills > 0).float()
        first = functional.pad(torch.zeros_like(known[..., 1:]), (1, 0), value=1.0)
        n = known.sum(-1, keepdim=True)
        share = torch.where(n > 0, known / n.clamp_min(1.0), first)[..., None]
        skill: Tensor = (self.skill(skills) * share).sum(-2)
        varies: Tensor = (self.variation(skills) * share).sum(-2)
        return skill + easiness[..., None] * varies

    def remembered(
        self, question: Tensor, easiness: Tensor, reliability: Tensor, result: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(B, H, T, D) keys and values of events."""
        studied = (result == STUDIED).float()
        surprise = ((result == RIGHT).float() - torch.sigmoid(easiness)) * (1.0 - studied)
        told = torch.stack((surprise, easiness, reliability, studied), -1)
        event = question + self.result(result) + self.surprise(told)
        return self._heads(self.key(self.key_norm(question))), self._heads(self.value(event))

    def answer(self, question: Tensor, past: Past, features: Tensor) -> Tensor:
        """(B, Q) logits.

        Args:
            question: (B, Q, W).
            past: What there is to attend to.
            features: (B, Q, F).
        """
        scaled = (features - self.centre) * self.scale
        told = functional.gelu(self.of_features(scaled))
        parts = torch.cat((self._context(question, past), question, told), -1)
        corrected: Tensor = self.readout(parts).squeeze(-1)
        return (
            corrected
            + self._design(features, features) @ self.base
            + 0.1 * (self._design(scaled, features) @ self.correction)
        )

    def _context(self, question: Tensor, past: Past) -> Tensor:
        """(B, Q, W) what earlier events say of a question."""
        query = self._heads(self.query(self.query_norm(question)))  # (B, H, Q, D)
        score = query @ past.key.transpose(-1, -2) / math.sqrt(query.shape[-1])  # (B, H, Q, T)
        score = score + self._by_head(self.item_bias) * past.same_item[:, None]
        score = score + self._by_head(self.skills_bias) * past.same_skills[:, None]
        score = score - self._by_head(functional.softplus(self.by_step)) * past.ln_steps[:, None]
        by_minute = functional.softplus(self.by_minute)
        score = score - self._by_head(by_minute) * past.ln_minutes[:, None]
        score = score.masked_fill(past.hidden[:, None], FAR)
        nothing = self._by_head(self.nothing) + torch.zeros_like(score[..., :1])
        weight = torch.cat((nothing, score), -1).softmax(-1)[..., 1:]
        return (weight @ past.value).transpose(1, 2).flatten(2)

    def _design(self, x: Tensor, raw: Tensor) -> Tensor:
        """(B, Q, N_COLUMNS) as `base.design`."""
        easiness, reliability = raw[..., EASINESS, None], raw[..., RELIABILITY, None]
        bends = [(easiness - knot).clamp_min(0.0) for knot in KNOTS]
        one = torch.ones_like(easiness)
        return torch.cat((one, x, easiness * x, reliability * x, *bends), -1)

    def _heads(self, x: Tensor) -> Tensor:
        """(B, H, T, D) from (B, T, W)."""
        parts: Tensor = x.view(*x.shape[:2], self.config.heads, -1).transpose(1, 2)
        return parts

    @staticmethod
    def _by_head(own: Tensor) -> Tensor:
        return own[None, :, None, None]


class Served(nn.Module):
    """From the last events and any number of items to their logits.

    Args:
        net: What was trained.
        scale: Of its logit.
        shift: Of its logit.
    """

    def __init__(self, net: Attentive, scale: float, shift: float) -> None:
        super().__init__()
        self.net, self.scale, self.shift = copy.deepcopy(net), scale, shift

    def forward(
        self,
        skills: Tensor,
        key: Tensor,
        set_key: Tensor,
        easiness: Tensor,
        reliability: Tensor,
        result: Tensor,
        ln_minutes: Tensor,
        asked_skills: Tensor,
        asked_key: Tensor,
        asked_set_key: Tensor,
        features: Tensor,
    ) -> Tensor:
        """(B, Q) logits; the inputs are (B, T) events, oldest first, and (B, Q) items."""
        net = self.net
        keys, values = net.remembered(
            net.question(skills, easiness), easiness, reliability, result.clamp_max(NOTHING)
        )
        ago = torch.ones_like(ln_minutes).flip(1).cumsum(1).flip(1) - 1.0
        same_item = asked_key[:, :, None] == key[:, None, :]
        same_skills = asked_set_key[:, :, None] == set_key[:, None, :]
        same_skills = same_skills & (asked_set_key > 0)[:, :, None]
        past = Past(
            keys,
            values,
            same_item.float(),
            same_skills.float(),
            torch.log1p(ago)[:, None, :],
            ln_minutes[:, None, :],
            (result == NOTHING)[:, None, :],
        )
        asked = net.question(asked_skills, features[..., EASINESS])
        return self.scale * net.answer(asked, past, features) + self.shift


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What is kept of a run.

    Attributes:
        exported: The graph.
        book: Item and skill parameters.
        link: From the record to mastery.
    """

    exported: Exported
    book: ItemBook
    link: Link


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
    rng, n = np.random.default_rng(seed), len(log.learner_ids)
    answers = log.correct != STUDY
    held_out = np.zeros(n, dtype=bool)
    held_out[log.learner[answers]] = validates(log.learner[answers], config.validation, seed)
    book, rows = _prepared(log, rng.permutation(n) % config.n_folds, config)
    x, y = rows.before[answers], log.correct[answers].astype(np.float64)
    base = fit_base(x, y, book.mu, config.ridge)
    held = held_of(log, rows, base)
    base = pushed(log, rows, base, held, config.direction_margin)
    centre, scale = x.mean(0), 1.0 / np.maximum(x.std(0), LEAST_SPREAD)
    judged = columns_of(log, rows, held_out, held, config)
    result = ModelTrainer(_settings(config, seed)).fit(
        lambda: Attentive(len(book.skills) + 1, config, base, centre, scale),
        directed(config),
        columns_of(log, rows, ~held_out, held, config),
        judged,
        checkpoints=checkpoints,
        report=report,
        tracker=tracker,
    )
    net = result.module
    assert isinstance(net, Attentive)
    served = Served(net, *platt(*_said(net, judged, config.batch_size)))
    outputs = [spec.name for spec in OUTPUTS]
    exported = export(
        served,
        _examples(judged, config.length),
        outputs,
        sequences=[*ASKED, *outputs],
        shapes=_SHAPES,
    )
    return Trained(exported, book, fit_link(x, y, book.mu))


def directed(config: Config) -> Task:
    """P(right), and no answer moving its own prediction the wrong way.

    loss = log loss + direction * (margin - sign * (after - before))+

    Only of results that are held to it, see `direction`.
    """

    def moved(output: Tensor, batch: Batch) -> Tensor:
        return (2 * batch["target"] - 1) * (output[..., 1] - output[..., 0])

    def loss(output: Tensor, batch: Batch) -> Tensor:
        target = batch["target"].to(output.dtype)
        said = functional.binary_cross_entropy_with_logits(output[..., 0], target, reduction="none")
        astray = functional.relu(config.direction_margin - moved(output, batch))
        return said + config.direction * astray * batch[HELD]

    def observe(output: Tensor, batch: Batch) -> dict[str, Tensor]:
        astray = (moved(output, batch) < 0) & batch[HELD]
        return {"target": batch["target"], "p": torch.sigmoid(output[..., 0]), "astray": astray}

    def measure(seen: Observed) -> dict[str, float]:
        target, p = seen["target"].astype(np.int64), seen["p"].astype(np.float64)
        return {
            "log_loss": metrics.log_loss(target, p),
            "auc": metrics.auc(target, p),
            "astray": float(seen["astray"].mean()),
        }

    return Task("directed", loss, observe, measure, monitor="log_loss", mask=SCORED)


def _prepared(log: AnswerLog, fold: Ints, config: Config) -> tuple[ItemBook, Rows]:
    """Item parameters of all learners; the rows as they look with those of the other folds."""
    everyone, whole = np.ones(len(log), dtype=bool), config.n_folds / (config.n_folds - 1)
    books = [fit_book(log, fold[log.learner] != k, whole) for k in range(config.n_folds)]
    return fit_book(log, everyone), replay(log, fold, books)


def _said(net: Attentive, data: Dataset, batch_size: int) -> tuple[Floats, Ints]:
    """Logit and result of each scored answer."""
    names, logits, targets = inspect.signature(net.forward).parameters, [], []
    for rows in in_order(data, batch_size):
        batch = collate(data, rows)
        with torch.no_grad():
            output = net(**{name: torch.from_numpy(batch[name]) for name in names}).numpy()
        logits.append(output[..., 0][batch[SCORED]])
        targets.append(batch["target"][batch[SCORED]])
    return np.concatenate(logits).astype(np.float64), np.concatenate(targets)


def _examples(data: Dataset, length: int) -> Arrays:
    """Inputs of the graph such as will be served: the rows of some windows, asked again."""
    batch = collate(data, np.arange(min(N_EXAMPLES, n_rows(data))))
    minute = batch["minute"]
    ln_minutes = np.log1p(np.maximum(minute.max(1, keepdims=True) - minute, 0.0))
    events = {**batch, "ln_minutes": ln_minutes.astype(np.float32)}
    asked = {f"asked_{name}": batch[name] for name in ("skills", "key", "set_key")}
    known = {**asked, "features": batch["features"]}
    for name, own in events.items():
        wide = ((0, 0), (length - own.shape[1], 0), *((0, 0),) * (own.ndim - 2))
        known.setdefault(
            name, np.pad(own, wide, constant_values=NOTHING if name == "result" else 0)
        )
    return {spec.name: known[spec.name] for spec in specs(length)}


def _settings(config: Config, seed: int) -> TrainerConfig:
    return TrainerConfig(
        seed=seed,
        epochs=config.epochs,
        batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        schedule="cosine",
        warmup_epochs=min(0.5, config.epochs / 2),
        patience=config.patience,
    )
