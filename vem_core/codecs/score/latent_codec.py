"""The score codec: an autoencoder with one latent per beat, split by part.

Each part has its own small encoder and decoder and its own channels, so no part can blur another.
In place of a KL term the latent is batch-normalised (each channel has mean 0 and variance 1 over
music) and the decoder learns from latents with noise, which keeps different music apart.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ...errors import InputError
from ...types import PARTS, BeatPlan, Key, MusicLatents, Part, Score
from .beats import VALUES, BeatBatch, BeatTable, PartBeats, notes_of
from .chord_path import chord_path
from .cleaning import clean_score
from .pitch_rows import INVERSIONS, SHAPES
from .tensor import SLOTS, ScoreTensor, n_rows, score_to_tensor, tensor_to_score

CODEC = "score"
VOICES: dict[Part, int] = {
    "drums": 8,
    "bass": 1,
    "harmony": 6,
    "keys": 5,
    "lead": 1,
    "strings": 5,
}
"""Most notes of a part that may start together."""
CHORD_SIZES = (12, len(SHAPES), INVERSIONS)


@dataclass(frozen=True, kw_only=True, slots=True)
class CodecConfig:
    """Sizes of the codec; saved beside its weights."""

    drums: int = 16
    bass: int = 10
    harmony: int = 14
    keys: int = 22
    lead: int = 14
    strings: int = 12
    chords: int = 8
    width: int = 192
    slot_width: int = 48
    noise: float = 0.25
    """Largest standard deviation of the noise that the decoder learns with."""

    def channels(self) -> dict[str, int]:
        """Channels of each part, in the order in which they are joined; chords last."""
        return {name: getattr(self, name) for name in (*PARTS, "chords")}


def _mlp(n_in: int, width: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(n_in, width), nn.GELU(), nn.Linear(width, width), nn.GELU(),
        nn.Linear(width, n_out),
    )  # fmt: skip


class PartCodec(nn.Module):
    """One part: notes of a beat <-> its channels."""

    def __init__(self, rows: int, channels: int, config: CodecConfig):
        super().__init__()
        w = self.slot_width = config.slot_width
        self.row_in = nn.Embedding(rows, w)
        self.value_in = nn.Embedding(rows, VALUES * w)
        self.encoder = _mlp(SLOTS * w + 1, config.width, channels)
        self.decoder = _mlp(channels + 1, config.width, SLOTS * w)
        self.onset_out = nn.Linear(w, rows)
        self.value_out = nn.Embedding(rows, VALUES * w)
        self.value_usual = nn.Embedding(rows, VALUES)
        for table in (self.value_in, self.value_out, self.value_usual):
            nn.init.normal_(table.weight, std=w**-0.5)
        nn.init.constant_(self.onset_out.bias, -5.0)  # notes are rare

    def encode(self, notes: PartBeats, compound: torch.Tensor) -> torch.Tensor:
        """-> (B, C) before normalisation."""
        by_value = self.value_in(notes.row).unflatten(-1, (VALUES, -1))
        notes_in = self.row_in(notes.row) + (notes.units[:, :, None] * by_value).sum(dim=1)
        slots = notes_in.new_zeros(len(compound) * SLOTS, self.slot_width)
        slots = slots.index_add(0, notes.slot, notes_in)
        return self.encoder(torch.cat([slots.view(len(compound), -1), compound], dim=1))

    def decode_slots(self, z: torch.Tensor, compound: torch.Tensor) -> torch.Tensor:
        """(B, C) -> (B * SLOTS, slot_width)."""
        return self.decoder(torch.cat([z, compound], dim=1)).view(-1, self.slot_width)

    def values_at(self, slots: torch.Tensor, slot: torch.Tensor, row: torch.Tensor) -> torch.Tensor:
        """(N, 3) units of the notes at the given places."""
        table = self.value_out(row).unflatten(-1, (VALUES, -1))
        return (slots[slot][:, None] * table).sum(dim=-1) + self.value_usual(row)


class ChordCodec(nn.Module):
    """The chords of a beat, one token per slot <-> their channels."""

    def __init__(self, channels: int, config: CodecConfig):
        super().__init__()
        w = self.slot_width = config.slot_width
        self.token_in = nn.ModuleList(nn.Embedding(size, w) for size in CHORD_SIZES)
        self.encoder = _mlp(SLOTS * w, config.width, channels)
        self.decoder = _mlp(channels, config.width, SLOTS * w)
        self.token_out = nn.ModuleList(nn.Linear(w, size) for size in CHORD_SIZES)

    def encode(self, chords: torch.Tensor) -> torch.Tensor:
        """(B, SLOTS, 3) -> (B, C) before normalisation."""
        tokens = [table(chords[..., i]) for i, table in enumerate(self.token_in)]
        return self.encoder(torch.stack(tokens).sum(dim=0).flatten(1))

    def decode(self, z: torch.Tensor) -> list[torch.Tensor]:
        """(B, C) -> logits (B, SLOTS, size) of root, shape, inversion."""
        slots = self.decoder(z).unflatten(-1, (SLOTS, self.slot_width))
        return [head(slots) for head in self.token_out]


class ScoreCodec(nn.Module):
    """Scores <-> latents, one frame per beat."""

    name = CODEC

    def __init__(self, config: CodecConfig | None = None):
        super().__init__()
        self.config = config or CodecConfig()
        sizes = self.config.channels()
        self.parts = nn.ModuleList(
            PartCodec(n_rows(part), sizes[part], self.config) for part in PARTS
        )
        self.chords = ChordCodec(sizes["chords"], self.config)
        self.norm = nn.BatchNorm1d(self.n_channels, affine=False, momentum=0.1)

    @property
    def n_channels(self) -> int:
        return sum(self.config.channels().values())

    def channels_of(self, name: str) -> slice:
        """The channels of a part, or of 'chords'."""
        sizes = self.config.channels()
        start = sum(sizes[other] for other in list(sizes)[: list(sizes).index(name)])
        return slice(start, start + sizes[name])

    def frame_times_s(self, plan: BeatPlan) -> torch.Tensor:
        """(L + 1,) edges of the latent frames: the beats of the plan."""
        return torch.tensor(plan.beats_s, dtype=torch.float64)

    def encode_beats(self, batch: BeatBatch) -> torch.Tensor:
        """-> (B, C), normalised."""
        parts = [self.part(p).encode(batch.parts[p], batch.compound) for p in PARTS]
        return self.norm(torch.cat([*parts, self.chords.encode(batch.chords)], dim=1))

    def part(self, part: Part) -> PartCodec:
        """The codec of one part."""
        module = self.parts[PARTS.index(part)]
        assert isinstance(module, PartCodec)
        return module

    @torch.no_grad()
    def encode_tensor(self, tensor: ScoreTensor) -> torch.Tensor:
        """-> (C, L) on the CPU."""
        batch = BeatTable([tensor]).batch(np.arange(tensor.n_beats))
        return self.eval().encode_beats(batch.to(self._device())).T.contiguous().cpu()

    def encode(self, score: Score) -> MusicLatents:
        """The latents of a score. Raises what score_to_tensor raises."""
        return MusicLatents(
            z=self.encode_tensor(score_to_tensor(score)),
            frame_times_s=torch.tensor(score.beats_s, dtype=torch.float64),
            codec=self.name,
        )

    @torch.no_grad()
    def decode_tensor(self, z: torch.Tensor, steps_per_beat: int) -> ScoreTensor:
        """(C, L) -> the notes that the latents say, before cleaning."""
        beats = z.T.to(self._device(), torch.float32)
        compound = beats.new_full((len(beats), 1), float(steps_per_beat == SLOTS))
        playable = torch.arange(SLOTS, device=beats.device) < steps_per_beat
        playable = playable.repeat(len(beats))
        parts = {}
        for part in PARTS:
            codec = self.part(part)
            slots = codec.decode_slots(beats[:, self.channels_of(part)], compound)
            logits = codec.onset_out(slots)
            least = logits.topk(VOICES[part], dim=1).values[:, -1:]
            heard = (logits > 0) & (logits >= least) & playable[:, None]
            slot, row = heard.nonzero(as_tuple=True)
            parts[part] = notes_of(slot, row, codec.values_at(slots, slot, row))
        logits = self.chords.decode(beats[:, self.channels_of("chords")])
        chords = chord_path(logits, steps_per_beat)
        return ScoreTensor(parts=parts, chords=chords, steps_per_beat=steps_per_beat)

    def decode(self, latents: MusicLatents, plan: BeatPlan, style: str, key: Key) -> Score:
        """The score that latents say, as clean notes (cleaning.py).

        Raises:
            InputError: the latents are not this codec's, or do not belong to the plan.
        """
        if latents.codec != self.name or latents.z.shape[0] != self.n_channels:
            raise InputError(
                f"The latents are of the codec '{latents.codec}' with {latents.z.shape[0]}"
                f" channels; this model has '{self.name}' with {self.n_channels}."
                " Sample them with this model."
            )
        tensor = self.decode_tensor(latents.z, plan.metre.steps_per_beat)
        return clean_score(tensor_to_score(_playable(tensor), plan, style, key))

    def _device(self) -> torch.device:
        return self.norm.running_mean.device  # type: ignore[union-attr]


def _playable(tensor: ScoreTensor) -> ScoreTensor:
    """Values as notes may have them: velocity 1 to 127, whole steps, an offset inside the step.

    Of composed notes 98 to 99 % are whole steps long; what the network says is near them.
    """
    parts = {}
    for part, notes in tensor.parts.items():
        velocity, duration, offset = notes.values.T
        values = np.stack(
            [
                np.clip(np.rint(velocity), 1, 127),
                np.clip(np.rint(duration), 1, 1e4),
                np.clip(offset, -0.95, 0.95),
            ],
            axis=1,
        )
        parts[part] = type(notes)(places=notes.places, values=values)
    return ScoreTensor(parts=parts, chords=tensor.chords, steps_per_beat=tensor.steps_per_beat)
