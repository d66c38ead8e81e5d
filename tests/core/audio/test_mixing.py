"""The mix: length, level, ducking, own sound of any shape, and sources that are not in order."""

import math

import numpy as np
import pytest
import torch

from vem_core.audio.ducking import DuckSettings
from vem_core.audio.loudness import LevelMeter, measure
from vem_core.audio.mixing import MixSettings, mix, plan_mix, report_mix
from vem_core.audio.streams import BLOCK, fold_to_stereo
from vem_core.errors import InputError
from vem_core.types import Audio, SoundStream


def audio(samples: np.ndarray, sample_rate: int = 48_000) -> Audio:
    return Audio(waveform=torch.from_numpy(samples.astype(np.float32)), sample_rate=sample_rate)


def tone(duration_s: float, frequency: float, level: float, rate: int, channels: int = 2) -> Audio:
    t = np.arange(round(duration_s * rate)) / rate
    return audio(np.stack([level * np.sin(2 * np.pi * frequency * t)] * channels), rate)


def drums(duration_s: float, rate: int) -> Audio:
    """Noise hits: peaks far above the rest, so that the limiter works."""
    random = np.random.default_rng(0)
    t = np.arange(round(duration_s * rate)) / rate
    return audio(random.standard_normal((2, t.size)) * np.exp(-(t % 0.25) / 0.03), rate)


def talk(rate: int, spans_s: list[tuple[float, float]], duration_s: float) -> Audio:
    """Mono noise in the speech band during the spans."""
    from scipy.signal import butter, sosfilt

    t = np.arange(round(duration_s * rate)) / rate
    noise = np.random.default_rng(1).standard_normal(t.size)
    band = sosfilt(butter(4, (400, 3000), btype="bandpass", fs=rate, output="sos"), noise)
    heard = np.zeros(t.size)
    for start_s, end_s in spans_s:
        heard[round(start_s * rate) : round(end_s * rate)] = 1
    return audio((band * heard * 0.2)[None], rate)


def level_db(mixed: Audio, frequency: float, start_s: float, end_s: float) -> float:
    """Level of one frequency in a stretch of the left channel."""
    rate = mixed.sample_rate
    part = mixed.waveform[0, round(start_s * rate) : round(end_s * rate)].numpy().astype(float)
    turn = np.exp(-2j * np.pi * frequency * np.arange(part.size) / rate) * np.hanning(part.size)
    return float(20 * np.log10(abs((part * turn).sum()) / np.hanning(part.size).sum() * 2))


@pytest.mark.parametrize(
    ("duration_s", "rate"), [(3.0, 48_000), (2.0020833, 44_100), (0.3, 48_000), (2.73067, 22_050)]
)
def test_length_is_exact_and_levels_are_met(duration_s: float, rate: int) -> None:
    mixed = mix(drums(5.0, rate), None, duration_s)
    kept = rate if rate in (44_100, 48_000) else 48_000
    assert mixed.audio.sample_rate == kept
    assert tuple(mixed.audio.waveform.shape) == (2, round(duration_s * kept))
    levels = measure(mixed.audio)
    assert levels.loudness_lufs == pytest.approx(-14.0, abs=0.3)
    assert levels.true_peak_dbtp is not None and levels.true_peak_dbtp <= -1.0
    assert mixed.report.loudness_lufs == pytest.approx(levels.loudness_lufs, abs=0.01)


