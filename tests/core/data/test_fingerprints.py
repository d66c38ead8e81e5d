"""The same clip is known again after another encoding; others are not taken for it."""

import numpy as np

from scripts.made_clips import RATE, draw, plan_clip, play
from vem_core.data.duplicates import Pair, find_pairs, groups
from vem_core.data.fingerprints import Fingerprint, Thumbs, sound_words
from vem_core.parsing.sampling import RateSampler
from vem_core.types import Samples
from vem_core.video.reader import VideoFrame


def thumbs(frames: list[np.ndarray], fps: float = 20.0) -> np.ndarray:
    found = Thumbs()
    sampler = RateSampler(found, width=9, height=8, rate_hz=2.0)
    for i, pixels in enumerate(frames):
        sampler(VideoFrame(time_s=i / fps, duration_s=1 / fps, pixels=pixels))
    return found.finish()


def words(sound: np.ndarray) -> np.ndarray:
    return sound_words(Samples(values=sound.astype(np.float32), sample_rate=RATE))


def prints_of(seed: int) -> Fingerprint:
    made = plan_clip(seed)
    return Fingerprint(words=words(play(made)), thumbs=thumbs(draw(made)))


def worse(seed: int) -> Fingerprint:
    """Quieter, hissing, brighter, noisy, and beginning 2.53 s later."""
    made, rng = plan_clip(seed), np.random.default_rng(1)
    sound = 0.4 * play(made)[:, round(2.53 * RATE) :]
    sound = sound + rng.normal(0, 0.004, sound.shape)
    frames = [
        np.clip(1.1 * frame + 8 + rng.normal(0, 5, frame.shape), 0, 255).astype(np.uint8)
        for frame in draw(made)[50:]
    ]
    return Fingerprint(words=words(sound), thumbs=thumbs(frames))


def test_an_excerpt_in_another_quality_is_known_again() -> None:
    prints = [prints_of(seed) for seed in range(4)]
    assert find_pairs([*prints, worse(2)]) == [Pair(2, 4, True, True)]


def test_music_and_picture_are_told_apart() -> None:
    a, b = prints_of(0), prints_of(1)
    same_music = Fingerprint(words=a.words, thumbs=b.thumbs)
    same_picture = Fingerprint(words=prints_of(2).words, thumbs=a.thumbs)
    pairs = find_pairs([a, same_music, same_picture])
    assert pairs == [Pair(0, 1, True, False), Pair(0, 2, False, True)]
    assert not any(pair.duplicate for pair in pairs)


def test_silence_and_black_are_like_nothing() -> None:
    silent = words(np.zeros((1, 12 * RATE)))
    assert not silent.any()
    black = np.zeros((24, 8, 9), np.uint8)
    assert find_pairs([Fingerprint(words=silent, thumbs=black) for _ in range(3)]) == []
    assert find_pairs([]) == []


def test_groups_join_across_pairs() -> None:
    pairs = [Pair(1, 3, True, False), Pair(3, 4, False, True)]
    assert groups(6, pairs) == [0, 1, 2, 1, 1, 5]
