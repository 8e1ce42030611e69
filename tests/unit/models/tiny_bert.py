"""A BERT of 2 layers with random weights and a tokenizer of letters, and what it computes."""

import json
from math import erf
from pathlib import Path
from typing import Any

import numpy as np

HIDDEN, HEADS, LAYERS, INNER, PLACES = 16, 4, 2, 24, 96
CONFIG = {
    "hidden_size": HIDDEN,
    "num_attention_heads": HEADS,
    "num_hidden_layers": LAYERS,
    "layer_norm_eps": 1e-12,
}
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *LETTERS, *(f"##{c}" for c in LETTERS)]


def weights(seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)

    def drawn(*shape: int) -> Any:
        return rng.normal(0.0, 0.5, shape).astype(np.float32)

    found = {
        "embeddings.word_embeddings.weight": drawn(len(VOCABULARY), HIDDEN),
        "embeddings.position_embeddings.weight": drawn(PLACES, HIDDEN),
        "embeddings.token_type_embeddings.weight": drawn(2, HIDDEN),
    }
    shapes = {
        "attention.self.query": (HIDDEN, HIDDEN),
        "attention.self.key": (HIDDEN, HIDDEN),
        "attention.self.value": (HIDDEN, HIDDEN),
        "attention.output.dense": (HIDDEN, HIDDEN),
        "intermediate.dense": (INNER, HIDDEN),
        "output.dense": (HIDDEN, INNER),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        norms += [f"{name}.attention.output.LayerNorm", f"{name}.output.LayerNorm"]
        for part, shape in shapes.items():
            found[f"{name}.{part}.weight"] = drawn(*shape)
            found[f"{name}.{part}.bias"] = drawn(shape[0])
    for norm in norms:
        found[f"{norm}.weight"], found[f"{norm}.bias"] = 1.0 + drawn(HIDDEN), drawn(HIDDEN)
    return found


def forward(w: dict[str, Any], ids: list[int]) -> Any:
    """The vector of one text, straight from the paper, float64."""

    def linear(x: Any, name: str) -> Any:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def normed(x: Any, name: str) -> Any:
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12)
        return x * w[f"{name}.weight"] + w[f"{name}.bias"]

    w = {name: values.astype(np.float64) for name, values in w.items()}
    place = w["embeddings.position_embeddings.weight"][: len(ids)]
    kind = w["embeddings.token_type_embeddings.weight"][0]
    x = normed(w["embeddings.word_embeddings.weight"][ids] + place + kind, "embeddings.LayerNorm")
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        q, k, v = (linear(x, f"{name}.attention.self.{p}") for p in ("query", "key", "value"))
        mixed = []
        for head in np.split(np.arange(HIDDEN), HEADS):
            scores = np.exp(q[:, head] @ k[:, head].T / np.sqrt(len(head)))
            mixed.append(scores / scores.sum(1, keepdims=True) @ v[:, head])
        heard = linear(np.concatenate(mixed, axis=1), f"{name}.attention.output.dense")
        x = normed(x + heard, f"{name}.attention.output.LayerNorm")
        inner = linear(x, f"{name}.intermediate.dense")
        inner = inner * (1.0 + np.vectorize(erf)(inner / np.sqrt(2.0))) / 2.0
        x = normed(x + linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


def safetensors(tensors: dict[str, Any]) -> bytes:
    head, body = {}, b""
    for name, values in tensors.items():
        blob = np.ascontiguousarray(values).tobytes()
        offsets = [len(body), len(body) + len(blob)]
        head[name] = {"dtype": "F32", "shape": values.shape, "data_offsets": offsets}
        body += blob
    text = json.dumps({"__metadata__": {"format": "pt"}, **head}).encode()
    return len(text).to_bytes(8, "little") + text + body


def write_tiny_bert(folder: Path) -> None:
    """As a published model lies in its folder."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    numbers = {piece: i for i, piece in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.enable_padding(length=80)  # as MiniLM's: the loader has to undo it
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "model.safetensors").write_bytes(safetensors(weights()))