def test_music_goes_down_in_time_for_speech_and_comes_back() -> None:
    music = tone(20.0, 6_000, 0.3, 48_000)
    speech = talk(16_000, [(6.0, 8.0), (8.3, 10.0)], 20.0)
    mixed = mix(music, speech, 20.0)
    up = level_db(mixed.audio, 6_000, 2.0, 4.0)
    assert mixed.report.ducks_s == ((pytest.approx(6.0, abs=0.06), pytest.approx(10.5, abs=0.1)),)
    assert mixed.report.ducked_s == pytest.approx(4.5, abs=0.15)
    for start_s, end_s in ((6.1, 7.9), (8.05, 8.25), (8.5, 9.9)):
        assert level_db(mixed.audio, 6_000, start_s, end_s) - up == pytest.approx(-12, abs=0.3)
    assert level_db(mixed.audio, 6_000, 5.2, 5.6) - up == pytest.approx(0, abs=0.2)
    assert level_db(mixed.audio, 6_000, 5.8, 5.9) - up == pytest.approx(-6, abs=2)
    assert level_db(mixed.audio, 6_000, 10.75, 10.85) - up == pytest.approx(-6, abs=2)
    assert level_db(mixed.audio, 6_000, 11.4, 14.0) - up == pytest.approx(0, abs=0.2)
    assert mixed.report.loudness_lufs == pytest.approx(-14.0, abs=0.3)


def test_ducking_can_be_off_and_own_sound_replaced() -> None:
    music, speech = tone(8.0, 6_000, 0.3, 48_000), talk(48_000, [(2.0, 6.0)], 8.0)
    plain = mix(music, speech, 8.0, MixSettings(duck=DuckSettings(depth_db=0)))
    ends = level_db(plain.audio, 6_000, 3, 5) - level_db(plain.audio, 6_000, 0.5, 1.5)
    assert plain.report.ducks_s == () and ends == pytest.approx(0, abs=0.2)
    alone = mix(music, speech, 8.0, MixSettings(own_sound="replace"))
    np.testing.assert_array_equal(alone.audio.waveform, mix(music, None, 8.0).audio.waveform)


def test_a_click_does_not_duck() -> None:
    own = talk(48_000, [(4.0, 4.02)], 8.0)
    assert mix(tone(8.0, 6_000, 0.3, 48_000), own, 8.0).report.ducks_s == ()


def test_fades_begin_and_end_in_silence() -> None:
    settings = MixSettings(fade_in_s=0.5, fade_out_s=2.0)
    mixed = mix(tone(9.0, 1_000, 0.5, 48_000), None, 6.0, settings).audio
    middle = level_db(mixed, 1_000, 2.0, 3.0)
    assert level_db(mixed, 1_000, 0.2, 0.3) - middle == pytest.approx(-3, abs=0.5)
    assert level_db(mixed, 1_000, 4.95, 5.05) - middle == pytest.approx(-3, abs=0.5)
    assert mixed.waveform[:, 0].abs().max() == 0 and mixed.waveform[:, -1].abs().max() < 1e-4


def test_surround_is_folded_by_itu_coefficients() -> None:
    half = math.sqrt(0.5)
    one_by_one = np.eye(6, dtype=np.float32)  # L R C LFE Ls Rs, one sample each
    left, right = fold_to_stereo(one_by_one)
    np.testing.assert_allclose(left, [1, 0, half, 0, half, 0], atol=1e-6)
    np.testing.assert_allclose(right, [0, 1, half, 0, 0, half], atol=1e-6)
    for channels in (1, 3, 4, 5, 7, 8):
        own = tone(2.0, 500, 0.2, 32_000, channels)
        assert mix(tone(2.0, 6_000, 0.3, 44_100), own, 2.0).audio.n_channels == 2


