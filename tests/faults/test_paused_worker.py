"""Is a worker left alone that is silent for a while, as it is while it starts on a busy machine?"""

import os
import signal
import time
from pathlib import Path

import httpx
import pytest

from tests.journeys import test_http_server

pytestmark = pytest.mark.faults

SILENT_S = 8.0  # more than the 5 seconds after which uvicorn by itself would replace it


def workers_of(pid: int) -> set[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    names = {int(child): Path(f"/proc/{child}/cmdline").read_text() for child in children}
    return {child for child, name in names.items() if "spawn_main" in name}


def test_a_paused_worker_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_http_server, "WAIT_S", 180)
    url = f"sqlite:///{tmp_path}/served.db"
    with test_http_server.server(url, 2, tmp_path) as address:
        (parent,) = (
            int(own.name)
            for own in Path("/proc").iterdir()
            if own.name.isdigit()
            and f"{tmp_path}/run_server.py" in command_of(own)
            and "spawn_main" not in command_of(own)
        )
        before = workers_of(parent)
        assert len(before) == 2
        paused = min(before)
        os.kill(paused, signal.SIGSTOP)
        time.sleep(SILENT_S)
        os.kill(paused, signal.SIGCONT)
        assert httpx.get(f"{address}/health/ready", timeout=30).status_code == 200
        assert workers_of(parent) == before


def command_of(own: Path) -> str:
    try:
        return (own / "cmdline").read_text()
    except OSError:
        return ""
