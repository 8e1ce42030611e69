"""Are hashed texts alike where the texts are, and the same on every machine?"""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.errors import InvalidInput
from learnloop.models.language import embed_hashing
from learnloop.models.language.embed_hashing import HashingConfig, HashingEmbedder

GOLDEN = {
    "What is the slope of y = 3x + 2?": [
        -0.1221694,
        -0.3665083,
        -0.2443389,
        0.2443389,
        0.3665083,
        -0.7330167,
        -0.1221694,
        0.0,
        0.0,
        0.1221694,
        -0.1221694,
        -0.1221694,
    ],
    "漢字とかな": [
        0.0,
        -0.4472136,
        0.0,
        0.4472136,
        0.4472136,
        0.0,
        0.0,
        0.0,
        -0.4472136,
        0.0,
        -0.4472136,
        0.0,
    ],
    "naïve café": [-0.5, 0.0, 0.25, -0.25, 0.25, 0.25, -0.25, 0.5, -0.25, 0.25, 0.0, -0.25],
}


def cosine(one: str, other: str) -> float:
    a, b = HashingEmbedder().encode([one, other])
    return float(a @ b)


@pytest.mark.parametrize("text", GOLDEN)
def test_published_vectors(text: str) -> None:
    found = HashingEmbedder(HashingConfig(dim=12)).encode([text])[0]
    np.testing.assert_allclose(found, GOLDEN[text], rtol=0.0, atol=1e-6)


def test_another_process_gives_the_same_bits() -> None:
    code = (
        "import sys; from learnloop.models.language.embed_hashing import HashingEmbedder as E; "
        "sys.stdout.write(E().encode(['The slope of a line'])[0].tobytes().hex())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == HashingEmbedder().encode(["The slope of a line"])[0].tobytes().hex()


def test_what_shares_words_and_parts_of_words_is_nearer() -> None:
    assert cosine("find the slope of the line", "the slopes of two lines") > 0.3
    assert abs(cosine("find the slope of the line", "enzymes break starch down")) < 0.15
    assert cosine("dog bites man", "man bites dog") < 0.99


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("caf\u00e9", "cafe\u0301"),
        ("ﬁnance", "finance"),
        ("well-known, isn't it?", "well known isn t it"),
        ("hy\u00adphen", "hyphen"),
    ],
)
def test_spellings_of_the_same_text_are_one(one: str, other: str) -> None:
    assert cosine(one, other) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(("one", "other"), [("x + 1", "x × 1"), ("कि", "की"), ("a b", "ab")])
def test_what_means_something_else_is_not(one: str, other: str) -> None:
    assert cosine(one, other) < 0.99


@given(st.lists(st.text(st.characters(), max_size=40), max_size=6))
def test_any_text_has_the_vector_that_it_has_alone(texts: list[str]) -> None:
    embedder = HashingEmbedder(HashingConfig(dim=32))
    together = embedder.encode(texts)
    for text, row in zip(texts, together, strict=True):
        assert row.tobytes() == embedder.encode([text])[0].tobytes()
        assert np.linalg.norm(row) == pytest.approx(1.0, abs=1e-5) or not row.any()


@given(st.text(st.characters(), max_size=30), st.data())
def test_hashes_are_those_of_the_characters_alone(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    inside, alone = (
        embed_hashing._Hashes(np.array([ord(c) for c in part], dtype=np.uint64))
        for part in (text, text[start:end])
    )
    here, there = np.array([start]), np.array([end])
    first, last = np.array([0]), np.array([end - start])
    assert inside.of(here, there, 1) == alone.of(first, last, 1)
    assert inside.of(here, there, 1) != alone.of(first, last, 2)


@pytest.mark.parametrize("config", [HashingConfig(dim=0), HashingConfig(max_chars=0)])
def test_a_vector_without_places_is_refused(config: HashingConfig) -> None:
    with pytest.raises(InvalidInput):
        HashingEmbedder(config)
