"""GVMGen's evaluation model (Zuo et al. 2025) as its code really works, trainable here.

Two networks of one kind read a video and a music second by second (30 seconds; CLIP's 768 and
EnCodec's 128 numbers, encoders/frame_features.py) and attend across. One is trained to tell which
music belongs to which video (CMR), the other to attend from each second of the video to the same
second of the music (TA). No trained weights were published, so figures hold between systems
measured with one's own training only.

What the published code does, kept here: video and music share one attention, whose query and key
are the same in both branches; the blocks' feed-forward part has no activation; nothing is
normalised before the product. What is wrong there: (1) each video attends to its own music before
both are compared, so the right answer leaks into the question, and videos with the music of others
score nearly as high; `cmr_wrong` states that score, and only what CMR has above it is worth
anything. (2) No position enters anywhere, although a class
for it exists, so the diagonal can be reached through content alone. `positions=True` adds it, and
`compare` reports both. papers.md 3.3 reads TA as the squared distance of the diagonal from 1; the
inference script prints the mean diagonal. Both are reported.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ..errors import InputError
from ..metrics.semantic import attention_diagonal, attention_error, relevance, retrieval_rank
from ..types import Progress, no_progress


@dataclass(frozen=True, kw_only=True, slots=True)
class GvmgenConfig:
    """Sizes and training; the defaults are GVMGen's."""

    seconds: int = 30
    video_width: int = 768
    music_width: int = 128
    width: int = 512
    n_layers: int = 4
    n_heads: int = 4
    dropout: float = 0.45
    positions: bool = False
    """The fix: sinusoids added to both inputs, as the unused class of the code has them."""
    learning_rate: float = 1e-4
    weight_decay: float = 1e-3
    """Of the CMR network; TA is trained without."""
    batch_size: int = 128
    n_epochs: int = 1000
    test_batch: int = 16
    """CMR depends on it: chance is 1 / 16."""
    train_share: float = 0.8

    def __post_init__(self) -> None:
        if min(self.seconds, self.width, self.n_layers, self.batch_size, self.n_epochs) < 1:
            raise InputError("Sizes of the evaluation model must be 1 or more. Correct them.")
        if self.width % self.n_heads or self.width % 2:
            raise InputError(
                f"A width of {self.width} cannot be divided among {self.n_heads} heads, or is odd."
                " Change one of them."
            )


