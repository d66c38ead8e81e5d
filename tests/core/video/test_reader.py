"""Every kind of video file that creators bring: right times, right way up, or one sentence."""

import io
import os
import struct
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from vem_core.errors import InputError, MediaError, VemError
from vem_core.video.reader import VideoFrame, probe, read_audio, read_frames, read_sound

from .clips import BLUE, GREEN, RED, WHITE, Clip, click, click_time, tone, write_clip

MEDIA = Path(__file__).parents[4] / "shared" / "media"
CUT = Clip(shots=((RED, 25), (BLUE, 25)))


def media(name: str) -> Path:
    path = MEDIA / name
    if not path.exists():
        pytest.skip(f"the real clip {name} is not on this machine")
    return path


def times(frames: list[VideoFrame]) -> list[float]:
    return [round(frame.time_s, 4) for frame in frames]


def end(frames: list[VideoFrame]) -> float:
    return frames[-1].time_s + frames[-1].duration_s


def assert_tiles(frames: list[VideoFrame]) -> None:
    """Frames follow each other from 0 without gap or overlap."""
    assert frames[0].time_s == 0.0
    for frame, after in pairwise(frames):
        assert after.time_s == pytest.approx(frame.time_s + frame.duration_s, abs=1e-9)
        assert frame.duration_s > 0


def assert_colour(frame: VideoFrame, colour: tuple[int, int, int], *, y: int = -2, x: int = -2):
    assert np.abs(frame.pixels[y, x].astype(int) - colour).max() <= 6


def test_a_cut_is_where_the_container_says(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "cut.mp4", CUT)
    info, frames = probe(clip), list(read_frames(clip))
    assert (info.duration_s, info.fps, info.has_audio) == (2.0, 25, False)
    assert len(frames) == 50
    assert_tiles(frames)
    assert end(frames) == 2.0
    assert_colour(frames[24], RED)
    assert frames[25].time_s == pytest.approx(1.0)
    assert_colour(frames[25], BLUE)


def test_variable_frame_rate(tmp_path: Path) -> None:
    given = (0.0, 0.1, 0.15, 0.7, 0.74)
    clip = write_clip(tmp_path / "vfr.mp4", Clip(shots=((RED, 3), (BLUE, 2)), times_s=given))
    frames = list(read_frames(clip))
    assert times(frames) == list(given)
    assert_tiles(frames)
    assert_colour(frames[3], BLUE)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "webm"])
def test_first_timestamp_not_zero_keeps_sound_in_place(tmp_path: Path, suffix: str) -> None:
    """A click 0.5 s after the first frame is at 0.5 s whatever the container's times are."""
    webm = suffix == "webm"
    clip = Clip(
        shots=CUT.shots,
        times_s=[Fraction(3, 2) + Fraction(i, 25) for i in range(50)],
        codec="libvpx-vp9" if webm else "libx264",
        options={"deadline": "realtime", "cpu-used": "8"} if webm else {"bf": "2"},
        audio=click(1.0, 2.5),
        audio_codec="libopus" if webm else "aac",
        audio_start_s=1.0,
    )
    path = write_clip(tmp_path / f"late.{suffix}", clip)
    frames, audio = list(read_frames(path)), read_audio(path)
    assert len(frames) == 50
    assert_tiles(frames)
    assert end(frames) == pytest.approx(2.0, abs=0.0015)
    assert probe(path).duration_s == pytest.approx(2.0, abs=0.0015)
    assert audio is not None
    click_s = click_time(audio.waveform.numpy(), audio.sample_rate)
    assert click_s == pytest.approx(0.5, abs=0.0015)


@pytest.mark.parametrize(
    ("rotation_deg", "corner"), [(0, (1, 1)), (90, (1, -2)), (180, (-2, -2)), (270, (-2, 1))]
)
def test_rotation_is_applied(tmp_path: Path, rotation_deg: int, corner: tuple[int, int]) -> None:
    clip = write_clip(tmp_path / "turned.mp4", Clip(corner=True, rotation_deg=rotation_deg))
    info, first = probe(clip), next(iter(read_frames(clip)))
    size = (64, 48) if rotation_deg in (0, 180) else (48, 64)
    assert (info.width, info.height) == size
    assert info.rotation_deg == rotation_deg
    assert first.pixels.shape == (size[1], size[0], 3)
    white = [
        (y, x) for y in (1, -2) for x in (1, -2) if np.abs(first.pixels[y, x] - 230.0).max() < 9
    ]
    assert white == [corner]