def test_streams_of_any_blocks_give_the_same_mix() -> None:
    music, own = drums(9.0, 44_100), talk(16_000, [(2.0, 4.0)], 7.0)

    def uneven(sound: Audio) -> SoundStream:
        samples = sound.waveform.numpy()
        sizes = np.random.default_rng(5).integers(1, BLOCK // 2, 500).cumsum()

        def blocks():
            yield from np.split(samples, sizes[sizes < samples.shape[1]], axis=1)

        return SoundStream(sample_rate=sound.sample_rate, n_samples=sound.n_samples, open=blocks)

    settings = MixSettings(sample_rate=48_000)
    whole = mix(music, own, 9.0, settings)
    plan = plan_mix(uneven(music), uneven(own), 9.0, settings)
    meter, pieces = LevelMeter(48_000), []
    for block in plan.blocks():
        meter.add(block)
        pieces.append(block)
    np.testing.assert_allclose(np.concatenate(pieces, axis=1), whole.audio.waveform, atol=2e-5)
    assert report_mix(plan, meter.finish()).loudness_lufs == pytest.approx(-14.0, abs=0.3)


def test_what_was_mended_is_said() -> None:
    broken = tone(4.0, 500, 0.3, 48_000).waveform.numpy().copy()
    broken[:, 1_000:1_050] = np.nan
    broken[0, 2_000] = -np.inf
    report = mix(audio(broken), None, 6.0).report
    assert any("101 samples that are not numbers" in note for note in report.notes)
    assert any("2.0 s before the picture" in note for note in report.notes)
    square = np.clip(tone(2.0, 100, 3.0, 48_000).waveform.numpy(), -1, 1)
    assert any("clipped at" in note for note in mix(audio(square), None, 2.0).report.notes)
    silent = mix(audio(np.zeros((2, 96_000))), None, 2.0)
    assert silent.report.loudness_lufs is None and silent.audio.waveform.abs().max() == 0
    assert any("silent" in note for note in silent.report.notes)
    short = mix(tone(2.0, 500, 0.3, 48_000), None, 0.5)
    assert any("fades" in note for note in short.report.notes)


@pytest.mark.parametrize(
    ("music", "duration_s", "words"),
    [
        (audio(np.zeros((2, 0))), 3.0, "music is empty"),
        (audio(np.full((2, 900), np.nan)), 3.0, "100% of its samples are not numbers"),
        (audio(np.zeros((12, 900))), 3.0, "12 channels"),
        (audio(np.zeros((2, 900))), 0.0, "nothing to mix"),
        (audio(np.zeros((2, 900))), math.nan, "duration of the film is nan"),
        (audio(np.zeros((2, 900))), 1e6, "milliseconds"),
    ],
)
def test_unusable_sources_get_one_sentence(music: Audio, duration_s: float, words: str) -> None:
    with pytest.raises(InputError, match=words):
        mix(music, None, duration_s)


@pytest.mark.parametrize(
    "settings",
    [
        {"loudness_lufs": 3.0},
        {"true_peak_dbtp": 0.5},
        {"fade_in_s": -1.0},
        {"sample_rate": 4_000},
        {"own_sound": "loud"},
        {"music_level_db": math.inf},
    ],
)
def test_impossible_settings_are_refused(settings: dict) -> None:
    with pytest.raises(InputError, match=r"needed|must"):
        MixSettings(**settings)
    with pytest.raises(InputError, match="between 0 and 60"):
        DuckSettings(depth_db=-12)


def test_a_mix_is_drawn_with_its_ducks_and_notes() -> None:
    from vem_core.audio.mix_plot import draw_mix

    figure = draw_mix(mix(drums(3.0, 44_100), talk(48_000, [(1, 2)], 4.0), 4.0))
    (axes,) = figure.axes
    words = " ".join(text.get_text() for text in axes.texts)
    assert "-14.0 LUFS" in axes.get_title(loc="left") and "before the picture" in words
    assert "shaded: music ducked" in axes.get_xlabel()
    silent = draw_mix(mix(audio(np.zeros((2, 700))), None, 700 / 48_000)).axes[0]
    assert "silent" in silent.get_title(loc="left")


def test_progress_grows_to_one_and_may_interrupt() -> None:
    shares: list[float] = []
    mix(drums(6.0, 44_100), talk(48_000, [(1, 2)], 6.0), 6.0, progress=shares.append)
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1.0) and len(shares) > 4

    def stop(share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        mix(drums(6.0, 44_100), None, 6.0, progress=stop)