class _Block(nn.Module):
    def __init__(self, config: GvmgenConfig):
        super().__init__()
        width = config.width
        self.attention = nn.MultiheadAttention(width, config.n_heads, batch_first=True)
        self.video_norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.music_norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.video_mlp, self.music_mlp = (
            nn.Sequential(
                nn.Linear(width, 2 * width),
                nn.Dropout(config.dropout),  # no activation, as in the code
                nn.Linear(2 * width, width),
            )
            for _ in range(2)
        )

    def forward(
        self, video: torch.Tensor, music: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Two (B, T, D) -> the same, and the attention (B, T, T), mean over heads."""
        query, key = self.video_norms[0](video), self.music_norms[0](music)
        heard, attention = self.attention(query, key, key)
        seen, _ = self.attention(query, key, query)
        video, music = video + heard, music + seen
        video = video + self.video_mlp(self.video_norms[1](video))
        music = music + self.music_mlp(self.music_norms[1](music))
        return video, music, attention


class GvmgenNet(nn.Module):
    """The network of both metrics; TA's simply leaves the heads out."""

    def __init__(self, config: GvmgenConfig):
        super().__init__()
        self.config = config
        self.video_in = nn.Linear(config.video_width, config.width)
        self.music_in = nn.Linear(config.music_width, config.width)
        self.blocks = nn.ModuleList([_Block(config) for _ in range(config.n_layers)])
        self.video_out = nn.Linear(config.seconds, 1)
        self.music_out = nn.Linear(config.seconds, 1)
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        for layer in (self.video_in, self.music_in, self.video_out, self.music_out):
            nn.init.normal_(layer.weight, std=0.02)
        self.places: torch.Tensor
        self.register_buffer("places", _sinusoids(config.seconds, config.width), persistent=False)

    def forward(
        self, video: torch.Tensor, music: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, T, Dv) and (B, T, Dm) -> logits (B, B), video by music, and attention (B, T, T)."""
        video, music = self.video_in(video), self.music_in(music)
        if self.config.positions:
            video, music = video + self.places, music + self.places
        attention = video.new_zeros(0)
        for block in self.blocks:
            video, music, attention = block(video, music)
        # (B, T, D) -> (B, D)
        z_video = self.video_out(video.transpose(1, 2))[..., 0]
        z_music = self.music_out(music.transpose(1, 2))[..., 0]
        return self.log_scale.exp() * z_video @ z_music.T, attention


def _sinusoids(n: int, width: int) -> torch.Tensor:
    """(n, width), with the base of 1000 of GVMGen's class."""
    place = torch.arange(n)[:, None]
    rates = torch.exp(torch.arange(0, width, 2) * -(math.log(1000.0) / width))
    return torch.stack([torch.sin(place * rates), torch.cos(place * rates)], dim=-1).flatten(1)


def relevance_loss(logits: torch.Tensor) -> torch.Tensor:
    """Symmetric cross entropy against the identity."""
    right = torch.arange(len(logits), device=logits.device)
    return (functional.cross_entropy(logits, right) + functional.cross_entropy(logits.T, right)) / 2


def alignment_loss(attention: torch.Tensor) -> torch.Tensor:
    """Mean squared distance of the diagonals from 1."""
    return (torch.diagonal(attention, dim1=1, dim2=2) - 1).square().mean()


@dataclass(frozen=True, kw_only=True, slots=True)
class GvmgenScores:
    """Both metrics of one variant on held-out pairs."""

    cmr: float
    cmr_batch: int
    """Chance is 1 / this."""
    cmr_wrong: float
    """The same where every video is given another's music: how much of the score is a leak."""
    cmr_rank: float
    """Share of the batch ranked above the right music; 0.5 is chance."""
    ta_diagonal: float
    """Chance is 1 / seconds."""
    ta_error: float


def train(
    config: GvmgenConfig,
    video: np.ndarray,
    music: np.ndarray,
    *,
    aligning: bool,
    seed: int = 0,
    progress: Progress = no_progress,
) -> GvmgenNet:
    """Train one network on (N, T, Dv) and (N, T, Dm), row i belonging together.

    Raises:
        InputError: the features do not fit the sizes, or there are fewer than two pairs.
    """
    _check(config, video, music)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = GvmgenNet(config)
        optimiser = torch.optim.Adam(
            net.parameters(),
            lr=config.learning_rate,
            weight_decay=0.0 if aligning else config.weight_decay,
        )
        seen, heard = torch.from_numpy(video).float(), torch.from_numpy(music).float()
        net.train()
        for epoch in range(config.n_epochs):
            for rows in torch.randperm(len(seen)).split(config.batch_size):
                logits, attention = net(seen[rows], heard[rows])
                loss = alignment_loss(attention) if aligning else relevance_loss(logits)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
            progress((epoch + 1) / config.n_epochs)
    return net.eval()


def _check(config: GvmgenConfig, video: np.ndarray, music: np.ndarray) -> None:
    wanted = ((config.seconds, config.video_width), (config.seconds, config.music_width))
    if video.shape[1:] != wanted[0] or music.shape[1:] != wanted[1] or len(video) != len(music):
        raise InputError(
            f"The features have the shapes {video.shape} and {music.shape}; needed are (pairs,"
            f" {wanted[0][0]}, {wanted[0][1]}) and (pairs, {wanted[1][0]}, {wanted[1][1]})."
        )
    if len(video) < 2:
        raise InputError(f"There are {len(video)} pairs; the evaluation model needs two or more.")


@torch.inference_mode()
def cmr(net: GvmgenNet, video: np.ndarray, music: np.ndarray) -> tuple[float, float]:
    """(relevance, retrieval rank) over whole test batches of (N, T, D) features.

    A last batch that is not full is left out: its chance would be another. Fewer pairs than a batch
    are one batch.
    """
    seen, heard = torch.from_numpy(video).float(), torch.from_numpy(music).float()
    size = min(net.config.test_batch, len(seen))
    logits = [
        net(seen[i : i + size], heard[i : i + size])[0].double().numpy()
        for i in range(0, len(seen) - size + 1, size)
    ]
    ranks = [retrieval_rank(rows) for rows in logits]
    return float(np.mean([relevance(rows) for rows in logits])), float(np.mean(ranks))


@torch.inference_mode()
def alignment(net: GvmgenNet, video: np.ndarray, music: np.ndarray) -> tuple[float, float]:
    """(mean diagonal, mean squared distance from 1) of the last layer's attention."""
    maps = net(torch.from_numpy(video).float(), torch.from_numpy(music).float())[1]
    rows = maps.double().numpy()
    return attention_diagonal(rows), attention_error(rows)


def evaluate(
    config: GvmgenConfig,
    video: np.ndarray,
    music: np.ndarray,
    *,
    seed: int = 0,
    progress: Progress = no_progress,
) -> GvmgenScores:
    """Train both networks on a share of the pairs and score the rest."""
    _check(config, video, music)
    order = np.random.default_rng(seed).permutation(len(video))
    n_train = min(max(round(config.train_share * len(video)), 2), len(video) - 1)
    train_rows, test_rows = order[:n_train], order[n_train:]
    matching = train(
        config,
        video[train_rows],
        music[train_rows],
        aligning=False,
        seed=seed,
        progress=lambda share: progress(0.5 * share),
    )
    aligning = train(
        config,
        video[train_rows],
        music[train_rows],
        aligning=True,
        seed=seed,
        progress=lambda share: progress(0.5 + 0.5 * share),
    )
    relevant, rank = cmr(matching, video[test_rows], music[test_rows])
    wrong, _ = cmr(matching, video[test_rows], np.roll(music[test_rows], 1, axis=0))
    diagonal, error = alignment(aligning, video[test_rows], music[test_rows])
    return GvmgenScores(
        cmr=relevant,
        cmr_batch=min(config.test_batch, len(test_rows)),
        cmr_wrong=wrong,
        cmr_rank=rank,
        ta_diagonal=diagonal,
        ta_error=error,
    )


def compare(
    config: GvmgenConfig, video: np.ndarray, music: np.ndarray, *, seed: int = 0
) -> dict[str, GvmgenScores]:
    """The model as published, and with positions."""
    from dataclasses import replace

    return {
        name: evaluate(replace(config, positions=positions), video, music, seed=seed)
        for name, positions in (("as published", False), ("with positions", True))
    }
