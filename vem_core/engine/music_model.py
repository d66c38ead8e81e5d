"""The embedded music model as a whole: encoders, denoiser and codec."""

from collections.abc import Sequence
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
        z = sample_latents(self.denoiser, condition, settings, progress=progress)
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
        z = sample_latents(self.denoiser, condition, settings, kept=kept, progress=progress)
        return self._latents(z, condition)

    def decode(self, latents: MusicLatents, plan: BeatPlan, *, style: str, key: Key) -> Landing:
        """The score of latents, its hits made exact. Raises what ScoreCodec.decode raises."""
        return land_hits(self.codec.decode(latents, plan, style, key), plan)

    def _latents(self, z, condition: Conditioning) -> MusicLatents:
        return MusicLatents(z=z, frame_times_s=condition.frame_times_s, codec=self.codec.name)
