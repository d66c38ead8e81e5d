"""The log-mel front end against a plain form of AudioLDM-2's definition."""

import numpy as np
import pytest
import torch

from tests.core.codecs.audio.tiny import chirps
from vem_core.codecs.audio import mel
from vem_core.codecs.audio.mel import MelConfig, as_trained_on, log_mel


@pytest.mark.parametrize("hop", [160, 256])
def test_equals_the_plain_form(hop: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import librosa

    mono = chirps(0.4, 16_000, 1).waveform[0, : 24 * hop]
    side = (1024 - hop) // 2
    padded = np.pad(mono.double().numpy(), side, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1024) / 1024)
    bands = librosa.filters.mel(sr=16_000, n_fft=1024, n_mels=64, fmin=0, fmax=8000)
    plain = [
        np.log(np.maximum(bands @ np.abs(np.fft.rfft(window * padded[k * hop :][:1024])), 1e-5))
        for k in range(24)
    ]
    monkeypatch.setattr(mel, "_BLOCK", 10)  # three blocks
    found = log_mel(mono, MelConfig(hop_length=hop))
    assert found.numpy() == pytest.approx(np.stack(plain), abs=1e-3)


def test_a_frame_stands_for_its_own_samples() -> None:
    click = torch.zeros(160 * 20)
    click[160 * 7 + 80] = 1.0  # the middle of frame 7
    energy = log_mel(click, MelConfig()).sum(dim=1)
    assert int(energy.argmax()) == 7
    assert energy[6].item() == pytest.approx(energy[8].item(), rel=1e-4)


def test_silence_is_the_floor_and_music_is_at_the_level_of_training() -> None:
    assert log_mel(torch.zeros(1600), MelConfig()).unique().tolist() == [
        pytest.approx(np.log(1e-5), abs=1e-4)
    ]
    level = as_trained_on(torch.tensor([1.0, 3.0, 2.0]))
    assert level.tolist() == pytest.approx([-0.5, 0.5, 0.0])
    assert as_trained_on(torch.full((4,), 0.7)).abs().max() < 1e-6