def test_scaled_to_the_width_as_shown(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "tall.mp4", Clip(size=(128, 64), rotation_deg=90, corner=True))
    first = next(iter(read_frames(clip, max_width=16)))
    assert first.pixels.shape == (32, 16, 3)
    assert_colour(first, WHITE, y=1, x=-2)


def test_pixels_that_are_not_square(tmp_path: Path) -> None:
    path = tmp_path / "wide.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, width=64, height=48, pix_fmt="yuv420p")
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        frame = av.VideoFrame(64, 48, "yuv420p")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    info = probe(path)
    assert (info.width, info.height) == (85, 48)


def test_colours_follow_the_stated_matrix(tmp_path: Path) -> None:
    """BT.709 as stated; where nothing is stated, 709 for HD and 601 below."""
    seen = {}
    for name, size, matrix in (
        ("stated", (64, 48), "bt709"),
        ("hd", (1280, 720), None),
        ("sd", (64, 48), None),
    ):
        path = tmp_path / f"{name}.mp4"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=25, pix_fmt="yuv420p")
            stream.width, stream.height = size
            stream.options = {"x264-params": f"colormatrix={matrix}"} if matrix else {}
            frame = av.VideoFrame(*size, "yuv420p")
            for plane, value in zip(frame.planes, (63, 102, 240), strict=True):  # red in BT.709
                plane.update(bytes([value]) * plane.buffer_size)
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        seen[name] = next(iter(read_frames(path))).pixels[4, 4].astype(int)
    assert np.abs(seen["stated"] - (255, 0, 0)).max() <= 4
    assert np.abs(seen["hd"] - (255, 0, 0)).max() <= 4
    assert np.abs(seen["sd"] - (255, 0, 0)).max() > 15


@pytest.mark.parametrize(
    ("name", "clip"),
    [
        ("odd.mkv", Clip(size=(63, 47), pix_fmt="yuv444p", shots=((RED, 5),))),
        ("ten.mp4", Clip(codec="libx265", pix_fmt="yuv420p10le", shots=((RED, 5),))),
        ("twelve.mov", Clip(codec="prores_ks", pix_fmt="yuv444p10le", shots=((RED, 5),))),
        ("picture.gif", Clip(codec="gif", pix_fmt="rgb8", shots=((RED, 5),))),
    ],
)
def test_odd_sizes_and_deep_colour(tmp_path: Path, name: str, clip: Clip) -> None:
    path = write_clip(tmp_path / name, clip)
    frames = list(read_frames(path))
    assert len(frames) == 5
    assert frames[0].pixels.shape == (clip.size[1], clip.size[0], 3)
    assert np.abs(frames[0].pixels.mean(axis=(0, 1)) - RED).max() < 12


def test_transparent_pixels_are_shown_on_black(tmp_path: Path) -> None:
    clip = Clip(codec="qtrle", pix_fmt="argb", alpha=128, shots=((WHITE, 2),))
    first = next(iter(read_frames(write_clip(tmp_path / "glass.mov", clip))))
    assert_colour(first, (116, 116, 116))


def test_single_frame(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "one.mp4", Clip(shots=((GREEN, 1),)))
    frames = list(read_frames(clip))
    assert [(f.time_s, f.duration_s) for f in frames] == [(0.0, pytest.approx(0.04))]
    assert probe(clip).duration_s == pytest.approx(0.04)


def test_no_duration_in_the_container(tmp_path: Path) -> None:
    """A live recording states no duration and has no index."""
    whole = write_clip(tmp_path / "live.mkv", Clip(shots=CUT.shots, as_pipe=True))
    with av.open(str(whole)) as container:
        assert container.duration is None
    assert probe(whole).duration_s == pytest.approx(2.0)
    window = list(read_frames(whole, start_s=0.5))
    assert end(window) == pytest.approx(1.5)
    assert window[13].time_s == pytest.approx(0.5)
    assert_colour(window[12], RED)
    assert_colour(window[13], BLUE)


def test_duration_is_the_pictures_not_the_sounds(tmp_path: Path) -> None:
    for name in ("long.mp4", "long.mkv"):
        path = write_clip(tmp_path / name, Clip(audio=tone(3.0)))
        assert probe(path).duration_s == pytest.approx(1.0)


