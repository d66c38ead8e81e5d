"""Random storyboards: what a creator's clips may look like, without any picture."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from ..lexicon import load_lexicon
from ..types import Affect, Motion, Picture, Shot, Storyboard, Transition, TransitionKind

RATES = (Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60))
KINDS: tuple[TransitionKind, ...] = ("cut", "dissolve", "fade")
KIND_SHARES = (0.82, 0.12, 0.06)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoryboardSettings:
    """Ranges to draw from."""

    shortest_s: float = 8.0
    longest_s: float = 60.0
    shot_s: tuple[float, float] = (0.9, 8.0)
    """Extremes of the median shot length of a clip."""
    flash_share: float = 0.1
    """Share of the shots with a flash inside."""
    words_share: float = 0.6
    """Share of the texts that are not empty."""
    mood_distance: float = 0.35
    """How far, in valence and arousal together, a word of the lexicon may be from the mood."""


def random_storyboard(
    rng: np.random.Generator, words: tuple[str, ...], settings: StoryboardSettings
) -> Storyboard:
    """One storyboard; its picture features lean on its moods as a filmmaker's pictures do.

    Args:
        words: what theme, tags and captions are drawn from; they agree with the music's style.
    """
    fps = RATES[int(rng.integers(len(RATES)))]
    duration_s = float(np.exp(rng.uniform(np.log(settings.shortest_s), np.log(settings.longest_s))))
    edges_s = _edges(rng, duration_s, fps, settings)
    moods = _moods(rng, len(edges_s) - 1)
    middle = (float(np.mean([v for v, _ in moods])), float(np.mean([a for _, a in moods])))
    shots = tuple(
        _shot(rng, a, b, mood, _text(rng, words, mood, settings))
        for a, b, mood in zip(edges_s, edges_s[1:], moods, strict=False)
    )
    return Storyboard(
        duration_s=edges_s[-1],
        fps=fps,
        shots=shots,
        transitions=_transitions(rng, edges_s, settings),
        theme=" ".join(_text(rng, words, middle, settings)),
        tags=_text(rng, words, middle, settings),
    )


def _edges(
    rng: np.random.Generator, duration_s: float, fps: Fraction, settings: StoryboardSettings
) -> list[float]:
    """Edges of shots on video frames: log-normal lengths around a median of this clip."""
    low, high = settings.shot_s
    median_s = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    spread = rng.uniform(0.15, 0.8)
    frames = [0]
    total = max(round(duration_s * fps), 2)
    while len(frames) < 400:
        length = max(round(median_s * np.exp(spread * rng.standard_normal()) * float(fps)), 6)
        if frames[-1] + length > total - 6:
            break
        frames.append(frames[-1] + length)
    return [float(frame / fps) for frame in (*frames, total)]


def _moods(rng: np.random.Generator, n: int) -> list[tuple[float, float]]:
    """(valence, arousal) per shot: a mood of the clip, an arc over it, and shots that differ."""
    valence, arousal = rng.uniform(-1, 1), rng.uniform(0, 1)
    arc = rng.uniform(-0.6, 0.6)
    wander = rng.choice([0.05, 0.15, 0.45])
    moods = []
    for i in range(n):
        own_v, own_a = wander * rng.standard_normal(2)
        share = i / max(n - 1, 1) - 0.5
        moods.append(
            (
                float(np.clip(valence + own_v, -1, 1)),
                float(np.clip(arousal + arc * share + own_a, 0, 1)),
            )
        )
    return moods


def _shot(
    rng: np.random.Generator,
    start_s: float,
    end_s: float,
    mood: tuple[float, float],
    text: tuple[str, ...],
) -> Shot:
    valence, arousal = mood
    blur = 0.15 * rng.standard_normal(4)
    hues = rng.dirichlet(np.full(12, 0.3))
    return Shot(
        start_s=start_s,
        end_s=end_s,
        affect=Affect(valence=valence, arousal=arousal),
        picture=Picture(
            keyframe_s=(start_s + end_s) / 2,
            brightness=_share(0.45 + 0.25 * valence + blur[0]),
            saturation=_share(0.35 + 0.3 * arousal + blur[1]),
            contrast=_share(0.25 + 0.2 * arousal + blur[2]),
            warmth=float(np.clip(0.5 * valence + 2 * blur[3], -1, 1)),
            hues=tuple(float(h) for h in hues / hues.sum()),
        ),
        motion=Motion(mean=0.6 * arousal**2, peak=1.2 * arousal**2 + 0.05),
        caption=" ".join(text),
        tags=text[:1],
    )


def _share(value: float) -> float:
    return float(np.clip(value, 0, 1))


def _text(
    rng: np.random.Generator,
    words: tuple[str, ...],
    mood: tuple[float, float],
    settings: StoryboardSettings,
) -> tuple[str, ...]:
    """Words of the style and words for the mood, or none."""
    if rng.random() > settings.words_share:
        return ()
    chosen = [words[i] for i in rng.choice(len(words), size=min(2, len(words)), replace=False)]
    chosen = chosen[: int(rng.integers(0, 3))]
    near = [
        word
        for word, (valence, arousal) in load_lexicon().moods.items()
        if abs(valence - mood[0]) + abs(arousal - mood[1]) < settings.mood_distance
    ]
    if near and rng.random() < 0.7:
        chosen.append(near[int(rng.integers(len(near)))])
    return tuple(chosen)


def _transitions(
    rng: np.random.Generator, edges_s: list[float], settings: StoryboardSettings
) -> tuple[Transition, ...]:
    found = []
    for start_s, edge_s, end_s in zip(edges_s, edges_s[1:], edges_s[2:], strict=False):
        kind = KINDS[int(rng.choice(len(KINDS), p=KIND_SHARES))]
        room_s = min(edge_s - start_s, end_s - edge_s)
        found.append(
            Transition(
                time_s=edge_s,
                kind=kind,
                duration_s=0.0 if kind == "cut" else float(rng.uniform(0.2, 1.0)) * room_s,
                strength=float(rng.beta(2, 1.2)),
                starred=bool(rng.random() < 0.04),
            )
        )
    for start_s, end_s in pairwise(edges_s):
        if rng.random() < settings.flash_share and end_s - start_s > 1.5:
            time_s = float(rng.uniform(start_s + 0.5, end_s - 0.5))
            found.append(
                Transition(time_s=time_s, kind="flash", strength=float(rng.uniform(0.3, 1)))
            )
    return tuple(sorted(found, key=lambda transition: transition.time_s))
