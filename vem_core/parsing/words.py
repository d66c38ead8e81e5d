"""The creator's words win over what pixels say.

Rule, for valence and arousal each:
- words on a shot (its caption and tags) that speak of it: the shot has what they say;
- else words on the clip (theme, tags) that speak of it: the shot has what they say plus half of
  what its pixels differ by from the mean over the clip, so that the film keeps its ups and downs;
- else it stays as it is.
Pixels speak through picture and motion, which a storyboard holds; so words may be applied again,
and changed, without wearing anything off.
"""

from collections.abc import Sequence
from dataclasses import replace

from ..lexicon import Reading, read_words
from ..types import Affect, Shot, Storyboard
from .affect import picture_affects

KEPT_CONTRAST = 0.5


def apply_words(storyboard: Storyboard) -> Storyboard:
    """The storyboard with the moods of its shots set by its words."""
    whole = read_words(storyboard.theme, *storyboard.tags)
    readings = [read_words(shot.caption, *shot.tags) for shot in storyboard.shots]
    if not whole.has_mood and not any(reading.has_mood for reading in readings):
        return storyboard
    pixels = picture_affects(storyboard.shots)
    centre = _mean_affect(storyboard.shots, pixels)
    shots = tuple(
        replace(shot, affect=_affect(shot, own, whole, pixel, centre))
        for shot, own, pixel in zip(storyboard.shots, readings, pixels, strict=True)
    )
    return replace(storyboard, shots=shots)


def with_theme(
    storyboard: Storyboard, *, theme: str = "", style: str = "", tags: Sequence[str] = ()
) -> Storyboard:
    """The storyboard under a new theme, style or tags where given, and the moods that follow."""
    return apply_words(
        replace(
            storyboard,
            theme=theme.strip() or storyboard.theme,
            style=style.strip() or storyboard.style,
            tags=tuple(tags) or storyboard.tags,
        )
    )


def unknown_words(storyboard: Storyboard) -> tuple[str, ...]:
    """Words of theme, tags and shots that VeM does not know, in order, each once."""
    texts = [storyboard.theme, *storyboard.tags]
    for shot in storyboard.shots:
        texts += [shot.caption, *shot.tags]
    return read_words(*texts).unknown


def _affect(shot: Shot, own: Reading, whole: Reading, pixel: Affect, centre: Affect) -> Affect:
    def blend(name: str, low: float) -> float:
        said, theme = getattr(own, name), getattr(whole, name)
        if said is not None:
            return said
        if theme is None:
            return getattr(shot.affect, name)
        value = theme + KEPT_CONTRAST * (getattr(pixel, name) - getattr(centre, name))
        return round(min(max(value, low), 1.0), 4)

    return Affect(valence=blend("valence", -1.0), arousal=blend("arousal", 0.0))


def _mean_affect(shots: Sequence[Shot], affects: Sequence[Affect]) -> Affect:
    """Weighted by how long the shots last."""
    total_s = sum(shot.duration_s for shot in shots)
    pairs = list(zip(shots, affects, strict=True))
    return Affect(
        valence=sum(a.valence * shot.duration_s for shot, a in pairs) / total_s,
        arousal=sum(a.arousal * shot.duration_s for shot, a in pairs) / total_s,
    )
