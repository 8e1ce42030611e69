"""What does the fresh process do that makes a graph? `export.to_onnx` starts it.

It reads a network from its standard input and writes ONNX to its standard output. The network is
pickled on that way, as `multiprocessing` would do it: from a process to its own child, never to a
disk.
"""

import io
import sys
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from learnloop.core.arrays import Arrays


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be exported; see `export.export`."""

    network: nn.Module
    example: Arrays
    outputs: Sequence[str]
    sequences: Collection[str]

    def to_bytes(self) -> bytes:
        """For the pipe."""
        buffer = io.BytesIO()
        torch.save((self.network, dict(self.example), self.outputs, self.sequences), buffer)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Request":
        """From the pipe."""
        return cls(*torch.load(io.BytesIO(data), weights_only=False))

    def graph(self) -> bytes:
        """The network as ONNX."""
        axes = {True: {0: "batch", 1: "length"}, False: {0: "batch"}}
        free = {name: axes[name in self.sequences] for name in (*self.example, *self.outputs)}
        with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
            self._write(file.name, free)
            return Path(file.name).read_bytes()

    def _write(self, path: str, free: dict[str, dict[int, str]]) -> None:
        torch.onnx.export(
            self.network,
            tuple(map(torch.from_numpy, self.example.values())),
            path,
            input_names=list(self.example),
            output_names=list(self.outputs),
            dynamic_axes=free,
            dynamo=False,
            external_data=False,
        )


if __name__ == "__main__":
    output = sys.stdout.buffer
    sys.stdout = sys.stderr  # what libraries print must not end up in the graph
    output.write(Request.from_bytes(sys.stdin.buffer.read()).graph())
