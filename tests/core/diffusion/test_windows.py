"""Windows cover a piece, agree with the whole, and leave no seam."""

from itertools import pairwise

import pytest
import torch

from vem_core.diffusion.windows import window_starts, window_weights, windowed


@pytest.mark.parametrize(
    ("n_frames", "window", "overlap"), [(1, 8, 4), (8, 8, 4), (9, 8, 4), (100, 64, 32), (77, 8, 0)]
)
def test_windows_cover_all_frames_with_weights_that_add_up_to_one(n_frames, window, overlap):
    starts = window_starts(n_frames, window, overlap)
    assert starts[0] == 0 and starts[-1] == max(n_frames - window, 0)
    assert all(b - a <= window - overlap for a, b in pairwise(starts))
    if n_frames > window:
        weights = window_weights(starts, n_frames, window)
        torch.testing.assert_close(weights.sum(dim=0), torch.ones(n_frames))
        assert (weights >= 0).all()


def smooth(x: torch.Tensor, sigma: torch.Tensor, first: int = 0) -> torch.Tensor:
    """A denoiser that looks two frames to each side."""
    padded = torch.nn.functional.pad(x, (2, 2), mode="replicate")
    return padded.unfold(-1, 5, 1).mean(dim=-1) / (1 + sigma[:, None, None])


def test_a_short_piece_is_denoised_whole() -> None:
    x, sigma = torch.randn(1, 3, 8, generator=torch.Generator().manual_seed(0)), torch.ones(1)
    assert torch.equal(windowed(smooth, 8, 8, 4)(x, sigma), smooth(x, sigma))


def test_windows_agree_with_the_whole_where_the_denoiser_sees_enough() -> None:
    x, sigma = torch.randn(1, 3, 50, generator=torch.Generator().manual_seed(0)), torch.ones(1)
    pointwise = windowed(lambda x, sigma, first: 0.5 * x, 50, 16, 8)(x, sigma)
    torch.testing.assert_close(pointwise, 0.5 * x)
    # edges of a window weigh little, so what it cannot see there hardly shows
    error = (windowed(smooth, 50, 16, 8)(x, sigma) - smooth(x, sigma)).abs()
    assert error.max() < 0.12
    assert error[..., :10].max() < error.max() + 1e-9


def test_each_window_is_told_where_it_starts() -> None:
    def number(x: torch.Tensor, sigma: torch.Tensor, first: int) -> torch.Tensor:
        return x * 0 + torch.arange(first, first + x.shape[-1])

    whole = windowed(number, 40, 16, 8)(torch.zeros(1, 1, 40), torch.ones(1))
    torch.testing.assert_close(whole[0, 0], torch.arange(40.0))
