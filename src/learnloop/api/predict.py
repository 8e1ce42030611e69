"""`POST /api/ml/models/{name}/predict`: what a model says, and which one it was.

A hot route like those of `api.hot`. A quick model is asked on the event loop; what is slow is
waited for there.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from pydantic import ValidationError
from starlette.routing import Route

from learnloop.accounts import Scope as KeyScope
from learnloop.accounts import may_see
from learnloop.api import body as bodies
from learnloop.api.hot import Headers, HotEndpoint, Receive, Scope
from learnloop.api.schemas.predict import MAX_ITEMS, PredictIn
from learnloop.api.services import Services
from learnloop.core.arrays import Arrays
from learnloop.core.errors import InvalidInput
from learnloop.core.ids import ItemId, LearnerId, id_problem
from learnloop.core.protocols import Transaction
from learnloop.core.records import ApiKey, Role
from learnloop.journeys.live import Live
from learnloop.serving.live_set import Slot
from learnloop.serving.orchestrator import ByFeatures, Inputs, Steps
from learnloop.serving.served import Served

PATH = "/api/ml/models/{name}/predict"
SEES_ALL = frozenset({Role.SERVICE, Role.ADMIN})


class PredictInTwin(Struct, frozen=True, forbid_unknown_fields=True):
    """`schemas.predict.PredictIn`, of a body without null."""

    inputs: dict[str, list[Any]] | UnsetType = UNSET
    userId: str | UnsetType = UNSET  # noqa: N815 -- the word of the public contract
    itemIds: list[str] | UnsetType = UNSET  # noqa: N815


class ServedReasonTwin(Struct, frozen=True, gc=False):
    """`schemas.predict.ServedReasonOut`."""

    code: str
    detail: dict[str, str]


class PredictOutTwin(Struct, frozen=True, gc=False):
    """`schemas.predict.PredictOut`."""

    outputs: dict[str, list[Any]]
    model: str
    role: str
    reasons: list[ServedReasonTwin]
    degraded: bool


_decode = msgspec.json.Decoder(PredictInTwin).decode
_encode = msgspec.json.Encoder().encode


class Question(Struct, frozen=True):
    """A body that was understood.

    Attributes:
        inputs: The model's own; None where they are looked up.
        user_id: "" where no learner is named.
    """

    inputs: dict[str, list[Any]] | None
    user_id: str
    item_ids: Sequence[str]


class Predict(HotEndpoint):
    """`POST /api/ml/models/{name}/predict`."""

    needs = KeyScope.ENGINE_RUN

    async def handle(self, key: ApiKey, scope: Scope, headers: Headers, receive: Receive) -> bytes:
        orchestrator = self.services.serving.orchestrator
        slot = orchestrator.slot(scope["path_params"]["name"])
        asked = read(await bodies.read(headers, receive))
        inputs: Inputs
        if asked.inputs is None:
            inputs = await self._looked_up(key, slot, asked)
        else:
            inputs = checked(slot, asked.inputs)
        steps = orchestrator.steps(
            slot, inputs, asked.user_id, asked.item_ids, gatherer=orchestrator.gatherer
        )
        served = await settled(steps)
        return _encode(predict_out(served))

    async def _looked_up(self, key: ApiKey, slot: Slot, asked: Question) -> ByFeatures:
        """The features of a learner; once for all who ask for the same at the same time."""
        learner_id = LearnerId(asked.user_id)
        item_ids = [ItemId(item_id) for item_id in asked.item_ids]
        serving = self.services.serving

        def work(live: Live, tx: Transaction) -> ByFeatures:
            may_see(tx, key, learner_id)
            return serving.inputs(live, tx, slot, learner_id, item_ids)

        if key.role not in SEES_ALL:
            return await self.services.read(work)
        known_by = slot.name, slot.features, learner_id, *item_ids
        reading, _ = serving.known.claim(
            known_by, lambda: asyncio.ensure_future(self.services.read(work)), learner_id
        )
        return await asyncio.shield(reading)


def routes(services: Services) -> list[Route]:
    """The hot route of all models."""
    return [Route(PATH, Predict(services), methods=["POST"])]


def read(body: bytes) -> Question:
    """A body as it is meant.

    Raises:
        HttpProblem: It is not JSON that means one thing only.
        InvalidInput: It is not as the schema wants it; in the schema's words.
    """
    quickly = _quickly(body)
    if quickly is not None:
        return quickly
    try:
        given = PredictIn.model_validate(bodies.parse(body))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        raise InvalidInput(f"{field}: {first['msg']}", field=field) from None
    return Question(given.inputs, given.userId or "", given.itemIds or ())


def _quickly(body: bytes) -> Question | None:
    """The question of a body that is surely as it should be; None where that takes a closer look.

    Without escapes every colon but those in texts stands behind a key, so as many colons as keys
    mean that no key is there twice.
    """
    try:
        given = _decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    inputs = None if given.inputs is UNSET else given.inputs
    user_id = "" if given.userId is UNSET else given.userId
    item_ids: Sequence[str] = () if given.itemIds is UNSET else given.itemIds
    n_keys = (inputs is not None) + bool(user_id) + bool(item_ids) + len(inputs or ())
    if body.count(b":") != n_keys or b"\\" in body or len(item_ids) > MAX_ITEMS:
        return None
    if (not inputs and not user_id) or (inputs and item_ids):
        return None
    if (user_id and id_problem(user_id)) or any(id_problem(own) for own in item_ids):
        return None
    return Question(inputs, user_id, item_ids)


def checked(slot: Slot, given: dict[str, list[Any]]) -> Arrays:
    """Arrays as the slot's models take them.

    Raises:
        InvalidInput: One is missing, strange, or has not their shape; the field says which.
    """
    inputs = {}
    for spec in slot.inputs:
        if spec.name not in given:
            raise InvalidInput(f"inputs.{spec.name}: is missing", field=f"inputs.{spec.name}")
        try:
            inputs[spec.name] = spec.checked(given[spec.name])
        except InvalidInput as error:
            raise InvalidInput(f"inputs.{error.message}", field=f"inputs.{spec.name}") from None
    if len(given) > len(inputs):
        strange = next(name for name in given if name not in inputs)
        known = ", ".join(inputs)
        field = f"inputs.{strange[:100]}"
        raise InvalidInput(f"{field}: the model takes {known}", field=field)
    rows = {len(own) for own in inputs.values() if own.ndim}
    if len(rows) != 1 or 0 in rows:
        raise InvalidInput(
            "inputs: give the same number of rows, at least 1, of each", field="inputs"
        )
    return inputs


async def settled(steps: Steps) -> Served:
    """The answer, waited for on the event loop; see `ModelOrchestrator.steps`."""
    try:
        wait = next(steps)
        while True:
            answer = asyncio.wrap_future(wait.future)
            try:
                if wait.timeout_s is None:
                    outputs = await answer
                else:  # shielded: others may wait for the same answer
                    outputs = await asyncio.wait_for(asyncio.shield(answer), wait.timeout_s)
            except Exception as error:
                wait = steps.throw(error)
            else:
                wait = steps.send(outputs)
    except StopIteration as done:
        served: Served = done.value
        return served


def predict_out(served: Served) -> PredictOutTwin:
    """An answer as the platform sees it."""
    return PredictOutTwin(
        {name: own.tolist() for name, own in served.outputs.items()},
        str(served.ref),
        served.role.value,
        [
            ServedReasonTwin(r.code, {k: str(v) for k, v in r.detail.items()})
            for r in served.reasons
        ],
        served.degraded,
    )
