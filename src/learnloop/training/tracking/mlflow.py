"""How is something told to MLflow? With its own client, in a way that can be repeated.

A run is found by the tag `learnloop.run`, a version by the tag `learnloop.ref`, so what is told
twice, because the first answer was lost, is there once.
"""

import importlib.util
import logging
import os
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from learnloop.core.errors import InvalidInput
from learnloop.training.tracking.sender import Refused, TrackingUnavailable
from learnloop.training.tracking.spool import Entry, SpoolFile

RUN_TAG, REF_TAG = "learnloop.run", "learnloop.ref"
STATUS = {"finished": "FINISHED", "failed": "FAILED", "killed": "KILLED"}
# These don't become true by waiting.
FOR_GOOD = {"INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", "INVALID_STATE", "BAD_REQUEST"}
# The thread waits this long for one answer; `setdefault`: whoever sets MLflow's own is heard.
ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


class MlflowService:
    """An MLflow server or database.

    Args:
        url: `http://...`, `https://...` or `sqlite:///FILE`.
        folder: Where files go with a local database; a server has a place of its own.

    Raises:
        InvalidInput: MLflow is not installed.
    """

    def __init__(self, url: str, folder: Path) -> None:
        _import_mlflow(url)
        self._url = url
        self._folder = folder
        self._client: Any = None
        self._experiments: dict[str, str] = {}
        self._runs: dict[str, str] = {}

    def tell(self, entries: Sequence[Entry], spool: SpoolFile) -> None:
        """Tell one entry, or several of metrics of one run.

        Raises:
            TrackingUnavailable: The server does not answer, or can't do it now.
            Refused: It will never take this.
        """
        from mlflow.exceptions import MlflowException  # noqa: PLC0415

        try:
            if self._client is None:
                self._client = self._connect()
            self._tell(entries, spool)
        except MlflowException as error:
            if error.error_code in FOR_GOOD:
                raise Refused(_said(error)) from error
            raise self._unavailable(error) from error
        except Refused:
            raise
        except Exception as error:  # whatever a network or a database throws
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> TrackingUnavailable:
        return TrackingUnavailable(f"MLflow at {_without_password(self._url)}: {_said(error)}")

    def _connect(self) -> Any:
        from mlflow import MlflowClient  # noqa: PLC0415

        parts = urlsplit(self._url)
        if parts.scheme == "sqlite":
            Path(parts.path.removeprefix("/")).parent.mkdir(parents=True, exist_ok=True)
        return MlflowClient(self._url, self._url)

    def _tell(self, entries: Sequence[Entry], spool: SpoolFile) -> None:
        entry, client = entries[0], self._client
        match entry["say"]:
            case "start":
                client.update_run(self._run(entry), "RUNNING")
            case "params":
                for some in _batches(_params(entry["values"]), 100):
                    client.log_batch(self._run(entry), params=some)
            case "metrics":
                for some in _batches(_metrics(entries), 1000):
                    client.log_batch(self._run(entry), metrics=some)
            case "tags":
                for some in _batches(_tags(entry["values"]), 100):
                    client.log_batch(self._run(entry), tags=some)
            case "file":
                self._file(self._run(entry), entry["name"], spool.content(entry["content"]))
            case "end":
                status = STATUS[entry["status"]]
                client.set_terminated(self._run(entry), status, entry["at_ms"])
            case "version":
                self._version(entry)
            case "alias":
                self._alias(entry)

    def _run(self, entry: Entry) -> str:
        """MLflow's id of the run, which is made where it is missing."""
        run_id: str | None = self._runs.get(entry["run"])
        if run_id is None:
            experiment = self._experiment(entry["experiment"])
            found = self._client.search_runs(
                [experiment], f"tags.`{RUN_TAG}` = '{entry['run']}'", max_results=1
            )
            if not found:
                tags = {RUN_TAG: entry["run"]}
                found = [
                    self._client.create_run(
                        experiment, entry["at_ms"], tags, entry.get("name", entry["run"])
                    )
                ]
            run_id = str(found[0].info.run_id)
            self._runs[entry["run"]] = run_id
        return run_id

    def _experiment(self, name: str) -> str:
        if name not in self._experiments:
            found = self._client.get_experiment_by_name(name)
            if found is None:
                is_server = re.match("https?:", self._url)
                place = None if is_server else (self._folder / "files").absolute().as_uri()
                experiment_id = self._client.create_experiment(name, place)
            else:
                experiment_id = found.experiment_id
            self._experiments[name] = experiment_id
        return self._experiments[name]

    def _file(self, run_id: str, name: str, content: bytes) -> None:
        path = PurePosixPath(name)
        with tempfile.TemporaryDirectory(prefix="learnloop-") as folder:
            staged = Path(folder) / path.name
            staged.write_bytes(content)
            inside = None if path.parent == PurePosixPath(".") else str(path.parent)
            self._client.log_artifact(run_id, str(staged), inside)

    def _version(self, entry: Entry) -> None:
        model, ref = _plain(entry["model"]), f"{entry['model']}@{entry['version']}"
        if self._number(model, ref) is not None:
            return
        if not any(m.name == model for m in self._models()):
            self._client.create_registered_model(model)
        metrics = {f"metric.{name}": str(value) for name, value in entry["metrics"].items()}
        tags = {REF_TAG: ref, "learnloop.sha256": entry["sha256"], **metrics}
        source = f"learnloop:{entry['sha256']}"  # the files stay in the registry
        self._client.create_model_version(model, source, tags=tags, await_creation_for=0)

    def _alias(self, entry: Entry) -> None:
        alias = _plain(f"{entry['slot']}-{entry['role']}")
        model = None if entry["model"] is None else _plain(entry["model"])
        for other in self._models():
            if alias in other.aliases and other.name != model:
                self._client.delete_registered_model_alias(other.name, alias)
        if model is not None:
            ref = f"{entry['model']}@{entry['version']}"
            number = self._number(model, ref)
            if number is None:
                raise Refused(f"alias {alias}: {ref} was never shown here")
            self._client.set_registered_model_alias(model, alias, number)

    def _models(self) -> Sequence[Any]:
        models: Sequence[Any] = self._client.search_registered_models(max_results=1000)
        return models

    def _number(self, model: str, ref: str) -> str | None:
        """MLflow's number of a version."""
        for version in self._client.search_model_versions(f"name='{model}'", max_results=1000):
            if version.tags.get(REF_TAG) == ref:
                return str(version.version)
        return None


