"""The embedded music model as a whole: encoders, denoiser and codec."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ..codecs.score.landing import Landing, land_hits
from ..codecs.score.latent_codec import ScoreCodec
from ..encoders.text import LexiconText
from ..model.denoiser import Denoiser
from ..types import (
    BeatPlan,
    Conditioning,
    Key,
    MusicLatents,
    Progress,
    Storyboard,
    no_progress,
)
from .conditions import encode_clip
from .sampling import Kept, SampleSettings, frames_of_shots, sample_latents
from .themes import encode_themes, invent_themes


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MusicModel:
    """A trained model, ready to score clips."""

    name: str
    styles: tuple[str, ...]
    codec: ScoreCodec
    denoiser: Denoiser

    def encode(
        self, storyboard: Storyboard, plan: BeatPlan, *, style: str, key: Key, seed: int
    ) -> Conditioning:
        """What the model is told of a clip; the seed draws the themes.

        Raises:
            InputError: the model does not know the style.
        """
        themes = invent_themes(storyboard, plan, style, key, seed)
        return encode_clip(
            storyboard,
            plan,
            style=style,
            key=key,
            styles=self.styles,
            text=LexiconText(self.styles),
            reference=encode_themes(self.codec, themes),
        )

    def sample(
        self,
        condition: Conditioning,
        settings: SampleSettings,
        progress: Progress = no_progress,
    ) -> MusicLatents:
        """Music for a clip."""
        with _told_often(self.denoiser, progress) as told:
            z = sample_latents(self.denoiser, condition, settings, progress=told)
        return self._latents(z, condition)

    def redo(
        self,
        condition: Conditioning,
        settings: SampleSettings,
        *,
        earlier: MusicLatents,
        storyboard: Storyboard,
        shots: Sequence[int],
        progress: Progress = no_progress,
    ) -> MusicLatents:
        """The earlier music with some shots (counted from 0) done again; all else stays as it was.

        Raises:
            InputError: no such shot, or music of another beat plan.
        """
        kept = Kept(z=earlier.z, redo=frames_of_shots(storyboard, earlier, tuple(shots)))
        with _told_often(self.denoiser, progress) as told:
            z = sample_latents(self.denoiser, condition, settings, kept=kept, progress=told)
        return self._latents(z, condition)

    def decode(self, latents: MusicLatents, plan: BeatPlan, *, style: str, key: Key) -> Landing:
        """The score of latents, its hits made exact. Raises what ScoreCodec.decode raises."""
        return land_hits(self.codec.decode(latents, plan, style, key), plan)

    def _latents(self, z, condition: Conditioning) -> MusicLatents:
        return MusicLatents(z=z, frame_times_s=condition.frame_times_s, codec=self.codec.name)


@contextmanager
def _told_often(denoiser: Denoiser, progress: Progress) -> Iterator[Progress]:
    """A Progress that is also told before every call of the network.

    One step of a long film is many windows; an interrupt must not wait for all of them.
    """
    reached = 0.0

    def tell(share: float) -> None:
        nonlocal reached
        reached = share
        progress(share)

    hook = denoiser.register_forward_pre_hook(lambda *_: progress(reached))
    try:
        yield tell
    finally:
        hook.remove()
