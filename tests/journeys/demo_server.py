"""A demo that runs as a new user starts it: another process, a free port, a folder of its own."""

import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

LEARNLOOP = [sys.executable, "-c", "from learnloop.cli import main; main()"]


class DemoServer:
    """A running `learnloop demo --no-open`.

    Attributes:
        folder: Where it was started; the demo is in `learnloop-demo` there.
        lines: What it printed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        command = [*LEARNLOOP, "demo", "--no-open"]
        self._process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
        self.lines = self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGINT)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.wait(timeout=60)

    @property
    def text(self) -> str:
        """Everything that it printed."""
        return "\n".join(self.lines)

    @property
    def page(self) -> str:
        """The address that it printed."""
        return re.findall(r"page +(\S+)", self.text)[0]

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.page.partition("/sign-in")[0]

    @property
    def database(self) -> str:
        """Its database."""
        return f"sqlite:///{self.folder / 'learnloop-demo' / 'learnloop.db'}"

    @property
    def keys(self) -> dict[str, str]:
        """The keys that it printed, by role."""
        return dict(re.findall(r"^  (learner|teacher|admin) +(ll_\S+)", self.text, re.MULTILINE))

    def get(self, path: str, key: str | None) -> tuple[int, Any]:
        """Status and JSON of a GET."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return reply.status, json.loads(reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def _read(self) -> list[str]:
        assert self._process.stdout is not None
        lines = []
        for line in self._process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("Ctrl-C"):
                break
        return lines
