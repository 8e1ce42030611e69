"""How alike are texts, if nothing was ever learnt? By the words and word parts that they share.

Each word, pair of neighbouring words and run of three letters is hashed to one of `dim` places and
to a sign; it adds its weight times the root of how often it comes, and the row is scaled to length
1. Inner products then estimate the cosine of the texts' full count vectors (the signs make that
estimate unbiased). The arithmetic is that of 64-bit integers, so a text has the same vector in
every process and on every machine.

Every hash is a difference of one running sum: with S[k] = sum of c_i B^i over the characters before
k, the characters [a, b) have the polynomial hash (S[b] - S[a]) B^-a modulo 2^64, whatever their
number.

Reference: Weinberger et al. (2009), Feature hashing for large scale multitask learning.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from learnloop.core.embedding import WIDTH, Vectors
from learnloop.core.errors import InvalidInput
from learnloop.core.types import Bools, Floats, Ints

Words64 = NDArray[np.uint64]

ALGORITHM = 1  # grows when the same text would get another vector
AT_ONCE = 64  # texts; bounds the memory of a call
BASE: Final = 0x9E3779B97F4A7C15
SPACE: Final = ord(" ")


@dataclass(frozen=True, slots=True)
class HashingConfig:
    """What the vectors depend on.

    Attributes:
        dim: Places of the vector.
        max_chars: What comes behind is left out.
        word: Weight of a word.
        pair: Weight of two neighbouring words.
        trigram: Weight of three neighbouring characters of a word, its borders included.
    """

    dim: int = WIDTH
    max_chars: int = 10_000
    word: float = 1.0
    pair: float = 0.5
    trigram: float = 0.5


class HashingEmbedder:
    """The default embedder: always there, always the same.

    Stability: stable.
    """

    def __init__(self, config: HashingConfig | None = None) -> None:
        """Check the configuration.

        Raises:
            InvalidInput: The vector has no place, or texts no characters.
        """
        self.config = config or HashingConfig()
        if self.config.dim < 1 or self.config.max_chars < 1:
            raise InvalidInput("dim and max_chars must be at least 1")
        self.id = f"hashing-{self.config.dim}"
        self.dim = self.config.dim
        said = f"{ALGORITHM} {sorted(asdict(self.config).items())}"
        self.fingerprint = hashlib.sha256(said.encode()).hexdigest()[:16]

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for first in range(0, len(texts), AT_ONCE):
            part = [
                _words(text[: self.config.max_chars]) for text in texts[first : first + AT_ONCE]
            ]
            rows[first : first + AT_ONCE] = self._rows(part)
        return rows

    def truncated(self, texts: Sequence[str]) -> Bools:
        return np.array([len(text) > self.config.max_chars for text in texts], dtype=bool)

    def _rows(self, texts: Sequence[str]) -> Floats:
        """Of texts as `_words` writes them, (n, dim)."""
        text, hashes, weights = _grams(texts, self.config)
        text, hashes, weights = _counted(text, hashes, weights)
        signed = np.where(hashes >> np.uint64(63), weights, -weights)
        place = text * self.dim + (hashes % np.uint64(self.dim)).astype(np.int64)
        sums = np.bincount(place, signed, len(texts) * self.dim).reshape(len(texts), self.dim)
        length = np.sqrt((sums * sums).sum(axis=1, keepdims=True))
        rows: Floats = sums / np.where(length > 0.0, length, 1.0)
        return rows


class _Spelling(dict[int, str]):
    """What becomes of a character: letters, marks and digits stay, a symbol is a word of its own.

    Format characters (soft hyphens, joiners) vanish; all else parts words.
    """

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)
        if category[0] in "LMN":
            written = char
        elif category[0] == "S":
            written = f" {char} "
        else:
            written = "" if category == "Cf" else " "
        self[code] = written
        return written


_SPELLING = _Spelling()


def _words(text: str) -> str:
    """The words of a text in one spelling, each with a space on both sides."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(("", *folded.translate(_SPELLING).split(), ""))


def _grams(texts: Sequence[str], config: HashingConfig) -> tuple[Ints, Words64, Floats]:
    """Everything that is counted: of which text, its hash, its weight."""
    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    chars = np.frombuffer(joined, dtype="<u4").astype(np.uint64)
    hashed = _Hashes(chars)
    text_at = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    space = chars == SPACE
    starts = np.flatnonzero(space[:-1] & ~space[1:]) + 1
    ends = np.flatnonzero(~space[:-1] & space[1:]) + 1
    together = np.flatnonzero(text_at[starts[:-1]] == text_at[starts[1:]])
    threes = np.flatnonzero(~space[1:-1])  # the middle is a letter; a border may be on either side
    return _joined(
        (
            (text_at[starts], hashed.of(starts, ends, 1), config.word),
            (
                text_at[starts[together]],
                hashed.of(starts[together], ends[together + 1], 2),
                config.pair,
            ),
            (text_at[threes], hashed.of(threes, threes + 3, 3), config.trigram),
        )
    )


def _joined(parts: Iterable[tuple[Ints, Words64, float]]) -> tuple[Ints, Words64, Floats]:
    texts, hashes, weights = zip(*parts, strict=True)
    return (
        np.concatenate(texts),
        np.concatenate(hashes),
        np.repeat(np.array(weights), [len(part) for part in hashes]),
    )


def _counted(text: Ints, hashes: Words64, weights: Floats) -> tuple[Ints, Words64, Floats]:
    """Each gram of each text once, its weight times the root of how often it comes."""
    order = np.lexsort((hashes, text))
    text, hashes, weights = text[order], hashes[order], weights[order]
    new = np.ones(len(text), dtype=bool)
    new[1:] = (text[1:] != text[:-1]) | (hashes[1:] != hashes[:-1])
    first = np.flatnonzero(new)
    times = np.diff(np.append(first, len(text)))
    return text[first], hashes[first], weights[first] * np.sqrt(times)


class _Hashes:
    """Hashes of any runs of one array of characters."""

    def __init__(self, chars: Words64) -> None:
        n = len(chars)
        self.sums = np.zeros(n + 1, dtype=np.uint64)
        np.cumsum(chars * _powers(BASE, n)[:n], out=self.sums[1:])
        self.undo = _powers(pow(BASE, -1, 1 << 64), n)

    def of(self, starts: Ints, ends: Ints, salt: int) -> Words64:
        """Of the characters [start, end) each; another salt is another hash."""
        poly = (self.sums[ends] - self.sums[starts]) * self.undo[starts]
        return _mixed(poly + np.uint64(salt * BASE % (1 << 64)))


def _powers(base: int, n: int) -> Words64:
    """base^0 ... base^n modulo 2^64."""
    factors = np.full(n + 1, base, dtype=np.uint64)
    factors[0] = 1
    return np.cumprod(factors)


def _mixed(h: Words64) -> Words64:
    """Every bit depends on every bit (the finaliser of SplitMix64)."""
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))
