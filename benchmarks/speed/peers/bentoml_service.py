"""How does BentoML serve the model? `bentoml serve bentoml_service:Predict`.

The model's file and the number of workers come from the environment: MODEL, WORKERS.
"""

import os

import bentoml
from onnx_model import OnnxModel


@bentoml.service(
    workers=int(os.environ["WORKERS"]),
    logging={"access": {"enabled": False}},
    metrics={"enabled": False},
    traffic={"timeout": 60},
)
class Predict:
    """One model per worker process; asynchronous, for a thread costs more than the call."""

    def __init__(self) -> None:
        self.model = OnnxModel(os.environ["MODEL"])

    @bentoml.api(route="/predict")
    async def predict(self, inputs: dict[str, list]) -> dict[str, dict]:
        return {"outputs": self.model.predict(inputs)}
