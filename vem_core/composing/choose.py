"""What the creator left open: the style that fits a storyboard, and the key that fits its mood."""

import re

from ..lexicon import read_words
from ..types import BeatPlan, Key, Storyboard
from .draft import Dice, pick
from .style import Style, load_style, style_names

MIDDLE = 1 / 3
"""Valence above it asks for a bright mode, below its negative for a dark one."""
UNASKED = 0.3
"""How much nearer in mood an idiomatic style must be to be chosen without a word for it."""


def mean_valence(storyboard: Storyboard) -> float:
    """Valence of the clip: that of its shots, weighted by how long they last."""
    total = sum(shot.affect.valence * shot.duration_s for shot in storyboard.shots)
    return total / storyboard.duration_s


def mean_arousal(storyboard: Storyboard) -> float:
    """Arousal of the clip, weighted like mean_valence."""
    total = sum(shot.affect.arousal * shot.duration_s for shot in storyboard.shots)
    return total / storyboard.duration_s


def choose_style(storyboard: Storyboard, plan: BeatPlan | None = None) -> Style:
    """The style named in the storyboard, else the one that its words and mood suggest.

    Each word of a style that is found in the theme counts 1, in the tags or a caption 0.4; a style
    that the lexicon finds named in theme or tags counts 3, one that is named there later or in a
    caption 1. From that the distance of the style's mood to the clip's is taken, 0.3 from an
    idiomatic style that no word speaks for (a bright advert asks for no jazz), and 0.5 if the style
    is not played in this metre or 0.3 if not at this tempo. Without a plan metre and tempo have no
    say: the plan may then be made at the style's own tempo.
    """
    if storyboard.style:
        return load_style(storyboard.style)
    theme = set(_words(storyboard.theme))
    other = set(_words(" ".join(storyboard.tags)))
    for shot in storyboard.shots:
        other |= set(_words(" ".join((shot.caption, *shot.tags))))
    valence, arousal = mean_valence(storyboard), mean_arousal(storyboard)
    first = read_words(storyboard.theme, *storyboard.tags).styles
    captions = (text for shot in storyboard.shots for text in (shot.caption, *shot.tags))
    later = {*first[1:], *read_words(*captions).styles}

    def score(style: Style) -> float:
        known = set(style.words)
        named = 3.0 if style.name in first[:1] else 1.0 if style.name in later else 0.0
        words = len(known & theme) + 0.4 * len(known & (other - theme))
        mood = 0.5 * abs(style.valence - valence) + abs(style.arousal - arousal)
        unasked = UNASKED if style.idiomatic and not named and not words else 0.0
        return named + min(words, 4.0) - mood - unasked - (_misfit(style, plan) if plan else 0.0)

    return max((load_style(name) for name in style_names()), key=score)


def _misfit(style: Style, plan: BeatPlan) -> float:
    low, high = style.tempo_range_bpm(plan.metre)
    off_tempo = not low - 4 <= plan.tempo.base_bpm <= high + 4
    return 0.5 * (plan.metre.name not in style.metres) + 0.3 * off_tempo


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z][a-z'-]*", text.lower())


def choose_key(storyboard: Storyboard, style: Style, dice: Dice) -> Key:
    """Major or mixolydian for a happy clip, minor or dorian for a gloomy one, else as styles go."""
    valence = mean_valence(storyboard)
    mood = "bright" if valence > MIDDLE else "dark" if valence < -MIDDLE else "neutral"
    rng = dice.roll("key " + style.name)
    mode = pick(rng, dict(style.modes[mood]))
    tonic = int(style.tonics[int(rng.integers(len(style.tonics)))])
    return Key(tonic=tonic, mode=mode)  # type: ignore[arg-type]
