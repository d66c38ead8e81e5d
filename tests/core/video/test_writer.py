"""The muxer: picture packets bit for bit, the music to the sample, nothing half-written."""

import hashlib
import io
import shutil
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from av.stream import Disposition

from vem_core.errors import InputError, MediaError, VemError
from vem_core.files import whole_file
from vem_core.types import Audio
from vem_core.video.reader import probe, read_frames, read_sound
from vem_core.video.writer import mux

from .clips import BLUE, RED, Clip, click, click_time, tone, write_clip

SOURCES = {
    "h264": Clip(options={"bf": "2", "g": "50"}),
    "hevc": Clip(codec="libx265", pix_fmt="yuv420p10le"),
    "vp9": Clip(codec="libvpx-vp9", options={"deadline": "realtime", "cpu-used": "8"}),
    "prores": Clip(codec="prores_ks", pix_fmt="yuv422p10le"),
}
SUFFIX = {"vp9": "webm", "prores": "mov"}


def make_source(folder: Path, codec: str, *, duration_s: float = 6.0, sound: bool = False) -> Path:
    half = round(duration_s * 25 / 2)
    clip = SOURCES[codec]
    fields: dict[str, Any] = {"shots": ((RED, half), (BLUE, half))}
    if sound:
        fields |= {
            "audio": click(3.0, duration_s),
            "audio_codec": "libopus" if codec == "vp9" else "aac",
        }
    return write_clip(
        folder / f"source.{SUFFIX.get(codec, 'mp4')}", Clip(**{**vars(clip), **fields})
    )


def music(at_s: float, duration_s: float, *, rate: int = 48_000, n_channels: int = 2) -> Audio:
    samples = click(at_s, duration_s, sample_rate=rate, n_channels=n_channels)
    return Audio(waveform=torch.from_numpy(samples), sample_rate=rate)


def packet_hashes(path: Path) -> list[str]:
    with av.open(str(path)) as container:
        return [
            hashlib.sha256(bytes(packet)).hexdigest()
            for packet in container.demux(video=0)
            if packet.size
        ]


def tracks(path: Path) -> list[tuple[str, str]]:
    with av.open(str(path)) as container:
        return [(s.type, s.codec_context.codec.canonical_name) for s in container.streams]


def heard(path: Path, track: int = 0) -> tuple[float, float]:
    """(time of the click, end of the sound), decoded by PyAV on the picture's clock."""
    with av.open(str(path)) as container:
        first = next(container.decode(video=0)).time
    with av.open(str(path)) as container:
        stream = container.streams.audio[track]
        resampler = av.AudioResampler("fltp", stream.layout, 48_000)
        frames = list(container.decode(stream))
        start = frames[0].time
        parts = [part.to_ndarray() for f in (*frames, None) for part in resampler.resample(f)]
    samples = np.concatenate(parts, axis=1)
    shift_s = start - first
    return click_time(samples, 48_000) + shift_s, samples.shape[1] / 48_000 + shift_s


