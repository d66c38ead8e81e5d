"""Text as vectors.

The embedded model reads text through the lexicon; CLAP's text encoder (VeM's own) has the same
interface and another width.
"""

from collections.abc import Sequence
from typing import Protocol

import torch

from ..lexicon import read_words
from ..types import Storyboard


class TextEncoder(Protocol):
    """Turns short texts into vectors."""

    @property
    def width(self) -> int:
        """Numbers per text."""
        ...

    def encode(self, texts: Sequence[str]) -> torch.Tensor:
        """(N, width) float32; an empty text is all zeros."""
        ...


class LexiconText:
    """Mood, energy and style of a text as the lexicon reads them.

    Words that the lexicon does not hold say nothing; `lexicon.read_words` names them.
    """

    def __init__(self, styles: tuple[str, ...]):
        self.styles = styles

    @property
    def width(self) -> int:
        return 4 + len(self.styles)

    def encode(self, texts: Sequence[str]) -> torch.Tensor:
        """(N, width): valence and arousal, each with whether it is said, and the styles named."""
        rows = [self._row(text) for text in texts]
        return torch.tensor(rows, dtype=torch.float32).view(-1, self.width)

    def _row(self, text: str) -> list[float]:
        reading = read_words(text)
        row = [0.0] * self.width
        if reading.valence is not None:
            row[0], row[1] = reading.valence, 1.0
        if reading.arousal is not None:
            row[2], row[3] = 2 * reading.arousal - 1, 1.0
        for style in reading.styles:
            if style in self.styles:
                row[4 + self.styles.index(style)] = 1.0
        return row


def encode_texts(storyboard: Storyboard, encoder: TextEncoder) -> torch.Tensor:
    """(S, 3, D): theme caption, tags and shot text of every shot (VeM eq. 6, the first three).

    A shot's own tags belong to its text.
    """
    theme, tags = encoder.encode([storyboard.theme, ", ".join(storyboard.tags)])
    shots = encoder.encode(
        [", ".join(filter(None, (shot.caption, *shot.tags))) for shot in storyboard.shots]
    )
    n_shots = len(shots)
    return torch.stack([theme.expand(n_shots, -1), tags.expand(n_shots, -1), shots], dim=1)
