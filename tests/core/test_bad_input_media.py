"""Malformed and hostile media, cut lists and settings of the commands that read videos."""

import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.core.bad_input import Case, Prepare, assert_one_sentence, ids
from tests.core.video.clips import BLUE, RED, Clip, tone, write_clip

CLIP = Clip(shots=((RED, 50), (BLUE, 50)))


def clip(folder: Path) -> Path:
    return write_clip(folder / "clip.mp4", CLIP)


def music(folder: Path) -> Path:
    """Twelve seconds of a click at 120 BPM."""
    samples = np.zeros(12 * 44100)
    samples[:: 44100 // 2] = 0.9
    return write_wave(folder / "music.wav", samples)


def write_wave(path: Path, samples: np.ndarray, sample_rate: int = 44100) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def parse_file(name: str, content: bytes | None, pattern: str, label: str = "") -> Case:
    """`vem parse` of a file with these bytes; None: there is no file."""

    def prepare(folder: Path) -> list[str]:
        if content is not None:
            (folder / name).write_bytes(content)
        return ["parse", str(folder / name), "-o", str(folder / "storyboard.json")]

    return label or name, prepare, pattern


def parse_with(
    label: str, pattern: str, *options: str, files: dict[str, str] | None = None
) -> Case:
    """`vem parse` of a good clip with these options; FOLDER stands for the folder."""

    def prepare(folder: Path) -> list[str]:
        for name, text in (files or {}).items():
            (folder / name).write_text(text, encoding="utf-8")
        given = [option.replace("FOLDER", str(folder)) for option in options]
        output = [] if "-o" in given else ["-o", str(folder / "storyboard.json")]
        return ["parse", str(clip(folder)), *output, *given]

    return label, prepare, pattern


def cut_list(label: str, text: str, pattern: str, name: str = "cuts.txt") -> Case:
    return parse_with(label, pattern, "--cuts", f"FOLDER/{name}", files={name: text})


def truncated(folder: Path) -> list[str]:
    path = clip(folder)
    path.write_bytes(path.read_bytes()[:700])
    return ["parse", str(path), "-o", str(folder / "storyboard.json")]


def sound_only(folder: Path) -> list[str]:
    return ["parse", str(music(folder)), "-o", str(folder / "storyboard.json")]


def a_folder(folder: Path) -> list[str]:
    return ["parse", str(folder), "-o", str(folder / "storyboard.json")]


EDL = """TITLE: TEST
001  AX  V  C  00:00:00:00 00:00:01:00 00:00:00:00 00:00:01:00
002  AX  V  C  00:00:00:00 00:00:01:00 00:00:01:00 00:00:02:99
"""
PARSE_CASES: list[Case] = [
    parse_file("missing.mp4", None, "no file|not exist|does not"),
    parse_file("empty.mp4", b"", "empty"),
    parse_file("text.mp4", b"this is not a video " * 40, "not a video|cannot be read"),
    parse_file("random.mkv", bytes(range(256)) * 64, "not a video|cannot be read"),
    parse_file("http:", None, "no file|not exist|does not", "a name like a protocol"),
    parse_file("-clip.avi", b"RIFF\0\0\0\0AVI ", "not a video|cannot|damaged", "a cut-off AVI"),
    ("truncated", truncated, "cut off|damaged|cannot be read|not a video"),
    ("sound only", sound_only, "no picture|only sound|sound only"),
    ("a folder", a_folder, "folder"),
    parse_with("no such folder for the output", "does not exist", "-o", "FOLDER/no/board.json"),
    parse_with("the output is a folder", "folder", "-o", "FOLDER"),
    parse_with("an unknown detector", "detector", "--detector", "magic"),
    parse_with("too sensitive", "sensitivity", "--sensitivity", "3"),
    parse_with("sensitive as nan", "sensitivity", "--sensitivity", "nan"),
    parse_with("negative shots", "shortest shot", "--shortest-shot", "-1"),
    parse_with("a word as number", "invalid float", "--sensitivity", "high"),
    parse_with("no cut list", "no cut list", "--cuts", "FOLDER/none.txt"),
    cut_list("words", "1.0\nsoon\n", "line 2"),
    cut_list("a negative cut", "-3\n", "-3"),
    cut_list("a cut at nan", "nan\n", "line 1"),
    cut_list("a cut past the end", "1.0\n99.0\n", "99"),
    cut_list("milliseconds", "1500\n90000000\n", "milliseconds|day"),
    cut_list("a timecode beyond its frames", "00:00:01:77\n", "77"),
    cut_list("an EDL out of range", EDL, "99", "cuts.edl"),
    cut_list(
        "broken OTIO", '{"OTIO_SCHEMA": "Timeline.1", "tracks": 3}', "otio|timeline", "cuts.otio"
    ),
    cut_list("broken FCPXML", "<?xml version='1.0'?><fcpxml><resources>", "xml", "cuts.fcpxml"),
    cut_list("CSV without times", "a,b,c\n1,2,3\n", "line|csv|time", "cuts.csv"),
]


def snap(label: str, pattern: str, *options: str, sound: Prepare | None = None) -> Case:
    """`vem snap` of a good clip; the music is good unless `sound` makes another."""

    def prepare(folder: Path) -> list[str]:
        path = sound(folder)[0] if sound else str(music(folder))
        given = [option.replace("FOLDER", str(folder)) for option in options]
        output = [] if "-o" in given else ["-o", str(folder / "out.mp4")]
        return ["snap", str(clip(folder)), path, *output, *given]

    return label, prepare, pattern


def sound_file(name: str, content: bytes | None) -> Prepare:
    def prepare(folder: Path) -> list[str]:
        if content is not None:
            (folder / name).write_bytes(content)
        return [str(folder / name)]

    return prepare


def silent_video(folder: Path) -> list[str]:
    return [str(write_clip(folder / "silent.mp4", CLIP))]


def short_music(folder: Path) -> list[str]:
    return [str(write_wave(folder / "short.wav", np.zeros(2000)))]


def empty_music(folder: Path) -> list[str]:
    return [str(write_wave(folder / "empty.wav", np.zeros(0)))]


def music_of_nan(folder: Path) -> list[str]:
    import soundfile

    samples = np.full(5 * 44100, np.nan, np.float32)
    soundfile.write(folder / "nan.wav", samples, 44100, subtype="FLOAT")
    return [str(folder / "nan.wav")]


def video_without_sound(folder: Path) -> list[str]:
    return ["evaluate", str(clip(folder))]


def storyboard_of_another_clip(folder: Path) -> list[str]:
    from vem_core.parsing.parse import parse_video
    from vem_core.parsing.storyboard import write_storyboard

    other = write_clip(folder / "other.mp4", Clip(shots=((RED, 200),), audio=tone(8.0)))
    write_storyboard(parse_video(other).storyboard, folder / "other.json")
    command = ["score", str(clip(folder)), "-o", str(folder / "out.mp4"), "--engine", "composer"]
    return [*command, "--storyboard", str(folder / "other.json")]


def score(label: str, pattern: str, *options: str) -> Case:
    def prepare(folder: Path) -> list[str]:
        given = [option.replace("FOLDER", str(folder)) for option in options]
        output = [] if "-o" in given else ["-o", str(folder / "out.mp4")]
        return ["score", str(clip(folder)), *output, *given]

    return label, prepare, pattern


def prores_into_mp4(folder: Path) -> list[str]:
    codec = Clip(shots=((RED, 25),), codec="prores_ks", pix_fmt="yuv422p10le", fps=Fraction(25))
    path = write_clip(folder / "prores.mov", codec)
    return ["snap", str(path), str(music(folder)), "-o", str(folder / "out.webm")]


SOUND_CASES: list[Case] = [
    snap("no music", "no file|not exist|does not", sound=sound_file("none.mp3", None)),
    snap("an empty music file", "empty", sound=sound_file("empty.mp3", b"")),
    snap("text as music", "cannot be read|not a", sound=sound_file("text.mp3", b"la la la " * 50)),
    snap("a video without sound as music", "no sound", sound=silent_video),
    snap("music of 45 ms", "lasts|longer|short", sound=short_music),
    snap("music without samples", "empty|no sound|lasts|decoded", sound=empty_music),
    snap("music of NaN", "not numbers|NaN", sound=music_of_nan),
    snap("a folder as music", "folder", sound=lambda folder: [str(folder)]),
    snap("stretched by nothing", "stretch", "--stretch", "0"),
    snap("stretched by half", "stretch", "--stretch", "50"),
    snap("stretched by nan", "stretch", "--stretch", "nan"),
    snap("a foreign container", r"\.mp4", "-o", "FOLDER/out.avi"),
    snap("no container", r"\.mp4", "-o", "FOLDER/out"),
    snap("too loud", "loudness", "--loudness", "3"),
    snap("a peak above full scale", "peak", "--true-peak", "2"),
    snap("an endless fade", "fade", "--fade-out", "-1"),
    snap("an unknown hit unit", "hit unit", "--hit-unit", "bar"),
    snap("own sound in words", "invalid choice", "--own-sound", "loud"),
    ("a codec that WebM cannot hold", prores_into_mp4, "webm|mov|mkv"),
    ("no sound to evaluate", video_without_sound, "no sound"),
    ("a storyboard of another clip", storyboard_of_another_clip, "8.00 s"),
    score("an unknown style", "style", "--style", "polka"),
    score("a key in words", "key", "--key", "bright"),
    score("a negative seed", "seed", "--seed", "-4"),
    score("no such instrument", "kazoo", "--instrument", "lead=kazoo"),
    score("no such part", "part", "--instrument", "solo=flute"),
    score("MIDI into no folder", "does not exist", "--midi", "FOLDER/no/out.mid"),
    score("stems over a file", "stems|folder|file", "--stems", "FOLDER/clip.mp4"),
]


@pytest.mark.parametrize(("name", "prepare", "pattern"), PARSE_CASES, ids=ids(PARSE_CASES))
def test_parse(name, prepare, pattern, tmp_path, capsys) -> None:
    assert_one_sentence(prepare, pattern, tmp_path, capsys)


@pytest.mark.parametrize(("name", "prepare", "pattern"), SOUND_CASES, ids=ids(SOUND_CASES))
def test_sound(name, prepare, pattern, tmp_path, capsys) -> None:
    assert_one_sentence(prepare, pattern, tmp_path, capsys)
