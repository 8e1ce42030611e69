"""A small real MLflow server: the REST calls that a client makes, answered from memory.

It can be told to hang, to answer 503, or to die after some calls, and it can come back on the same
port with what it knew.
"""

import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Memory:
    """What the server knows."""

    def __init__(self) -> None:
        self.experiments: dict[str, str] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.models: dict[str, dict[str, Any]] = {}
        self.n_calls = 0

    def run(self, name: str) -> dict[str, Any]:
        (found,) = (run for run in self.runs.values() if run["info"]["run_name"] == name)
        return found


class MlflowServer:
    """The server; `url` is where it listens."""

    def __init__(self, memory: Memory | None = None, port: int = 0) -> None:
        self.memory = memory or Memory()
        self.mode = "answer"
        self.dies_after = 10**9
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer({k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self._answer(json.loads(body or b"{}"))

            do_PATCH = do_DELETE = do_POST  # noqa: N815

            def do_PUT(self) -> None:
                name = urlsplit(self.path).path.split("/artifacts/", 1)[1]
                server.memory.files[name] = self.rfile.read(int(self.headers["Content-Length"]))
                self._send(200, {})

            def _answer(self, body: dict[str, Any]) -> None:
                path = urlsplit(self.path).path.split("/mlflow/", 1)[1]
                server.memory.n_calls += 1
                if server.memory.n_calls > server.dies_after:
                    server.mode = "dead"
                if server.mode == "hang":
                    time.sleep(4)
                    self.close_connection = True
                    return
                if server.mode == "dead":
                    self.close_connection = True
                    return
                if server.mode == "busy":
                    self._send(503, {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "busy"})
                    return
                self._send(*answer(server.memory, self.command, path, body))

            def _send(self, status: int, body: dict[str, Any]) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._http.daemon_threads = True
        self.port = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


def missing(what: str) -> tuple[int, dict[str, Any]]:
    return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": f"no {what}"}


def answer(
    memory: Memory, method: str, path: str, body: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    """The status and body of one call."""
    match method, path:
        case "GET", "experiments/get-by-name":
            name = body["experiment_name"]
            if name not in memory.experiments:
                return missing(name)
            about = {"experiment_id": memory.experiments[name], "name": name}
            return 200, {"experiment": about}
        case "POST", "experiments/create":
            memory.experiments[body["name"]] = str(len(memory.experiments) + 1)
            return 200, {"experiment_id": memory.experiments[body["name"]]}
        case "POST", "runs/search":
            wanted = body["filter"].rpartition("= ")[2].strip("'")
            found = [r for r in memory.runs.values() if tag(r, "learnloop.run") == wanted]
            return 200, {"runs": found}
        case "POST", "runs/create":
            run_id = uuid.uuid4().hex  # clients remember where the files of a run go
            info = {
                "run_id": run_id,
                "run_uuid": run_id,
                "run_name": body["run_name"],
                "experiment_id": body["experiment_id"],
                "status": "RUNNING",
                "lifecycle_stage": "active",
                "start_time": body["start_time"],
                "artifact_uri": f"mlflow-artifacts:/{run_id}",
            }
            data = {"metrics": [], "params": [], "tags": body["tags"]}
            memory.runs[run_id] = {"info": info, "data": data}
            return 200, {"run": memory.runs[run_id]}
        case "GET", "runs/get":
            return 200, {"run": memory.runs[body["run_id"]]}
        case "POST", "runs/update":
            info = memory.runs[body["run_id"]]["info"]
            info.update({k: body[k] for k in ("status", "end_time") if k in body})
            return 200, {"run_info": info}
        case "POST", "runs/log-batch":
            data = memory.runs[body["run_id"]]["data"]
            if any(p["key"] == "refused" for p in body.get("params", [])):
                return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "never"}
            for kind in ("metrics", "params", "tags"):
                data[kind] += [x for x in body.get(kind, []) if x not in data[kind]]
            return 200, {}
        case _, _ if "model" in path:
            return registry(memory, method, path, body)
    raise AssertionError(f"no client was expected to call {method} {path}")


def registry(
    memory: Memory, method: str, path: str, body: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    """The calls about registered models."""
    match method, path:
        case "GET", "registered-models/search":
            return 200, {"registered_models": list(memory.models.values())}
        case "GET", "registered-models/get":
            return 200, {"registered_model": memory.models[body["name"]]}
        case "POST", "registered-models/create":
            memory.models[body["name"]] = {"name": body["name"], "aliases": []}
            return 200, {"registered_model": memory.models[body["name"]]}
        case "GET", "model-versions/search":
            model = memory.models.get(body["filter"].rpartition("=")[2].strip("'"), {})
            return 200, {"model_versions": model.get("versions", [])}
        case "POST", "model-versions/create":
            versions = memory.models[body["name"]].setdefault("versions", [])
            versions.append({**body, "version": str(len(versions) + 1)})
            return 200, {"model_version": versions[-1]}
        case "POST", "registered-models/alias":
            aliases = memory.models[body["name"]]["aliases"]
            aliases[:] = [a for a in aliases if a["alias"] != body["alias"]]
            aliases.append({"alias": body["alias"], "version": body["version"]})
            return 200, {}
        case "DELETE", "registered-models/alias":
            aliases = memory.models[body["name"]]["aliases"]
            aliases[:] = [a for a in aliases if a["alias"] != body["alias"]]
            return 200, {}
    raise AssertionError(f"no client was expected to call {method} {path}")


def tag(run: dict[str, Any], name: str) -> str | None:
    return next((t["value"] for t in run["data"]["tags"] if t["key"] == name), None)