def heard_by_ffmpeg(path: Path, track: int = 0) -> float:
    """Time of the click as Debian's ffmpeg decodes it."""
    command = ["ffmpeg", "-v", "error", "-i", f"file:{path}", "-map", f"0:a:{track}"]
    command += ["-f", "f32le", "-ac", "1", "-ar", "48000", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    return click_time(np.frombuffer(raw, "<f4")[None], 48_000)


CASES = [
    *[("h264", suffix, rate) for suffix in ("mp4", "mov", "mkv") for rate in (44_100, 48_000)],
    *[("hevc", suffix, 48_000) for suffix in ("mp4", "mov", "mkv")],
    *[("vp9", suffix, 44_100) for suffix in ("webm", "mp4", "mkv")],
    *[("prores", suffix, 48_000) for suffix in ("mov", "mkv")],
]


@pytest.mark.parametrize(("codec", "suffix", "rate"), CASES)
def test_picture_is_copied_and_the_click_stays(
    tmp_path: Path, codec: str, suffix: str, rate: int
) -> None:
    source, output = make_source(tmp_path, codec), tmp_path / f"out.{suffix}"
    report = mux(source, music(5.0, 6.0, rate=rate), output)
    assert report.duration_s == pytest.approx(6.0)
    assert (report.lead_in_s, report.notes) == (0.0, ())
    assert packet_hashes(output) == packet_hashes(source)
    before, after = probe(source), probe(output)
    assert (after.fps, after.codec, after.width) == (before.fps, before.codec, before.width)
    assert after.duration_s == pytest.approx(6.0, abs=0.001)
    click_s, end_s = heard(output)
    assert click_s == pytest.approx(5.0, abs=0.001)
    assert end_s == pytest.approx(6.0, abs=1024 / 44_100)
    assert len(tracks(output)) == 2
    if shutil.which("ffmpeg"):
        assert heard_by_ffmpeg(output) == pytest.approx(5.0, abs=0.001)


def test_av1(tmp_path: Path) -> None:
    """Packets only: encoding AV1 takes long, so few frames."""
    clip = Clip(codec="libsvtav1", size=(128, 128), options={"preset": "12"}, shots=((RED, 10),))
    source = write_clip(tmp_path / "source.mp4", clip)
    for suffix in ("mp4", "webm", "mkv"):
        output = tmp_path / f"out.{suffix}"
        mux(source, music(0.1, 0.4), output)
        assert packet_hashes(output) == packet_hashes(source)
        assert len(list(read_frames(output))) == 10


@pytest.mark.parametrize(("codec", "suffix"), [("h264", "mp4"), ("h264", "mkv"), ("vp9", "webm")])
def test_own_sound_and_music_as_two_tracks(tmp_path: Path, codec: str, suffix: str) -> None:
    source = make_source(tmp_path, codec, sound=True)
    output = tmp_path / f"both.{suffix}"
    report = mux(source, music(5.0, 6.0), output, mode="add")
    assert [kind for kind, _ in tracks(output)] == ["video", "audio", "audio"]
    assert heard(output, 0)[0] == pytest.approx(3.0, abs=0.001)
    assert heard(output, 1)[0] == pytest.approx(5.0, abs=0.001)
    assert packet_hashes(output) == packet_hashes(source)
    assert bool(report.notes) == (suffix == "mkv")  # AAC out of MP4 is encoded anew there
    with av.open(str(output)) as container:
        assert [bool(s.disposition & Disposition.default) for s in container.streams.audio] == [
            True,
            False,
        ]


def test_own_sound_is_replaced(tmp_path: Path) -> None:
    source, output = make_source(tmp_path, "h264", sound=True), tmp_path / "out.mp4"
    mux(source, music(5.0, 6.0), output)
    assert [kind for kind, _ in tracks(output)] == ["video", "audio"]
    assert heard(output)[0] == pytest.approx(5.0, abs=0.001)


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("start_s", [2.0, 2.6])
@pytest.mark.parametrize("mode", ["replace", "add"])
def test_window_keeps_picture_and_music_together(
    tmp_path: Path, suffix: str, start_s: float, mode: Any
) -> None:
    """Cut at 3.0 s of the source, keyframes at 0 and 2 s; the music's click lies on that cut."""
    clip = Clip(
        shots=((RED, 75), (BLUE, 75)), options={"bf": "2", "g": "50"}, audio=click(3.0, 6.0)
    )
    source, output = write_clip(tmp_path / "source.mp4", clip), tmp_path / f"out.{suffix}"
    report = mux(
        io.BytesIO(source.read_bytes()),
        music(3.0 - start_s, 2.0),
        output,
        mode=mode,
        start_s=start_s,
        duration_s=2.0,
    )
    frames = list(read_frames(output))
    cut_s = next(f.time_s for f in frames if f.pixels[0, 0, 2] > 128)
    assert cut_s == pytest.approx(3.0 - start_s + report.lead_in_s, abs=0.001)
    for track in range(2 if mode == "add" else 1):
        assert heard(output, track)[0] == pytest.approx(cut_s, abs=0.0015)
    assert probe(output).duration_s == pytest.approx(report.duration_s, abs=0.002)
    assert heard(output)[1] == pytest.approx(report.duration_s, abs=1024 / 44_100)
    assert report.duration_s - report.lead_in_s == pytest.approx(2.0, abs=0.13)
    hidden = suffix != "mkv"
    assert report.lead_in_s == pytest.approx(0.0 if hidden or start_s == 2.0 else 0.6, abs=0.001)
    if start_s == 2.6:
        words = "players are told not to show it" if hidden else "picture starts 0.60 s before"
        assert any(words in note for note in report.notes)
    if shutil.which("ffmpeg") and hidden:
        assert heard_by_ffmpeg(output) == pytest.approx(cut_s, abs=0.001)


def test_window_inside_a_frame_begins_with_that_frame(tmp_path: Path) -> None:
    source, output = make_source(tmp_path, "h264"), tmp_path / "out.mp4"
    report = mux(source, music(1.0, 2.0), output, start_s=2.01)
    assert report.lead_in_s == pytest.approx(0.01)
    cut_s = next(f.time_s for f in read_frames(output) if f.pixels[0, 0, 2] > 128)
    assert cut_s == pytest.approx(1.0)
    assert heard(output)[0] == pytest.approx(1.01, abs=0.001)


def test_variable_rate_late_start_and_no_duration(tmp_path: Path) -> None:
    times = [1.5, 1.6, 1.65, 2.2, 2.25]
    clip = Clip(shots=((RED, 3), (BLUE, 2)), times_s=times, as_pipe=True)
    source = write_clip(tmp_path / "source.mkv", clip)
    for suffix in ("mp4", "mkv"):
        output = tmp_path / f"out.{suffix}"
        mux(source, music(0.5, 0.8), output)
        shown = [round(f.time_s, 3) for f in read_frames(output)]
        assert shown == [0.0, 0.1, 0.15, 0.7, 0.75]
        assert heard(output)[0] == pytest.approx(0.5, abs=0.001)


def test_missing_presentation_times(tmp_path: Path) -> None:
    """H.264 with B-frames in AVI; what is shown when is learnt by decoding."""
    source = tmp_path / "old.avi"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("libx264", rate=25, width=64, height=48)
        stream.options = {"bf": "2", "preset": "ultrafast"}
        for index in range(50):
            frame = av.VideoFrame(64, 48, "gray")
            frame.planes[0].update(bytes([4 * index]) * frame.planes[0].buffer_size)
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    output = tmp_path / "new.mp4"
    mux(source, music(1.0, 2.0), output)
    frames = list(read_frames(output))
    assert [round(f.time_s, 3) for f in frames] == [round(i / 25, 3) for i in range(50)]
    grey = [int(f.pixels[0, 0, 0]) for f in frames]
    assert grey == sorted(grey)


def test_rotation_tags_and_chapters_are_kept(tmp_path: Path) -> None:
    turned = write_clip(tmp_path / "turned.mp4", Clip(rotation_deg=90, corner=True))
    source = tmp_path / "source.mp4"
    with av.open(str(turned)) as original, av.open(str(source), "w") as container:
        stream = container.add_stream_from_template(original.streams.video[0], opaque=True)
        container.metadata["title"] = "A käse film"
        second = {"time_base": Fraction(1, 1000), "id": 2, "metadata": {"title": "Two"}}
        container.set_chapters(
            [
                {"id": 1, "start": 0, "end": 400, **_but_id(second), "metadata": {"title": "One"}},
                {"start": 400, "end": 1000, **second},
            ]
        )
        for packet in original.demux(video=0):
            if packet.size:
                packet.stream = stream
                container.mux(packet)
    for suffix in ("mp4", "mov", "mkv"):
        output = tmp_path / f"out.{suffix}"
        mux(source, music(0.5, 1.0), output)
        assert probe(output).rotation_deg == 90
        with av.open(str(output)) as container:
            titles = [c["metadata"].get("title") for c in container.chapters()]
            starts = [float(c["start"] * (c["time_base"] or 1)) for c in container.chapters()]
            assert container.metadata["title"] == "A käse film"
        assert titles == ["One", "Two"]
        assert starts == [0.0, 0.4]


def _but_id(chapter: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in chapter.items() if key not in ("id", "metadata")}


def test_hdr_and_colour_are_kept(tmp_path: Path) -> None:
    master = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
    params = f"log-level=none:hdr10=1:master-display={master}:max-cll=1000,400"
    params += ":colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    clip = Clip(codec="libx265", pix_fmt="yuv420p10le", options={"x265-params": params})
    source = write_clip(tmp_path / "hdr.mp4", clip)
    for suffix in ("mp4", "mov", "mkv"):
        output = tmp_path / f"out.{suffix}"
        mux(source, music(0.5, 1.0), output)
        with av.open(str(output)) as container:
            stream = container.streams.video[0]
            context = stream.codec_context
            assert (context.color_primaries, context.color_trc, context.colorspace) == (9, 16, 9)
            frame = next(container.decode(stream))
            kinds = {data.type.name for data in frame.side_data}  # type: ignore[attr-defined]
        assert {"MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL"} <= kinds


def test_hevc_gets_the_tag_that_apple_opens(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "source.mkv", SOURCES["hevc"])
    mux(source, music(0.5, 1.0), tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].codec_context.codec_tag == "hvc1"


def with_subtitles(folder: Path) -> Path:
    """A Matroska film with one line of text from 0.2 to 0.8 s."""
    script = folder / "lines.srt"
    script.write_text("1\n00:00:00,200 --> 00:00:00,800\nHello\n")
    film, both = write_clip(folder / "film.mkv", Clip()), folder / "both.mkv"
    with av.open(str(film)) as a, av.open(str(script)) as b, av.open(str(both), "w") as out:
        kinds = [out.add_stream_from_template(c.streams[0], opaque=True) for c in (a, b)]
        for container, stream in zip((a, b), kinds, strict=True):
            for packet in container.demux(container.streams[0]):
                if packet.size:
                    packet.stream = stream
                    out.mux(packet)
    return both


def test_subtitles_are_kept_or_named(tmp_path: Path) -> None:
    source = with_subtitles(tmp_path)
    report = mux(source, music(0.5, 1.0), tmp_path / "out.mkv")
    assert report.notes == ()
    with av.open(str(tmp_path / "out.mkv")) as container:
        lines = [p for p in container.demux(subtitles=0) if p.size]
    assert [(p.pts, p.duration, bytes(p)) for p in lines] == [(200, 600, b"Hello")]
    report = mux(source, music(0.5, 1.0), tmp_path / "out.mp4")
    assert report.notes == ("A .mp4 file cannot hold subtitles (subrip); left out.",)


def test_index_comes_first(tmp_path: Path) -> None:
    """Fast start: a browser plays the file while it still loads."""
    mux(make_source(tmp_path, "h264"), music(1.0, 6.0), tmp_path / "out.mp4")
    content = (tmp_path / "out.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize(("n_channels", "suffix"), [(1, "mp4"), (6, "mp4"), (6, "mkv"), (4, "mkv")])
def test_channels(tmp_path: Path, n_channels: int, suffix: str) -> None:
    output = tmp_path / f"out.{suffix}"
    mux(make_source(tmp_path, "h264"), music(1.0, 6.0, n_channels=n_channels), output)
    sound = read_sound(output).audio
    assert sound is not None and sound.n_channels == n_channels


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 96_000, 192_000])
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_rates(tmp_path: Path, rate: int, suffix: str) -> None:
    output = tmp_path / f"out.{suffix}"
    mux(make_source(tmp_path, "h264"), music(5.0, 6.0, rate=rate), output)
    click_s, end_s = heard(output)
    assert click_s == pytest.approx(5.0, abs=0.001)
    assert end_s == pytest.approx(6.0, abs=1024 / 22_050)