def attach_cover(path: Path, *, with_picture: bool) -> Path:
    with av.open(str(path), "w") as container:
        if with_picture:
            video = container.add_stream("libx264", rate=25, width=64, height=48)
        else:
            video = container.add_stream("libmp3lame", rate=48000)
        cover = container.add_stream("png", rate=1, width=32, height=32, pix_fmt="rgb24")
        cover.disposition = Disposition.attached_pic.value
        art = cover.encode(av.VideoFrame(32, 32, "rgb24")) + cover.encode(None)
        art[0].pts = art[0].dts = 0
        if with_picture:
            for index in range(5):
                frame = av.VideoFrame(64, 48, "yuv420p")
                frame.pts = index
                container.mux(video.encode(frame))
        else:
            frame = av.AudioFrame.from_ndarray(tone(1.0), format="fltp", layout="stereo")
            frame.sample_rate = 48000
            container.mux(video.encode(frame))
        container.mux(art)
        container.mux(video.encode(None))
    return path


def test_cover_art_is_not_the_video(tmp_path: Path) -> None:
    film = attach_cover(tmp_path / "film.mp4", with_picture=True)
    assert probe(film).width == 64
    song = attach_cover(tmp_path / "song.mp3", with_picture=False)
    with pytest.raises(MediaError, match=r"'song.mp3' holds sound only"):
        probe(song)
    audio = read_audio(song)
    assert audio is not None
    assert audio.duration_s == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(
    "name",
    ["-i am a käse file.mp4", "http:x.mp4", "concat:a.mp4|b.mp4", "shot%03d.mp4", "ümläut.mp4"],
)
def test_a_path_is_always_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    plain = write_clip(tmp_path / "plain.mp4", Clip(audio=tone(1.0)))
    monkeypatch.chdir(tmp_path)
    try:
        plain.rename(name)
    except OSError:
        pytest.skip("this file system cannot hold the name")
    assert len(list(read_frames(name))) == 25
    assert len(list(read_frames(Path(name)))) == 25
    assert read_audio(name) is not None


def test_file_objects(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "cut.mp4", Clip(shots=CUT.shots, audio=tone(2.0)))
    memory = io.BytesIO(path.read_bytes())
    assert probe(memory) == probe(path)
    assert times(list(read_frames(memory))) == times(list(read_frames(path)))
    audio = read_audio(memory, duration_s=1.0)
    assert audio is not None and audio.n_samples == 48_000
    assert not memory.closed


@pytest.mark.parametrize("bf", ["0", "3"])
def test_window(tmp_path: Path, bf: str) -> None:
    """0.5 s to 1.52 s, both inside frames; keyframes are elsewhere."""
    clip = Clip(
        shots=((RED, 25), (BLUE, 25), (GREEN, 25)),
        options={"g": "40", "bf": bf},
        audio=click(1.25, 3.0),
    )
    path = write_clip(tmp_path / "window.mp4", clip)
    frames = list(read_frames(path, start_s=0.5, duration_s=1.02))
    assert_tiles(frames)
    assert frames[0].duration_s == pytest.approx(0.02)
    assert end(frames) == pytest.approx(1.02)
    cut = next(f for f in frames if f.pixels[0, 0, 2] > 128)
    assert cut.time_s == pytest.approx(0.5)
    audio = read_audio(path, start_s=0.5, duration_s=1.02)
    assert audio is not None
    assert audio.n_samples == 48_960
    assert click_time(audio.waveform.numpy(), 48_000) == pytest.approx(0.75, abs=0.0005)
    on_the_grid = list(read_frames(path, start_s=1.0, duration_s=1.0))
    assert len(on_the_grid) == 25
    assert_colour(on_the_grid[0], BLUE)
    assert_colour(on_the_grid[-1], BLUE)


def test_joined_recordings_whose_time_starts_again(tmp_path: Path) -> None:
    one = write_clip(tmp_path / "one.ts", Clip(shots=((RED, 100),))).read_bytes()
    two = write_clip(tmp_path / "two.ts", Clip(shots=((BLUE, 50),))).read_bytes()
    joined = tmp_path / "joined.ts"
    joined.write_bytes(one + two)
    frames = list(read_frames(joined))
    assert_tiles(frames)
    assert end(frames) == pytest.approx(6.0, abs=0.05)


def test_missing_presentation_times(tmp_path: Path) -> None:
    """H.264 with B-frames in AVI: packets have decode times only."""
    path = tmp_path / "old.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, width=64, height=48)
        stream.options = {"bf": "2", "preset": "ultrafast"}
        for index in range(50):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    frames = list(read_frames(path))
    assert times(frames) == [round(i / 25, 4) for i in range(50)]


def damage_sound(path: Path, from_s: float, to_s: float = 1e9) -> None:
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        spots = [
            (p.pos, p.size)
            for p in container.demux(stream)
            if p.pts is not None and from_s <= p.pts * stream.time_base < to_s
        ]
    with path.open("r+b") as file:
        for position, size in spots:
            file.seek(position)
            file.write(b"\xff" * size)


def test_sound_that_breaks_half_way(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "broken.mp4", Clip(shots=CUT.shots, audio=tone(2.0)))
    damage_sound(path, from_s=1.0)
    sound = read_sound(path)
    assert sound.audio is not None
    loud = sound.audio.waveform.abs().amax(dim=0) > 0.1
    assert loud[: 48_000 - 2048].sum() > 30_000
    assert "damaged from 1.0" in sound.warning
    assert len(list(read_frames(path))) == 50


def test_sound_damaged_in_the_middle_stays_in_time(tmp_path: Path) -> None:
    clip = Clip(shots=((RED, 75),), audio=click(2.5, 3.0))
    path = write_clip(tmp_path / "hole.mp4", clip)
    damage_sound(path, from_s=1.0, to_s=2.0)
    sound = read_sound(path)
    assert sound.warning and sound.audio is not None
    assert click_time(sound.audio.waveform.numpy(), 48_000) == pytest.approx(2.5, abs=0.002)


def test_sound_longer_than_the_picture_is_not_a_broken_file(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "long.mkv", Clip(audio=tone(9.0)))
    assert probe(path).duration_s == pytest.approx(1.0)
    assert len(list(read_frames(path))) == 25


def test_no_sound(tmp_path: Path) -> None:
    sound = read_sound(write_clip(tmp_path / "mute.mp4", Clip()))
    assert (sound.audio, sound.warning) == (None, "")


@pytest.mark.parametrize(
    ("name", "codec"), [("a.wav", "pcm_s24le"), ("a.flac", "flac"), ("a.mp3", "libmp3lame")]
)
@pytest.mark.parametrize("sample_rate", [None, 22_050])
def test_sound_files(tmp_path: Path, name: str, codec: str, sample_rate: int | None) -> None:
    path = tmp_path / name
    samples = click(0.7, 1.2, sample_rate=44_100, n_channels=1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=44_100, layout="mono")
        resampler = av.AudioResampler(stream.format, "mono", 44_100)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = 44_100
        for part in (*resampler.resample(frame), None):
            container.mux(stream.encode(part))
    audio = read_audio(path, sample_rate=sample_rate)
    assert audio is not None
    assert audio.sample_rate == (sample_rate or 44_100)
    assert audio.duration_s == pytest.approx(1.2, abs=0.03)
    assert click_time(audio.waveform.numpy(), audio.sample_rate) == pytest.approx(0.7, abs=0.0002)
    window = read_audio(path, start_s=0.5, duration_s=0.4, sample_rate=sample_rate)
    assert window is not None
    assert click_time(window.waveform.numpy(), window.sample_rate) == pytest.approx(0.2, abs=2e-4)


def test_surround_keeps_its_channels(tmp_path: Path) -> None:
    samples = np.zeros((6, 48_000), np.float32)
    samples[2] = tone(1.0)[0]
    audio = read_audio(write_clip(tmp_path / "six.mp4", Clip(audio=samples)))
    assert audio is not None and audio.n_channels == 6
    assert audio.waveform.abs().amax(dim=1).argmax() == 2


@pytest.mark.parametrize(
    ("name", "n_frames", "end_s"),
    [
        ("big_buck_bunny_0_30.webm", 720, 29.999),
        ("chaplin.mp4", 241, 9.64),
        ("video_with_failing_audio.mp4", 280, 11.2),
        ("no_duration.webm", 74, 4.938),
        ("transparent.webm", 150, 5.0),
    ],
)
def test_real_clips(name: str, n_frames: int, end_s: float) -> None:
    path = media(name)
    frames = list(read_frames(path, max_width=64))
    assert len(frames) == n_frames
    assert_tiles(frames)
    assert end(frames) == pytest.approx(end_s, abs=0.0005)
    assert probe(path).duration_s == pytest.approx(end_s, abs=0.0005)
    assert read_sound(path).audio is not None


