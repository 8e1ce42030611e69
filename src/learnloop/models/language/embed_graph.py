"""How is a BERT computed? As one ONNX graph, written out node by node from its weights.

Per layer, with x (B, T, H), A heads of width D = H / A, and LN a layer normalisation:

    q, k, v = x W + b, each cut into heads   the scores' 1/sqrt(D) is inside q's W and b
    x = LN(x + softmax(q k' + mask) v W_o)
    x = LN(x + gelu(x W_1) W_2)

Then the mean of x over the real tokens, scaled to length 1.

Reference: Devlin et al. (2019), BERT.
"""

from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from learnloop.core.embedding import Vectors

OPSET = 17
IR_VERSION = 8
FAR = -1e9  # a score that no attention reaches
MADE_FOR = {"model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute"}


def graph(
    config: Mapping[str, Any], weights: Mapping[str, Vectors], max_tokens: int
) -> onnx.ModelProto:
    """The network as an ONNX model: (B, T) token ids and mask -> (B, H) vectors of length 1.

    Raises:
        KeyError: A weight is missing.
        ValueError: It is a network of another kind, or has fewer places than `max_tokens`.
    """
    for name, value in MADE_FOR.items():
        if config.get(name, value) != value:
            raise ValueError(f"{name} is {config[name]}, not {value}")
    if (places := len(weights["embeddings.position_embeddings.weight"])) < max_tokens:
        raise ValueError(f"{max_tokens} tokens, but there are {places} places")
    return _Bert(config, weights).model()


class _Bert:
    """Writes the nodes down, one layer behind the other."""

    def __init__(self, config: Mapping[str, Any], weights: Mapping[str, Vectors]) -> None:
        self.weights = weights
        self.hidden = int(config["hidden_size"])
        self.heads = int(config["num_attention_heads"])
        self.layers = int(config["num_hidden_layers"])
        self.epsilon = float(config["layer_norm_eps"])
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def model(self) -> onnx.ModelProto:
        x, reach = self.embeddings(), self.reach()
        for number in range(self.layers):
            x = self.layer(x, reach, f"encoder.layer.{number}")
        self.pooled(x)
        shape = ["batch", "tokens"]
        ids, mask = (
            helper.make_tensor_value_info(name, TensorProto.INT64, shape)
            for name in ("input_ids", "attention_mask")
        )
        vectors = helper.make_tensor_value_info(
            "vectors", TensorProto.FLOAT, ["batch", self.hidden]
        )
        drawn = helper.make_graph(
            self.nodes, "bert", [ids, mask], [vectors], list(self.constants.values())
        )
        model = helper.make_model(
            drawn, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        onnx.checker.check_model(model)
        return model

    def embeddings(self) -> str:
        """Of the token, its place, and the one kind of segment there is; (B, T, H)."""
        kind = self.weights["embeddings.token_type_embeddings.weight"][0]
        places = self.constant(
            "places", self.weights["embeddings.position_embeddings.weight"] + kind
        )
        words = self.constant("words", self.weights["embeddings.word_embeddings.weight"])
        n = self.node("Shape", "input_ids", start=1, end=2)
        zero, one = self.ints("zero", 0), self.ints("one", 1)
        place = self.node("Slice", places, zero, n, zero, one)
        x = self.node("Add", self.node("Gather", words, "input_ids"), place)
        return self.normed(x, "embeddings.LayerNorm")

    def reach(self) -> str:
        """0 for tokens, far below for what only pads; (B, 1, 1, T)."""
        real = self.node("Cast", "attention_mask", to=TensorProto.FLOAT)
        wide = self.node("Unsqueeze", real, self.ints("heads_and_queries", 1, 2))
        padding = self.node("Sub", self.floats("1", 1.0), wide)
        return self.node("Mul", padding, self.floats("far", FAR))

    def layer(self, x: str, reach: str, name: str) -> str:
        mixed = self.attention(x, reach, name)
        x = self.normed(self.node("Add", x, mixed), f"{name}.attention.output.LayerNorm")
        inner = self.gelu(self.linear(x, f"{name}.intermediate.dense"))
        outer = self.linear(inner, f"{name}.output.dense")
        return self.normed(self.node("Add", x, outer), f"{name}.output.LayerNorm")

    def attention(self, x: str, reach: str, name: str) -> str:
        q, k, v = (self.in_heads(x, name, part) for part in ("query", "key", "value"))
        scores = self.node("MatMul", q, self.node("Transpose", k, perm=[0, 1, 3, 2]))
        share = self.node("Softmax", self.node("Add", scores, reach), axis=-1)
        heard = self.node("Transpose", self.node("MatMul", share, v), perm=[0, 2, 1, 3])
        joined = self.node("Reshape", heard, self.ints("joined", 0, 0, self.hidden))
        return self.linear(joined, f"{name}.attention.output.dense")

    def in_heads(self, x: str, name: str, part: str) -> str:
        """One of the three projections, (B, A, T, D)."""
        width = self.hidden // self.heads
        scale = 1.0 / sqrt(width) if part == "query" else 1.0
        flat = self.linear(x, f"{name}.attention.self.{part}", scale)
        cut = self.node("Reshape", flat, self.ints("cut", 0, 0, self.heads, width))
        return self.node("Transpose", cut, perm=[0, 2, 1, 3])

    def pooled(self, x: str) -> None:
        """The mean over the tokens, scaled to length 1: the graph's output (B, H)."""
        real = self.node("Cast", "attention_mask", to=TensorProto.FLOAT)
        weight = self.node("Unsqueeze", real, self.ints("last", 2))
        total = self.node(
            "ReduceSum", self.node("Mul", x, weight), self.ints("one", 1), keepdims=0
        )  # the mean has the same direction
        length = self.node("ReduceL2", total, axes=[1], keepdims=1)
        self.nodes.append(helper.make_node("Div", [total, length], ["vectors"]))

    def linear(self, x: str, name: str, scale: float = 1.0) -> str:
        weight = self.constant(f"{name}.weight", self.weights[f"{name}.weight"].T * scale)
        bias = self.constant(f"{name}.bias", self.weights[f"{name}.bias"] * scale)
        return self.node("Add", self.node("MatMul", x, weight), bias)

    def normed(self, x: str, name: str) -> str:
        scale, shift = (
            self.constant(f"{name}.{part}", self.weights[f"{name}.{part}"])
            for part in ("weight", "bias")
        )
        return self.node("LayerNormalization", x, scale, shift, axis=-1, epsilon=self.epsilon)

    def gelu(self, x: str) -> str:
        """X (1 + erf(x / sqrt 2)) / 2."""
        erf = self.node("Erf", self.node("Div", x, self.floats("root 2", sqrt(2.0))))
        twice = self.node("Mul", x, self.node("Add", erf, self.floats("1", 1.0)))
        return self.node("Mul", twice, self.floats("half", 0.5))

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        output = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, name: str, values: np.ndarray[Any, Any]) -> str:
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def floats(self, name: str, value: float) -> str:
        return self.constant(name, np.array(value, dtype=np.float32))

    def ints(self, name: str, *values: int) -> str:
        return self.constant(name, np.array(values, dtype=np.int64))