@pytest.mark.parametrize(
    ("duration_s", "words"), [(8.0, "the end of the music was cut off"), (2.0, "ends in silence")]
)
def test_sound_gets_the_length_of_the_picture(
    tmp_path: Path, duration_s: float, words: str
) -> None:
    output = tmp_path / "out.mkv"
    report = mux(make_source(tmp_path, "h264"), music(1.0, duration_s), output)
    assert any(words in note for note in report.notes)
    assert heard(output)[1] == pytest.approx(6.0, abs=0.001)


def test_damaged_own_sound_does_not_stop_the_mux(tmp_path: Path) -> None:
    from .test_reader import damage_sound

    source = make_source(tmp_path, "h264", sound=True)
    damage_sound(source, from_s=2.0)
    report = mux(source, music(5.0, 6.0), tmp_path / "out.mkv", mode="add")
    assert any("damaged" in note for note in report.notes)
    assert heard(tmp_path / "out.mkv", 1)[0] == pytest.approx(5.0, abs=0.001)


def test_picture_that_breaks_in_the_middle_is_not_written(tmp_path: Path) -> None:
    """A drive that fails in the middle of the file, but not near its ends."""
    source, rng = tmp_path / "noise.mp4", np.random.default_rng(0)
    with av.open(str(source), "w", options={"movflags": "faststart"}) as container:
        stream: Any = container.add_stream("mpeg4", rate=25, width=320, height=240)
        stream.bit_rate = 20_000_000
        for _ in range(150):
            noise = rng.integers(0, 255, (240, 320, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noise, format="rgb24")))
        container.mux(stream.encode(None))
    with av.open(str(source)) as container:
        spots = [p.pos for p in container.demux(video=0) if p.size and p.pos]
    bad_from, bad_to = spots[60], spots[70]

    class Torn(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            at = self.tell()
            if bad_from <= at < bad_to:
                return b""
            size = 1 << 16 if size is None or size < 0 else size
            return super().read(min(size, bad_from - at) if at < bad_from else size)

    whole = source.read_bytes()
    with pytest.raises(MediaError, match=r"cannot be read from 2.4 s on"):
        mux(Torn(whole), music(1.0, 6.0), tmp_path / "out.mp4")
    assert [p.name for p in tmp_path.iterdir()] == ["noise.mp4"]


def test_output_may_be_the_source(tmp_path: Path) -> None:
    source = make_source(tmp_path, "h264")
    before = packet_hashes(source)
    mux(source, music(5.0, 6.0), source)
    assert packet_hashes(source) == before
    assert len(tracks(source)) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["source.mp4"]


def silence(shape: tuple[int, int] = (2, 48_000)) -> Audio:
    return Audio(waveform=torch.zeros(shape), sample_rate=48_000)


BAD = {
    "suffix": ({"output": "out.avi"}, InputError, "does not end in .mp4, .mov, .mkv or .webm"),
    "no suffix": ({"output": "out"}, InputError, "does not end in"),
    "container": ({"output": "out.webm"}, MediaError, "H264, which a .webm file cannot hold"),
    "folder": ({"output": "none/out.mp4"}, MediaError, "does not exist"),
    "mode": ({"mode": "mix"}, InputError, "needed is 'replace' or 'add'"),
    "late": ({"start_s": 60.0}, InputError, "leaves nothing of it"),
    "empty": ({"duration_s": 0.0}, InputError, "leaves nothing of it"),
    "nan": (
        {"audio": Audio(waveform=torch.full((1, 900), float("nan")), sample_rate=48_000)},
        InputError,
        "not numbers",
    ),
    "channels": ({"audio": silence((9, 4800))}, InputError, "9 channels"),
    "source": ({"source": b"no video"}, MediaError, "is not a video"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_sentence_and_leaves_nothing(tmp_path: Path, case: str) -> None:
    source = make_source(tmp_path, "h264")
    changes, error, words = BAD[case]
    fields: dict[str, Any] = {"source": source, "audio": silence(), "output": "out.mp4", **changes}
    output = tmp_path / fields.pop("output")
    given = fields.pop("source")
    given = io.BytesIO(given) if isinstance(given, bytes) else given
    with pytest.raises(error, match=words):
        mux(given, fields.pop("audio"), output, **fields)
    assert [p.name for p in tmp_path.iterdir()] == ["source.mp4"]


def test_rare_codecs_name_a_way_out(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.gif", Clip(codec="gif", pix_fmt="rgb8"))
    with pytest.raises(MediaError, match="Convert the video first"):
        mux(source, silence(), tmp_path / "out.mp4")
    lossless = write_clip(tmp_path / "a.mkv", Clip(codec="ffv1"))
    with pytest.raises(MediaError, match=r"FFV1, which a .mp4 file cannot hold.* Write a .mkv"):
        mux(lossless, silence(), tmp_path / "out.mp4")
    mux(lossless, silence(), tmp_path / "out.mkv")
    assert packet_hashes(tmp_path / "out.mkv") == packet_hashes(lossless)


def test_interrupt_leaves_what_was_there(tmp_path: Path) -> None:
    source, output = make_source(tmp_path, "h264"), tmp_path / "out.mp4"
    output.write_bytes(b"earlier")

    def stop(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mux(source, music(1.0, 6.0), output, progress=stop)
    assert output.read_bytes() == b"earlier"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.mp4", "source.mp4"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_writer_leaves_nothing_under_the_name_and_the_next_one_tidies(
    tmp_path: Path,
) -> None:
    source, output = make_source(tmp_path, "h264"), tmp_path / "film" / "out.mp4"
    output.parent.mkdir()
    script = (
        "import os, signal, sys, torch\n"
        "from vem_core.types import Audio\n"
        "from vem_core.video.writer import mux\n"
        "def die(share):\n"
        "    if share > 0.5: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sound = Audio(waveform=torch.zeros(2, 288000), sample_rate=48000)\n"
        "mux(sys.argv[1], sound, sys.argv[2], progress=die)\n"
    )
    root = Path(__file__).parents[3]
    child = subprocess.run([sys.executable, "-c", script, str(source), str(output)], cwd=root)
    assert child.returncode == -signal.SIGKILL
    left = list(output.parent.iterdir())
    assert len(left) == 1 and left[0].name.startswith(".out-")
    busy = output.parent / ".out-busy.part.mp4"
    with whole_file(output) as temporary:
        assert not left[0].exists()
        temporary.rename(busy)  # as if another process were at work
        mux(source, music(1.0, 6.0), output)
        assert busy.exists()
        busy.rename(temporary)
    assert [path.name for path in output.parent.iterdir()] == ["out.mp4"]


def test_long_sound_is_encoded_as_it_is_needed(tmp_path: Path) -> None:
    """The packets are interleaved: no stream runs far ahead of the other in the file."""
    source, output = make_source(tmp_path, "h264"), tmp_path / "out.mp4"
    mux(source, Audio(waveform=torch.from_numpy(tone(6.0)), sample_rate=48_000), output)
    with av.open(str(output)) as container:
        spots = sorted(
            (p.pos, float(p.dts * p.time_base), p.stream.type)
            for p in container.demux()
            if p.size and p.pos is not None and p.dts is not None
        )
    last = {"video": 0.0, "audio": 0.0}
    for _, time_s, kind in spots:
        last[kind] = time_s
        assert abs(last["video"] - last["audio"]) < 1.2


def test_random_damage_never_shows_a_traceback(tmp_path: Path) -> None:
    clip = Clip(audio=tone(1.0), shots=((RED, 25),))
    whole = write_clip(tmp_path / "w.mkv", clip).read_bytes()
    rng = np.random.default_rng(5)
    for _ in range(15):
        damaged = bytearray(whole)
        for spot in rng.integers(0, len(whole), 20):
            damaged[spot] = rng.integers(0, 256)
        try:
            mux(io.BytesIO(bytes(damaged)), music(0.5, 1.0), tmp_path / "o.mkv", mode="add")
        except VemError as error:
            assert "\n" not in str(error)
