"""How does LitServe serve the model? `python litserve_server.py MODEL PORT WORKERS`."""

import sys

import litserve
from onnx_model import OnnxModel, Rows


class Predict(litserve.LitAPI):
    """One model per worker process."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def setup(self, device: str) -> None:
        self.model = OnnxModel(self.path)

    def decode_request(self, request: dict[str, Rows]) -> Rows:
        return request["inputs"]

    def predict(self, inputs: Rows) -> Rows:
        return self.model.predict(inputs)

    def encode_response(self, output: Rows) -> dict[str, Rows]:
        return {"outputs": output}


if __name__ == "__main__":
    workers = int(sys.argv[3])
    server = litserve.LitServer(
        Predict(sys.argv[1]), accelerator="cpu", workers_per_device=workers, fast_queue=True
    )
    server.run(
        host="127.0.0.1",
        port=int(sys.argv[2]),
        num_api_servers=workers,
        log_level="warning",
        access_log=False,
        generate_client_file=False,
    )
