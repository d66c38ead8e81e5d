"""The paper's T-UNet: AudioLDM-2's U-Net, guided by a storyboard and by beats (VeM 1.4-1.6).

diffusers' AudioLDM2UNet2DConditionModel gives layers, sizes and published weights; the walk through
them is ours, so that storyboard and beats reach the blocks as arguments. At each place with
attention the published net has one transformer without context, then one for each of two streams:

- stream 0 (768 wide): AudioLDM-2's "language of audio", eight vectors that GPT-2 makes of the text;
- stream 1 (1024): the words of the text, by FLAN-T5.

VeM conditions on CLAP and its storyboard alone, so both streams are fed by what holds for the whole
clip, the theme caption, the tags and the piece (the first GLOBAL tokens of a Context), through one
linear layer each. Who has GPT-2's and T5's outputs may pass them instead (`Streams`). Shot text,
shot picture, start and duration enter through SG-CAtt only, which takes the place of the first
self-attention in the last block of the last transformer. In AudioLDM-2's large variant that
transformer has no context (papers.md 1.4: the one VeM swaps); in the base it is stream 1's.

Layers that are new start from nothing: each SG-CAtt has a `share` of 0 in what it replaces, and the
linear layers before streams, frames and noise level, and the adapters, are zero. So at first the
net is the published one with silent streams, whatever the mask; `share` 1 is the replacement.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from ..diffusion.prediction import PREDICTIONS, DiscreteSchedule, Kind, denoised_by
from ..errors import InputError
from .adapter import BeatAdapter
from .attention import StoryboardAttention
from .audioldm2 import Streams
from .conditioning import GLOBAL, ConditionEncoder, ConditioningWidths, Context


@dataclass(frozen=True, kw_only=True, slots=True)
class TUNetConfig:
    """Sizes of what is ours in the net, and how it is trained."""

    conditioning: ConditioningWidths
    """Its `reference`, the channels of the latents, is the net's own channels times `rows`."""
    rows: int = 16
    """Rows of frequency in a latent frame."""
    context_width: int = 768
    guided: Literal["levels", "places"] = "levels"
    """SG-CAtt in the last transformer of each level, as VeM writes, or at every place."""
    keeps_self_attention: bool = True
    """Keep what SG-CAtt replaces, blended out by `share`; False is VeM's plain replacement, for
    training from random weights."""
    predicts: Kind = "noise"
    schedule: DiscreteSchedule = field(default_factory=DiscreteSchedule)
    checkpoints: bool = False
    """Compute activations again in the backward pass: less memory for more time."""

    @property
    def channels(self) -> int:
        return self.conditioning.reference


def coarser(x: torch.Tensor, factor: int) -> torch.Tensor:
    """(B, L, D) -> (B, ceil(L / factor), D): means over the frames that a coarser frame covers."""
    if factor == 1:
        return x
    return F.avg_pool1d(x.transpose(1, 2), factor, ceil_mode=True).transpose(1, 2)


def coarser_bias(bias: torch.Tensor, factor: int, *, multiply: bool = False) -> torch.Tensor:
    """The mask at a level where `factor` latent frames are one: (B, L, T) -> (B, L / factor, T).

    VeM resizes its mask by the ratios of the features. A coarse frame sees a shot as far as its
    frames do: one inside a shot sees that shot alone, one that straddles a cut sees both in
    proportion.

    Args:
        multiply: the mask is the 0/1 mask of eq. 8 as printed, no bias.
    """
    if factor == 1:
        return bias
    return coarser(bias, factor) if multiply else coarser(bias.exp(), factor).log()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Guide:
    """What every block reads."""

    context: Context
    streams: tuple[torch.Tensor, torch.Tensor]
    words_bias: torch.Tensor | None
    """(B, 1, T)"""
    masks: tuple[torch.Tensor, ...]
    """Per level (B, L, T)."""


class GuidedPlace(nn.Module):
    """SG-CAtt where a self-attention was."""

    def __init__(self, attention: StoryboardAttention, *, keeps_self_attention: bool):
        super().__init__()
        self.attention = attention
        self.share = nn.Parameter(torch.zeros(())) if keeps_self_attention else None

    def forward(
        self, x: torch.Tensor, own: nn.Module, context: Context, mask: torch.Tensor
    ) -> torch.Tensor:
        """(B, L * rows, D) normed latents, time slowest -> what the block adds to them.

        Args:
            own: the self-attention that is replaced.
            mask: (B, L, T); the rows of a frame share its line.
        """
        rows = x.shape[1] // mask.shape[1]
        bias = mask.repeat_interleave(rows, dim=1)
        told = self.attention(x, context.tokens, bias, multiply=context.multiply)
        return told if self.share is None else torch.lerp(own(x), told, self.share.to(told.dtype))


