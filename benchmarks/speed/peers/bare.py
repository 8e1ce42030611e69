"""What is the least that a served model costs? FastAPI, msgspec and one ONNX run; no key, no log.

The ceiling for learnloop, which uses the same framework. `python bare.py MODEL PORT WORKERS`
"""

import os
import sys

import msgspec
import uvicorn
from fastapi import FastAPI, Request, Response
from onnx_model import OnnxModel, Rows


class Asked(msgspec.Struct):
    """The body of a request."""

    inputs: Rows


def app() -> FastAPI:
    """One route."""
    model = OnnxModel(os.environ["MODEL"])
    decoder, encoder = msgspec.json.Decoder(Asked), msgspec.json.Encoder()
    served = FastAPI(openapi_url=None)

    @served.post("/predict")
    async def predict(request: Request) -> Response:
        asked = decoder.decode(await request.body())
        answer = encoder.encode({"outputs": model.predict(asked.inputs)})
        return Response(answer, media_type="application/json")

    return served


if __name__ == "__main__":
    os.environ["MODEL"] = sys.argv[1]
    uvicorn.run(
        "bare:app",
        factory=True,
        port=int(sys.argv[2]),
        workers=int(sys.argv[3]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        backlog=4096,
        timeout_worker_healthcheck=60,
    )
