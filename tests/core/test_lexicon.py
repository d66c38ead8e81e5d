"""What words say."""

from typing import get_args

import pytest

from vem_core.composing.style import style_names
from vem_core.lexicon import load_lexicon, read_words
from vem_core.types import Part


def test_every_entry_can_be_used() -> None:
    lexicon = load_lexicon()
    n_words = sum(map(len, (lexicon.moods, lexicon.energy, lexicon.styles, lexicon.parts)))
    assert n_words >= 300
    assert all(-1 <= v <= 1 and 0 <= a <= 1 for v, a in lexicon.moods.values())
    assert all(0 <= a <= 1 for a in lexicon.energy.values())
    assert set(lexicon.styles.values()) <= set(style_names())
    assert set(lexicon.parts.values()) <= set(get_args(Part))


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("happy", "sad"),
        ("very happy", "happy"),
        ("a peaceful morning", "an ominous night"),
        ("not sad", "sad"),
        ("joyfully", "gloomily"),
    ],
)
def test_happier(text: str, other: str) -> None:
    here, there = read_words(text).valence, read_words(other).valence
    assert here is not None and there is not None and here > there


def test_energy_and_mood() -> None:
    frantic, calm = read_words("a frantic chase"), read_words("slow, calm and quiet")
    assert frantic.arousal and calm.arousal and frantic.arousal > 0.85 and calm.arousal < 0.2
    assert read_words("fast").valence is None


def test_styles_and_parts() -> None:
    reading = read_words("Hip hop with piano & violins, no drums; hip-hop, lo-fi")
    assert reading.styles == ("trap", "lofi")
    assert reading.parts == ("keys", "strings")
    assert reading.without == ("drums",)


def test_unknown_words_are_listed_once() -> None:
    reading = read_words("The zebra and the zebra are happy, 3 of them", "Ölbild")
    assert reading.unknown[0] == "zebra" and reading.unknown.count("zebra") == 1
    assert not read_words("").has_mood
