"""Tiny random models and clips for the tests of the neural parts."""

from fractions import Fraction

import torch

from vem_core.codecs.score.latent_codec import CodecConfig, ScoreCodec
from vem_core.encoders.text import LexiconText
from vem_core.engine.conditions import conditioning_widths, encode_clip
from vem_core.engine.music_model import MusicModel
from vem_core.model.denoiser import Denoiser, DenoiserConfig
from vem_core.types import (
    METRES,
    Affect,
    BeatPlan,
    Conditioning,
    Hit,
    Key,
    Motion,
    Picture,
    Shot,
    Storyboard,
    Tempo,
    Transition,
)

STYLES = ("house", "rock")
KEY = Key(tonic=2, mode="minor")


def tiny_storyboard(edges_s: tuple[float, ...] = (4.0, 8.0, 12.0)) -> Storyboard:
    starts_s = (0.0, *edges_s[:-1])
    shots = tuple(
        Shot(
            start_s=a,
            end_s=b,
            affect=Affect(valence=0.2 * i - 0.3, arousal=0.2 + 0.1 * i),
            picture=Picture(
                keyframe_s=a, brightness=0.5, saturation=0.5, contrast=0.3, warmth=0, hues=()
            ),
            motion=Motion(mean=0.1 * i, peak=0.2 * i),
            caption=("sad", "calm house", "")[i % 3],
        )
        for i, (a, b) in enumerate(zip(starts_s, edges_s, strict=True))
    )
    cuts = tuple(Transition(time_s=t, strength=0.8) for t in edges_s[:-1])
    return Storyboard(
        duration_s=edges_s[-1], fps=Fraction(25), shots=shots, transitions=cuts, theme="happy"
    )


def tiny_plan(storyboard: Storyboard, beat_s: float = 0.5) -> BeatPlan:
    n_beats = round(storyboard.duration_s / beat_s)
    return BeatPlan(
        duration_s=storyboard.duration_s,
        fps=storyboard.fps,
        beats_s=tuple(i * beat_s for i in range(n_beats + 1)),
        downbeats=tuple(range(0, n_beats, 4)),
        metre=METRES["4/4"],
        tempo=Tempo(base_bpm=120, min_bpm=120, max_bpm=120),
        hits=tuple(
            Hit(
                transition_s=t.time_s,
                beat_s=t.time_s,
                unit="beat",
                error_ms=0,
                error_frames=0,
                weight=0.8,
            )
            for t in storyboard.transitions
        ),
    )


def tiny_codec() -> ScoreCodec:
    torch.manual_seed(0)
    return ScoreCodec(CodecConfig(width=16, slot_width=8)).eval()


def tiny_denoiser() -> Denoiser:
    """Random everywhere, also where training starts from zero."""
    torch.manual_seed(1)
    widths = conditioning_widths(STYLES, LexiconText(STYLES), tiny_codec().n_channels)
    denoiser = Denoiser(
        DenoiserConfig(conditioning=widths, width=16, context_width=16, n_blocks=2, head_width=8)
    )
    with torch.no_grad():
        for p in denoiser.parameters():
            if not p.any():
                p.normal_(std=0.1)
    return denoiser


def tiny_condition(storyboard: Storyboard | None = None) -> Conditioning:
    storyboard = storyboard or tiny_storyboard()
    codec = tiny_codec()
    return encode_clip(
        storyboard,
        tiny_plan(storyboard),
        style="rock",
        key=KEY,
        styles=STYLES,
        text=LexiconText(STYLES),
        reference=torch.randn(codec.n_channels, 40, generator=torch.Generator().manual_seed(3)),
    )


def tiny_model() -> MusicModel:
    return MusicModel(name="tiny", styles=STYLES, codec=tiny_codec(), denoiser=tiny_denoiser())
