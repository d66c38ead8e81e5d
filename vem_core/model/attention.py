"""Storyboard-guided cross-attention (SG-CAtt), VeM eq. 6-8, and rotary self-attention.

A latent frame may look at the tokens of the shot that covers its middle, and at global tokens
always. Which latent frame lies where is known only through its times in seconds, so the same layers
serve every codec.
"""

import torch
import torch.nn.functional as F
from torch import nn

HIDDEN = float("-inf")


def shot_visibility(
    frame_times_s: torch.Tensor, shot_edges_s: torch.Tensor, edge_widths_s: torch.Tensor
) -> torch.Tensor:
    """How far each latent frame lies in each shot: sMask of VeM eq. 7, soft across dissolves.

    Args:
        frame_times_s: (L + 1,) edges of the latent frames.
        shot_edges_s: (S + 1,) edges of the shots, which tile the clip.
        edge_widths_s: (S - 1,) width of the ramp around each inner edge; 0 is a hard edge.

    Returns:
        (L, S) in [0, 1]; the rows add up to 1. Frames before the first and after the last shot
        belong to these, so that no frame is left without a token to look at.
    """
    middles_s = (frame_times_s[1:] + frame_times_s[:-1]) / 2
    offset_s = middles_s[:, None] - shot_edges_s[None, 1:-1]
    hard = (offset_s >= 0).to(offset_s.dtype)
    ramp = (offset_s / edge_widths_s.clamp_min(1e-9) + 0.5).clamp(0, 1)
    passed = torch.where(edge_widths_s > 0, ramp, hard)
    ones = passed.new_ones(len(middles_s), 1)
    # min keeps the rows a partition of 1 where two ramps overlap in a very short shot
    passed = torch.cummin(torch.cat([ones, passed], dim=1), dim=1).values
    return passed - torch.cat([passed[:, 1:], 0 * ones], dim=1)


def visibility_to_bias(visibility: torch.Tensor, strength: float = 1.0) -> torch.Tensor:
    """Additive attention bias: log of the visibility, -inf where a token is hidden.

    VeM prints a product of mask and logits (eq. 8); a logit of 0 still gets weight, so what its
    text describes, attention restricted to the shot, is the additive form. With `strength` below 1
    the other shots stay faintly visible; 0 is plain cross-attention.

    Args:
        visibility: any shape, in [0, 1].
        strength: in [0, 1].
    """
    return torch.log(1 - strength + strength * visibility)


def rotary_angles(n_frames: int, head_width: int, device: torch.device) -> torch.Tensor:
    """(L, head_width / 2) angles of rotary position embedding (Su et al. 2021)."""
    rates = 10_000 ** (-torch.arange(0, head_width, 2, device=device) / head_width)
    return torch.arange(n_frames, device=device)[:, None] * rates[None, :]


def rotate(x: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
    """Turn pairs of channels of x (B, heads, L, head_width) by angles (L, head_width / 2)."""
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


def split_heads(x: torch.Tensor, n_heads: int) -> torch.Tensor:
    """(B, T, heads * width) -> (B, heads, T, width)."""
    return x.unflatten(-1, (n_heads, -1)).transpose(1, 2)


def join_heads(x: torch.Tensor) -> torch.Tensor:
    """(B, heads, T, width) -> (B, T, heads * width)."""
    return x.transpose(1, 2).flatten(2)


def attend(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    """Scaled dot-product attention: q (B, heads, L, D), k and v (B, heads, T, D) -> as q.

    Args:
        bias: (B, 1, L, T) added to the logits.
    """
    q, k = q.to(v.dtype), k.to(v.dtype)  # norms leave autocast's type
    if q.device.type == "cpu" and q.dtype == torch.bfloat16:
        # torch's fused kernel takes twice as long as plain products here (53 ms against 30 ms
        # forward and backward at B = 32, 4 heads, L = 64, T = 120, torch 2.14)
        logits = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
        logits = logits if bias is None else logits + bias
        return torch.softmax(logits, dim=-1) @ v
    return F.scaled_dot_product_attention(q, k, v, attn_mask=bias)


class SelfAttention(nn.Module):
    """Multi-head self-attention over latent frames with rotary positions and normed q, k."""

    def __init__(self, width: int, head_width: int):
        super().__init__()
        self.n_heads = width // head_width
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.q_norm = nn.RMSNorm(head_width)
        self.k_norm = nn.RMSNorm(head_width)
        self.out = nn.Linear(width, width, bias=False)

    def forward(self, x: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
        """(B, L, D), (L, head_width / 2) -> (B, L, D)."""
        q, k, v = (split_heads(part, self.n_heads) for part in self.qkv(x).chunk(3, dim=-1))
        q, k = rotate(self.q_norm(q), angles), rotate(self.k_norm(k), angles)
        return self.out(join_heads(attend(q, k, v)))


class StoryboardAttention(nn.Module):
    """SG-CAtt: queries from the latents, keys and values from the storyboard's tokens."""

    def __init__(self, width: int, context_width: int, head_width: int):
        super().__init__()
        self.n_heads = width // head_width
        self.q = nn.Linear(width, width, bias=False)
        self.kv = nn.Linear(context_width, 2 * width, bias=False)
        self.q_norm = nn.RMSNorm(head_width)
        self.k_norm = nn.RMSNorm(head_width)
        self.out = nn.Linear(width, width, bias=False)

    def forward(
        self, x: torch.Tensor, tokens: torch.Tensor, bias: torch.Tensor, *, multiply: bool = False
    ) -> torch.Tensor:
        """Attend.

        Args:
            x: (B, L, D) latents.
            tokens: (B, T, D_context).
            bias: (B, L, T): additive bias or, with `multiply`, the 0/1 mask of eq. 8 as printed.
            multiply: the literal product of eq. 8, kept for comparison only.

        Returns:
            (B, L, D).
        """
        q = self.q_norm(split_heads(self.q(x), self.n_heads))
        k, v = (split_heads(part, self.n_heads) for part in self.kv(tokens).chunk(2, dim=-1))
        k = self.k_norm(k)
        if multiply:
            logits = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
            mixed = torch.softmax(bias[:, None] * logits, dim=-1) @ v
        else:
            mixed = attend(q, k, v, bias[:, None].to(v.dtype))
        return self.out(join_heads(mixed))
