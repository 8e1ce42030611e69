"""What do a process and all that it started use, and how do they end? Linux: read from /proc."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def tree(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in task.read_text().split():
                yield from tree(int(child))


def cpu_s(pid: int) -> float:
    """User and system time of a process and all below it."""
    return sum(map(_own_cpu_s, tree(pid)))


def memory_mb(pid: int) -> float:
    """Memory of a process and all below it; what several share is divided among them (PSS)."""
    return sum(map(_own_memory_mb, tree(pid)))


def end(process: "subprocess.Popen[bytes]", wait_s: float = 20.0) -> None:
    """Ask it to end; kill what is left of it and of all that it started."""
    pids = list(tree(process.pid))
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(wait_s)
    until = time.monotonic() + 5
    while any(map(_runs, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    for pid in filter(_runs, pids):
        with suppress(ProcessLookupError):
            os.kill(pid, 9)
    process.wait()


def _own_cpu_s(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S if fields else 0.0


def _own_memory_mb(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _runs(pid: int) -> bool:
    fields = _stat(pid)
    return bool(fields) and fields[0] not in ("Z", "X")


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the name, or none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []
