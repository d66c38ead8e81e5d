"""What a creator's words say about music: mood, energy, style and parts.

The words lie in lexicon.json, some 320 of them. Moods are placed by hand on Russell's circumplex
(1980): valence in [-1, 1], arousal in [0, 1]. Energy words speak of arousal alone. Style words name
one of the composer's styles, part words one of types.PARTS.
"""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .types import PARTS, Part

DATA = Path(__file__).with_name("lexicon.json")
NEUTRAL_AROUSAL = 0.4
"""What intensifiers push away from and negations mirror at; for valence that is 0."""
INTENSIFIERS = {
    "very": 1.35,
    "really": 1.35,
    "extremely": 1.6,
    "highly": 1.35,
    "super": 1.5,
    "quite": 1.1,
    "slightly": 0.5,
    "somewhat": 0.6,
    "bit": 0.5,
    "little": 0.5,
}
NEGATIONS = frozenset(("not", "no", "never", "without", "isn't", "aren't", "don't"))
NEGATED = -0.5
"""'Not sad' is half as happy as sad is sad."""
SCOPE = 2
"""Words that may stand between a negation or an intensifier and its word."""

_WORD = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Lexicon:
    """The words, in lower case; two-word ones with a hyphen."""

    moods: dict[str, tuple[float, float]]
    energy: dict[str, float]
    styles: dict[str, str]
    parts: dict[str, Part]
    silent: frozenset[str]
    """Words that say nothing here and are not reported as unknown."""

    def base(self, word: str) -> str | None:
        """The entry that `word` is a form of: itself, or without -s, -es, -ly, -ness; or None."""
        for form in _forms(word):
            if any(form in words for words in (self.moods, self.energy, self.styles, self.parts)):
                return form
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a text says; None and () where it says nothing."""

    valence: float | None = None
    arousal: float | None = None
    styles: tuple[str, ...] = ()
    """Named styles, the one named most often first."""
    parts: tuple[Part, ...] = ()
    """Asked for."""
    without: tuple[Part, ...] = ()
    """Not wanted: 'no drums'."""
    unknown: tuple[str, ...] = ()
    """Words that the lexicon does not hold."""

    @property
    def has_mood(self) -> bool:
        return self.valence is not None or self.arousal is not None


@lru_cache(maxsize=1)
def load_lexicon() -> Lexicon:
    """The lexicon that VeM ships."""
    data = json.loads(DATA.read_text(encoding="utf-8"))
    return Lexicon(
        moods={word: (valence, arousal) for word, (valence, arousal) in data["moods"].items()},
        energy=data["energy"],
        styles=data["styles"],
        parts=data["parts"],
        silent=frozenset(data["silent"]),
    )


def read_words(*texts: str, lexicon: Lexicon | None = None) -> Reading:
    """What the texts say together.

    Valence is the mean over mood words, arousal that over mood and energy words, after
    intensifiers ('very', 'slightly') and negations ('not', 'no') among the two words before.
    """
    lexicon = lexicon or load_lexicon()
    heard = _Heard()
    for text in texts:
        words = _split(text, lexicon)
        for i, word in enumerate(words):
            before = words[max(0, i - SCOPE) : i]
            _hear(word, before, lexicon, heard)
    return Reading(
        valence=_mean(heard.valences, -1.0),
        arousal=_mean(heard.arousals, 0.0),
        styles=tuple(sorted(heard.styles, key=lambda name: -heard.styles[name])),
        parts=tuple(part for part in PARTS if part in heard.parts - heard.without),
        without=tuple(part for part in PARTS if part in heard.without),
        unknown=tuple(dict.fromkeys(heard.unknown)),
    )


class _Heard:
    """What was read so far."""

    def __init__(self) -> None:
        self.valences: list[float] = []
        self.arousals: list[float] = []
        self.styles: dict[str, int] = {}
        self.parts: set[Part] = set()
        self.without: set[Part] = set()
        self.unknown: list[str] = []


def _hear(word: str, before: list[str], lexicon: Lexicon, heard: _Heard) -> None:
    base = lexicon.base(word)
    if base is None:
        if word not in lexicon.silent and word not in NEGATIONS and not word.isdigit():
            heard.unknown.append(word)
        return
    negated = any(other in NEGATIONS for other in before)
    gain = NEGATED if negated else 1.0
    for other in before:
        gain *= INTENSIFIERS.get(other, 1.0)
    if base in lexicon.moods:
        valence, arousal = lexicon.moods[base]
        heard.valences.append(valence * gain)
        heard.arousals.append(_away(arousal, gain))
    elif base in lexicon.energy:
        heard.arousals.append(_away(lexicon.energy[base], gain))
    if base in lexicon.styles and not negated:
        style = lexicon.styles[base]
        heard.styles[style] = heard.styles.get(style, 0) + 1
    if base in lexicon.parts:
        (heard.without if negated else heard.parts).add(lexicon.parts[base])


def _away(arousal: float, gain: float) -> float:
    """Further from neutral, or nearer, or to its other side."""
    return min(max(NEUTRAL_AROUSAL + gain * (arousal - NEUTRAL_AROUSAL), 0.0), 1.0)


def _split(text: str, lexicon: Lexicon) -> list[str]:
    """Words in lower case; neighbours that the lexicon knows as one are joined by a hyphen."""
    words = _WORD.findall(text.lower().replace("’", "'").replace("_", " "))
    joined: list[str] = []
    for word in words:
        pair = f"{joined[-1]}-{word}" if joined else ""
        if pair and lexicon.base(pair) is not None:
            joined[-1] = pair
        elif "-" in word and lexicon.base(word) is None:
            joined += word.split("-")
        else:
            joined.append(word)
    return joined


def _forms(word: str) -> list[str]:
    forms = [word]
    for ending, instead in (
        ("s", ""),
        ("es", ""),
        ("ies", "y"),
        ("ly", ""),
        ("ily", "y"),
        ("ness", ""),
        ("iness", "y"),
    ):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            forms.append(word[: -len(ending)] + instead)
    return forms


def _mean(values: list[float], low: float) -> float | None:
    if not values:
        return None
    return round(min(max(sum(values) / len(values), low), 1.0), 4)