def index_first(path: Path) -> Path:
    """8 s with the index at the front, and only half of the pictures' bytes."""
    clip = Clip(shots=((RED, 200),), container_options={"movflags": "faststart"})
    whole = write_clip(path, clip).read_bytes()
    start = whole.index(b"mdat")
    path.write_bytes(whole[: start + (len(whole) - start) // 2])
    return path


def cut_webm(path: Path) -> Path:
    fast = {"deadline": "realtime", "cpu-used": "8", "g": "25"}
    return half(write_clip(path, Clip(shots=((RED, 200),), codec="libvpx-vp9", options=fast)))


def half(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def text(path: Path, content: str = "hello") -> Path:
    path.write_text(content)
    return path


def picture(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("png", rate=1, width=8, height=8, pix_fmt="rgb24")
        container.mux(stream.encode(av.VideoFrame(8, 8, "rgb24")) + stream.encode(None))
    return path


BAD = {
    "not a video": (lambda p: text(p / "a.mp4"), "is not a video or sound file"),
    "zeros": (lambda p: text(p / "z.mp4", "\0" * 5000), "is not a video or sound file"),
    "empty": (lambda p: text(p / "e.mp4", ""), "is empty"),
    "no index": (lambda p: half(write_clip(p / "t.mp4", Clip())), "cut off"),
    "cut off": (lambda p: index_first(p / "h.mp4"), "breaks off: it should last 8.0 s"),
    "cut off webm": (lambda p: cut_webm(p / "w.webm"), "breaks off: it should last 8.0 s"),
    "folder": (lambda p: p, "is a folder"),
    "missing": (lambda p: p / "none.mp4", "There is no file"),
    "still": (lambda p: picture(p / "s.png"), "is a still picture"),
    "text object": (lambda p: io.StringIO("x"), "neither a path nor a seekable binary file"),
    "nul": (lambda p: "a\0b.mp4", "cannot be opened"),
    "long name": (lambda p: p / ("x" * 3000), "cannot be opened"),
    "playlist": (
        lambda p: text(p / "l.m3u8", "#EXTM3U\n#EXTINF:2,\nhttp://localhost:1/a.ts\n"),
        "cannot be read|is not a video|playlist",
    ),
    "concat script": (
        lambda p: text(
            p / "l.mp4", f"ffconcat version 1.0\nfile {write_clip(p / 'q.mp4', Clip())}"
        ),
        "is not a video|playlist",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_get_one_sentence(tmp_path: Path, case: str) -> None:
    make, words = BAD[case]
    source = make(tmp_path)
    for read in (probe, lambda s: list(read_frames(s))):
        with pytest.raises(MediaError, match=words) as caught:
            read(source)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 500
    if "cut off" not in case:
        with pytest.raises(VemError):
            read_sound(source)


def test_no_permission(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "secret.mp4", Clip())
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(MediaError, match="may not be read"):
        probe(path)


@pytest.mark.parametrize(
    ("start_s", "duration_s", "words"),
    [
        (5.0, None, "lasts 1.000 s, but the window starts at 5 s"),
        (-1.0, None, "must be a number of seconds"),
        (float("nan"), None, "must be a number of seconds"),
        (90_000.0, None, "Were milliseconds given"),
        (0.0, 0.0, "lasts 0 s"),
        (0.0, -2.0, "must be a number of seconds"),
    ],
)
def test_bad_windows(tmp_path: Path, start_s: float, duration_s: float | None, words: str) -> None:
    path = write_clip(tmp_path / "a.mp4", Clip())
    with pytest.raises(InputError, match=words):
        list(read_frames(path, start_s=start_s, duration_s=duration_s))


def test_random_damage_never_shows_a_traceback(tmp_path: Path) -> None:
    """Bits flipped all over: either frames or a VemError, never anything else."""
    whole = bytearray(write_clip(tmp_path / "w.mkv", Clip(audio=tone(1.0))).read_bytes())
    rng = np.random.default_rng(3)
    for _ in range(40):
        damaged = bytearray(whole)
        for spot in rng.integers(0, len(whole), 30):
            damaged[spot] = rng.integers(0, 256)
        for read in (lambda s: list(read_frames(s, max_width=16)), read_sound):
            try:
                read(io.BytesIO(bytes(damaged)))
            except VemError as error:
                assert str(error)


def test_progress_runs_to_one_and_may_interrupt(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", CUT)
    shares: list[float] = []
    list(read_frames(path, progress=shares.append))
    assert shares == sorted(shares) and shares[-1] == 1.0

    class Stop(Exception):
        pass

    def stop(share: float) -> None:
        raise Stop

    memory = io.BytesIO(path.read_bytes())
    with pytest.raises(Stop):
        list(read_frames(memory, progress=stop))
    assert probe(memory).duration_s == 2.0


def test_little_endian_matrix_with_a_flip() -> None:
    """A mirrored selfie: the display matrix flips x without turning."""
    from vem_core.video.geometry import Orientation

    pixels = np.arange(2 * 3 * 3).reshape(2, 3, 3)
    flipped = Orientation(mirrored_x=True).apply(pixels)
    assert (flipped == pixels[:, ::-1]).all()
    quarter = Orientation(transposed=True, mirrored_x=True)
    assert (quarter.apply(pixels) == np.rot90(pixels, k=-1)).all()
    assert quarter.rotation_deg == 90
    assert struct.calcsize("=5i") == 20