class TUNet(nn.Module):
    """denoise(x, sigma) under a Context, with x (B, C * rows, L) as the mel codec joins them."""

    def __init__(self, config: TUNetConfig, unet: Any):
        """Around diffusers' net, which is taken over as it is.

        Raises:
            InputError: the net's channels are not those of the conditioning, or it wants
                conditions that AudioLDM-2 has not.
        """
        super().__init__()
        _check(config, unet)
        self.config = config
        self.scalings = PREDICTIONS[config.predicts]
        self.unet = unet
        widths: list[int] = list(unet.config.block_out_channels)
        self.conditions = ConditionEncoder(config.conditioning, config.context_width, widths[0])
        self.frames_in = _zero(nn.Linear(widths[0], widths[0]))
        self.overall_in = _zero(nn.Linear(widths[0], unet.time_embedding.linear_2.out_features))
        self.streams_in = nn.ModuleList(
            _zero(nn.Linear(config.context_width, width)) for width in _streams_of(unet)
        )
        self.adapters = nn.ModuleList(
            BeatAdapter(width, config.conditioning.activation)
            for width in [widths[0], *widths[:-1]]
        )
        self.places = nn.ModuleDict(self._guided_places())

    def _guided_places(self) -> dict[str, GuidedPlace]:
        found = {}
        for name, block in self._blocks():
            if not hasattr(block, "attentions"):
                continue
            n_layers = len(block.attentions) // len(block.cross_attention_dim)
            every = self.config.guided == "places"
            for layer in range(n_layers) if every else [n_layers - 1]:
                last = _transformers(block, layer)[-1].transformer_blocks[-1]
                heads, width = last.attn1.heads, last.attn1.to_q.in_features
                found[f"{name}_{layer}"] = GuidedPlace(
                    StoryboardAttention(width, self.config.context_width, width // heads),
                    keeps_self_attention=self.config.keeps_self_attention,
                )
                if not self.config.keeps_self_attention:
                    last.attn1 = nn.Identity()
        return found

    def _blocks(self) -> list[tuple[str, Any]]:
        down = [(f"down_{i}", block) for i, block in enumerate(self.unet.down_blocks)]
        up = [(f"up_{i}", block) for i, block in enumerate(self.unet.up_blocks)]
        return [*down, ("mid", self.unet.mid_block), *up]

    def beat_parameters(self) -> list[nn.Parameter]:
        """What stage 3 trains: the adapters."""
        return list(self.adapters.parameters())

    @property
    def sigma_range(self) -> tuple[float, float]:
        """Least and greatest noise level that the net was trained at."""
        sigmas = self.config.schedule.sigmas()
        return float(sigmas[0]), float(sigmas[-1])

    def forward(
        self,
        x: torch.Tensor,
        sigma: torch.Tensor,
        context: Context,
        streams: Streams | None = None,
    ) -> torch.Tensor:
        """Denoised latents.

        Args:
            x: (B, C * rows, L) data plus sigma times noise.
            sigma: (B,).
            context: of the same batch.
            streams: AudioLDM-2's own conditions; None: our global tokens.
        """
        scaled = self.scalings.c_in(sigma)[:, None, None] * x
        output = self.network(scaled, self.config.schedule.timestep(sigma), context, streams)
        return denoised_by(self.scalings, output.float(), x, sigma)

    def network(
        self,
        x: torch.Tensor,
        timestep: torch.Tensor,
        context: Context,
        streams: Streams | None = None,
    ) -> torch.Tensor:
        """The bare net: (B, C * rows, L) scaled latents, (B,) timesteps -> its prediction."""
        net = self.unet
        guide = self._guide(context, streams)
        # (B, C * rows, L) -> (B, C, L, rows), the picture that AudioLDM-2 sees
        picture = x.unflatten(1, (-1, self.config.rows)).transpose(2, 3)
        level = net.time_embedding(net.time_proj(timestep).to(picture.dtype))
        level = level + self.overall_in(context.overall)
        h = net.conv_in(picture) + self.frames_in(context.frames).transpose(1, 2)[..., None]
        skips = [h]
        for depth, block in enumerate(net.down_blocks):
            h = self._adapted(h, depth, context)
            for layer in range(len(block.resnets)):
                h = self._layer(f"down_{depth}", block, layer, depth, h, level, guide)
                skips.append(h)
            for downsampler in block.downsamplers or ():
                h = downsampler(h)
                skips.append(h)
        h = net.mid_block.resnets[0](h, level)
        h = self._attend("mid", net.mid_block, 0, len(net.down_blocks) - 1, h, guide)
        h = net.mid_block.resnets[1](h, level)
        for up, block in enumerate(net.up_blocks):
            depth = len(net.up_blocks) - 1 - up
            for layer in range(len(block.resnets)):
                h = torch.cat([h, skips.pop()], dim=1)
                h = self._layer(f"up_{up}", block, layer, depth, h, level, guide)
            for upsampler in block.upsamplers or ():
                h = upsampler(h, skips[-1].shape[2:])
        h = net.conv_out(net.conv_act(net.conv_norm_out(h)))
        return h.transpose(2, 3).flatten(1, 2)

    def _guide(self, context: Context, streams: Streams | None) -> _Guide:
        words_bias = None
        if streams is None:
            told = context.tokens[:, :GLOBAL]
            first, second = (layer(told) for layer in self.streams_in)
        else:
            first, second = streams.language_of_audio, streams.words
            if streams.words_there is not None:
                # diffusers' own number, so that the same text gives the same sound
                words_bias = (1 - streams.words_there.to(second.dtype))[:, None] * -10_000.0
        masks = tuple(
            coarser_bias(context.bias, 2**depth, multiply=context.multiply)
            for depth in range(len(self.unet.down_blocks))
        )
        return _Guide(context=context, streams=(first, second), words_bias=words_bias, masks=masks)

    def _adapted(self, h: torch.Tensor, depth: int, context: Context) -> torch.Tensor:
        """Eq. 10 at the entrance of an encoder block: h (B, C, L, rows)."""
        adapter: BeatAdapter = self.adapters[depth]  # type: ignore[assignment]
        gamma, beta = adapter.scale_and_shift(coarser(context.activations, 2**depth))
        return h + gamma[..., None] * h + beta[..., None]

    def _layer(
        self,
        name: str,
        block: Any,
        layer: int,
        depth: int,
        h: torch.Tensor,
        level: torch.Tensor,
        guide: _Guide,
    ) -> torch.Tensor:
        """A residual block and the transformers after it."""

        def run(h: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
            return self._attend(name, block, layer, depth, block.resnets[layer](h, level), guide)

        if self.config.checkpoints and torch.is_grad_enabled():
            return checkpoint(run, h, level, use_reentrant=False)  # type: ignore[return-value]
        return run(h, level)

    def _attend(
        self, name: str, block: Any, layer: int, depth: int, h: torch.Tensor, guide: _Guide
    ) -> torch.Tensor:
        """The transformers of one place: h (B, C, L, rows) -> as h."""
        if not hasattr(block, "attentions"):
            return h
        transformers = _transformers(block, layer)
        key = f"{name}_{layer}"
        place: Any = self.places[key] if key in self.places else None  # noqa: SIM401
        for index, transformer in enumerate(transformers):
            told = bias = None
            if block.cross_attention_dim[index] is not None:
                # diffusers gives the second stream to all transformers from the third on
                told = guide.streams[int(index > 1)]
                bias = guide.words_bias if index > 1 else None
            last = index == len(transformers) - 1
            if last and place is not None:
                h = _guided(transformer, place, h, (told, bias), guide, guide.masks[depth])
            else:
                h = transformer(
                    h, encoder_hidden_states=told, encoder_attention_mask=bias, return_dict=False
                )[0]
        return h


def _guided(
    transformer: Any,
    place: GuidedPlace,
    h: torch.Tensor,
    told: tuple[torch.Tensor | None, torch.Tensor | None],
    guide: _Guide,
    mask: torch.Tensor,
) -> torch.Tensor:
    """diffusers' Transformer2DModel with SG-CAtt in its last block: h (B, C, L, rows) -> as h.

    Args:
        told: stream and its bias for the cross-attention; None: that is self-attention too.
    """
    linear = transformer.use_linear_projection
    x = transformer.norm(h)
    x = x if linear else transformer.proj_in(x)
    x = x.permute(0, 2, 3, 1).flatten(1, 2)  # (B, C, L, rows) -> (B, L * rows, C)
    x = transformer.proj_in(x) if linear else x
    stream, stream_bias = told
    for block in transformer.transformer_blocks[:-1]:
        x = block(x, encoder_hidden_states=stream, encoder_attention_mask=stream_bias)
    block = transformer.transformer_blocks[-1]
    x = x + place(block.norm1(x), block.attn1, guide.context, mask)
    x = x + block.attn2(block.norm2(x), encoder_hidden_states=stream, attention_mask=stream_bias)
    x = x + block.ff(block.norm3(x))
    x = transformer.proj_out(x) if linear else x
    # (B, L * rows, C) -> (B, C, L, rows), in memory as well: the last digits of a convolution
    # depend on it
    x = x.unflatten(1, h.shape[2:]).permute(0, 3, 1, 2).contiguous()
    return h + (x if linear else transformer.proj_out(x))


def _transformers(block: Any, layer: int) -> list[Any]:
    """The transformers after one residual block."""
    n = len(block.cross_attention_dim)
    return list(block.attentions[layer * n : (layer + 1) * n])


def _streams_of(unet: Any) -> list[int]:
    """Widths of the streams of conditions that the net attends to."""
    return [width for width in unet.mid_block.cross_attention_dim if width is not None]


def _zero(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _check(config: TUNetConfig, unet: Any) -> None:
    joined = unet.config.in_channels * config.rows
    if joined != config.conditioning.reference:
        raise InputError(
            f"The U-Net has {unet.config.in_channels} channels of {config.rows} rows, {joined}"
            f" joined; the latents have {config.conditioning.reference} channels. Use a U-Net and a"
            " codec of one kind."
        )
    odd = [
        name
        for name in ("class_embed_type", "num_class_embeds", "time_embedding_act_fn")
        if unet.config[name] is not None
    ]
    streams = _streams_of(unet)
    if odd or len(streams) != 2 or unet.config.only_cross_attention:
        raise InputError(
            f"The U-Net has {len(streams)} streams of conditions and {', '.join(odd) or 'nothing'}"
            " besides; AudioLDM-2's has two and nothing else. Use a U-Net of AudioLDM-2's kind."
        )
