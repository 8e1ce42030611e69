"""How does Ray Serve serve the model? `python ray_serve.py MODEL PORT WORKERS`."""

import signal
import sys

import ray
from onnx_model import OnnxModel, Rows
from ray import serve
from starlette.requests import Request


@serve.deployment(max_ongoing_requests=1000)
class Predict:
    """One model per replica."""

    def __init__(self, path: str) -> None:
        self.model = OnnxModel(path)

    async def __call__(self, request: Request) -> dict[str, Rows]:
        asked = await request.json()
        return {"outputs": self.model.predict(asked["inputs"])}


if __name__ == "__main__":
    path, port, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    ray.init("local", num_cpus=workers, include_dashboard=False, log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    replicas = Predict.options(num_replicas=workers, ray_actor_options={"num_cpus": 0.5})
    serve.run(replicas.bind(path), route_prefix="/predict")
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    serve.shutdown()
    ray.shutdown()