def _batches(values: list[Any], size: int) -> Iterator[list[Any]]:
    """MLflow takes so many at once."""
    for first in range(0, len(values), size):
        yield values[first : first + size]


def _params(values: Mapping[str, str]) -> list[Any]:
    from mlflow.entities import Param  # noqa: PLC0415

    return [Param(name, value) for name, value in values.items()]


def _tags(values: Mapping[str, str]) -> list[Any]:
    from mlflow.entities import RunTag  # noqa: PLC0415

    return [RunTag(name, value) for name, value in values.items()]


def _metrics(entries: Sequence[Entry]) -> list[Any]:
    from mlflow.entities import Metric  # noqa: PLC0415

    return [
        Metric(name, value, entry["at_ms"], entry["step"])
        for entry in entries
        for name, value in entry["values"].items()
    ]


def _plain(name: str) -> str:
    """A name that MLflow takes: letters, digits, `-` and `_`."""
    return re.sub(r"[^\w-]", "-", name)


def _without_password(text: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//", text)


def _said(error: Exception) -> str:
    """The first line of what was said."""
    lines = str(error).splitlines()
    return _without_password(lines[0])[:300] if lines else type(error).__name__


def _import_mlflow(url: str) -> None:
    """Load MLflow now: what it warns of while it loads is its own affair."""
    if importlib.util.find_spec("mlflow") is None:
        message = "tracking: MLflow is not installed; pip install 'learnloop[mlflow]'"
        raise InvalidInput(message, field="tracking")
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The ``noload`` loader strategy", DeprecationWarning)
        import mlflow  # noqa: PLC0415

        if not re.match("https?:", url):
            import mlflow.store.tracking.sqlalchemy_store  # noqa: F401, PLC0415
    for chatty in ("mlflow", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
