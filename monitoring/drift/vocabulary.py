"""How many texts hold each word, without the words: they are known by their hashes."""

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

MOST_WORDS = 200_000  # 2 MB; the rarest of more are dropped
NAMED_WORDS = 1_000  # the most frequent ones, known by name, so that one that vanishes can be told
FEWEST_TEXTS_TO_NAME = 20  # a word of fewer texts could say too much of one of them


class Vocabulary:
    """Words by hash, each with the number of texts that hold it.

    Args:
        texts: how many texts were counted.
        counts: of each word's hash (see `word_hash`), in how many texts it stands.
        named: the most frequent words themselves.
    """

    def __init__(self, texts: int, counts: dict[int, int], named: Sequence[bytes] = ()) -> None:
        self.texts = texts
        self.named = tuple(named)
        self._counts = counts

    @classmethod
    def of(cls, texts: Iterable[Iterable[bytes]]) -> "Vocabulary":
        """Count the different words of each text."""
        words: Counter[bytes] = Counter()
        count = 0
        for text in texts:
            words.update(text)
            count += 1
        return cls.counted(count, words)

    @classmethod
    def counted(cls, texts: int, words: Counter[bytes]) -> "Vocabulary":
        """Take over a count that was made elsewhere."""
        kept = words.most_common(MOST_WORDS)
        named = [word for word, times in kept[:NAMED_WORDS] if times >= FEWEST_TEXTS_TO_NAME]
        return cls(texts, {word_hash(word): times for word, times in kept}, named)

    @classmethod
    def of_arrays(
        cls, texts: int, hashes: NDArray[np.uint32], counts: NDArray[np.uint32], named: Sequence[bytes]
    ) -> "Vocabulary":
        """Restore what `arrays` gave."""
        return cls(texts, dict(zip(hashes.tolist(), counts.tolist(), strict=True)), named)

    def arrays(self) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Give hashes in rising order, and the counts beside them."""
        hashes = np.array(sorted(self._counts), np.uint32)
        return hashes, np.array([self._counts[number] for number in hashes.tolist()], np.uint32)

    def count(self, word: bytes) -> int:
        """Give how many texts hold a word."""
        return self._counts.get(word_hash(word), 0)

    def unseen_share(self, words: Sequence[bytes]) -> float:
        """Give the share of words, 0 to 1, that no text held; 0 for no words.

        >>> Vocabulary.of([[b"oil", b"gold"]]).unseen_share([b"oil", b"meme"])
        0.5
        """
        if not words:
            return 0.0
        known = self._counts
        return sum(zlib.crc32(word) not in known for word in words) / len(words)


def word_hash(word: bytes) -> int:
    """Give a word's 32 bits: CRC-32 has few collisions among the tens of thousands of words of a feed."""
    return zlib.crc32(word)
