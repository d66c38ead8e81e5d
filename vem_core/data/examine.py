"""One video, from file to figures and, where it is wanted, to a sample. Runs in workers.

Whatever is wrong with the file ends up in the record; only what is wrong with the machine is
raised. The picture is decoded once, the sound once.
"""

import io
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from ..audio.streams import fold_to_stereo
from ..errors import InputError, VemError
from ..evaluation.listening import Heard, listen
from ..metrics import affect, rhythm
from ..parsing.keyframes import Keyframe
from ..parsing.parse import ParsedVideo, parse_video
from ..parsing.sampling import RateSampler
from ..rhythm.harmony import FEATURE_RATE_HZ
from ..types import Samples, Storyboard, stream_of
from ..units import seconds_to_samples
from ..video.reader import VideoInfo, probe, read_sound
from .fingerprints import (
    PICTURE_RATE_HZ,
    THUMB_HEIGHT,
    THUMB_WIDTH,
    Fingerprint,
    Thumbs,
    sound_words,
)
from .hashing import file_sha256
from .judge import Decision, judge
from .record import Meeting, Mood, Record, Sounding, record_from_json
from .sample import make_sample
from .separation import open_separator
from .settings import MeasureSettings, Rules
from .tars import Members, read_tar, tar_bytes

_STRIP_PICTURES, _STRIP_HEIGHT = 8, 90


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One file to look at."""

    key: str
    file: str
    """From the folder on."""
    root: Path
    measure: MeasureSettings
    rules: Rules
    decided: tuple[str, Decision] | None = None
    """SHA-256 of the file that a person saw, and what the person said."""
    with_sample: bool = True
    """Make a sample where the clip is accepted."""
    networks: Path | None = None

    def decision(self, sha256: str) -> Decision | None:
        """What a person said of this very file."""
        return self.decided[1] if self.decided and self.decided[0] == sha256 else None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Examined:
    """What came out, as it is kept between runs."""

    record: Record
    fingerprint: Fingerprint | None = None
    """None where nothing was decoded."""
    strip: bytes = b""
    """JPEG of some keyframes side by side, and the curves of the curation page."""
    curves: bytes = b""
    members: Members | None = None


def examine(task: Task) -> bytes:
    """Look at a file; the result as a tar that `unpack` reads.

    Raises:
        InputError: this machine does not see the folder, or lacks the separator.
    """
    if not task.root.is_dir():
        import socket

        raise InputError(
            f"The folder '{task.root}' is not to be seen on the machine '{socket.gethostname()}'."
            " Put the videos where every machine of the cluster finds them under that name."
        )
    separator = open_separator(task.measure.separator, task.networks)
    path = task.root / task.file
    record = blank_record(task)
    try:
        record = replace(record, sha256=file_sha256(path))
        return pack(_examine(task, path, record, separator))
    except VemError as error:
        fault = str(error)
    except OSError as error:
        fault = f"it cannot be read ({error.strerror or error})"
    except Exception as error:  # noqa: BLE001 - a strange file costs a line, not the run
        fault = f"it trips the program ({type(error).__name__}: {error})"
    return pack(Examined(record=replace(record, fault=fault.replace(f"{task.root}/", ""))))


def blank_record(task: Task, fault: str = "") -> Record:
    """What is known before a file is opened."""
    try:
        facts = (task.root / task.file).stat()
        n_bytes, modified_ns = facts.st_size, facts.st_mtime_ns
    except OSError:
        n_bytes, modified_ns = 0, 0
    return Record(
        key=task.key,
        file=task.file,
        n_bytes=n_bytes,
        modified_ns=modified_ns,
        sha256="",
        measured_with=task.measure.digest,
        fault=fault,
    )


def _examine(task: Task, path: Path, record: Record, separator) -> Examined:
    info = probe(path)
    record = replace(
        record,
        duration_s=round(info.duration_s, 6),
        fps=str(info.fps),
        width=info.width,
        height=info.height,
        has_sound=info.has_audio,
    )
    if not info.has_audio or not task.rules.fits(info.duration_s):
        return Examined(record=record)
    frames: list[np.ndarray] = []
    thumbs = Thumbs()
    measure = task.measure
    parsed = parse_video(
        path,
        measure.parse,
        consumers=[
            RateSampler(
                lambda _, pixels: frames.append(pixels),
                width=measure.frame_width,
                height=measure.frame_height,
                rate_hz=measure.frame_rate_hz,
            ),
            RateSampler(thumbs, width=THUMB_WIDTH, height=THUMB_HEIGHT, rate_hz=PICTURE_RATE_HZ),
        ],
    )
    board = parsed.storyboard
    read = read_sound(path, duration_s=board.duration_s, sample_rate=measure.sample_rate)
    record = replace(record, duration_s=board.duration_s, warning=read.warning)
    if read.samples is None:
        return Examined(record=replace(record, has_sound=False))
    sound, n_broken = _whole(read.samples, board.duration_s)
    heard = listen(stream_of(sound), picture_s=board.duration_s)
    lost_s = max(0.0, board.duration_s - read.samples.duration_s)
    sounding = _sounding(heard, lost_s, n_broken)
    if separator is not None:
        sounding = replace(sounding, snr_db=separator.snr_db(sound))
    record = replace(
        record,
        sounding=sounding,
        meeting=_meeting(board, heard, measure.hit_window_s) if heard.track.has_beat else None,
        mood=_mood(board, heard),
    )
    accepted = judge(record, task.rules, task.decision(record.sha256)).accepted
    record = replace(record, has_sample=task.with_sample and accepted)
    return Examined(
        record=record,
        fingerprint=Fingerprint(words=sound_words(sound), thumbs=thumbs.finish()),
        strip=_strip(parsed.keyframes),
        curves=_curves(parsed, heard),
        members=_members(record, info, parsed, heard, frames, sound, measure)
        if record.has_sample
        else None,
    )


def _whole(samples: Samples, duration_s: float) -> tuple[Samples, int]:
    """Stereo of the picture's length, and how many values were no numbers (now 0)."""
    values = fold_to_stereo(samples.values)
    finite = np.isfinite(values)
    n_broken = int(values.size - np.count_nonzero(finite))
    n = seconds_to_samples(duration_s, samples.sample_rate)
    whole = np.zeros((2, n), np.float32)
    n_heard = min(n, values.shape[1])
    whole[:, :n_heard] = np.where(finite, values, np.float32(0))[:, :n_heard]
    return Samples(values=whole, sample_rate=samples.sample_rate), n_broken


def _sounding(heard: Heard, lost_s: float, n_broken: int) -> Sounding:
    loudness = heard.levels.loudness_lufs
    return Sounding(
        lost_s=round(lost_s, 3),
        loudness_lufs=None if loudness is None else round(loudness, 2),
        broken_samples=n_broken,
        tempo_bpm=round(heard.track.tempo_bpm, 3),
        beat_confidence=round(heard.track.confidence, 4),
        no_beat=heard.track.reason if not heard.track.has_beat else "",
        snr_db=None,
    )


def _meeting(board: Storyboard, heard: Heard, window_s: float) -> Meeting:
    cuts_s = np.array([t.time_s for t in board.transitions])
    beats_s = np.array(heard.track.beats_s)
    error_s = rhythm.mean_absolute_error_s(cuts_s, beats_s) if len(cuts_s) else None
    return Meeting(
        window_s=window_s,
        n_cuts=len(cuts_s),
        hits=rhythm.count_hits(cuts_s, beats_s, window_s) if len(cuts_s) else 0,
        chance=round(rhythm.chance_hit_rate(beats_s, window_s, board.duration_s), 6),
        mean_error_ms=None if error_s is None else round(1000 * error_s, 2),
    )


def _mood(board: Storyboard, heard: Heard) -> Mood:
    energy, rate_hz = heard.energy()
    found = affect.evaluate(
        edges_s=np.array([0.0, *(shot.end_s for shot in board.shots)]),
        arousal=np.array([shot.affect.arousal for shot in board.shots]),
        valence=np.array([shot.affect.valence for shot in board.shots]),
        energy=energy,
        rate_hz=rate_hz,
        onsets_s=heard.onsets_s,
        chroma=heard.chroma,
        chroma_rate_hz=FEATURE_RATE_HZ,
    )["arousal_energy"]
    rho = None if found.rho is None else round(found.rho, 4)
    return Mood(rho=rho, low=round(found.low, 4), high=round(found.high, 4), n_shots=found.n)


def _members(
    record: Record,
    info: VideoInfo,
    parsed: ParsedVideo,
    heard: Heard,
    frames: list[np.ndarray],
    sound: Samples,
    measure: MeasureSettings,
) -> Members:
    parts = {"sounding": record.sounding, "meeting": record.meeting, "mood": record.mood}
    about = {
        "file": record.file,
        "sha256": record.sha256,
        "duration_s": record.duration_s,
        "fps": record.fps,
        "width": info.width,
        "height": info.height,
        "frame_rate_hz": measure.frame_rate_hz,
        "sample_rate": measure.sample_rate,
        **{name: asdict(part) if part else None for name, part in parts.items()},
    }
    return make_sample(
        about,
        parsed.storyboard,
        heard.track,
        np.stack(frames),
        [keyframe.jpeg for keyframe in parsed.keyframes],
        sound,
        measure,
    )


def _strip(keyframes: tuple[Keyframe, ...]) -> bytes:
    """Up to 8 keyframes side by side, for the curation page."""
    import cv2

    places = np.unique(np.linspace(0, len(keyframes) - 1, _STRIP_PICTURES).astype(int))
    tiles = []
    for place in places:
        pixels = keyframes[place].pixels
        width = max(1, round(pixels.shape[1] * _STRIP_HEIGHT / pixels.shape[0]))
        tiles.append(cv2.resize(pixels, (width, _STRIP_HEIGHT), interpolation=cv2.INTER_AREA))
    joined = cv2.cvtColor(np.concatenate(tiles, axis=1), cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", joined, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


def _curves(parsed: ParsedVideo, heard: Heard) -> bytes:
    """What the curation page draws: envelope, beats and transitions."""
    held = io.BytesIO()
    np.savez(
        held,
        envelope=np.rint(99 * np.clip(heard.envelope, 0, 1)).astype(np.uint8),
        beats_s=np.round(np.array(heard.track.beats_s), 3),
        downbeats_s=np.round(np.array(heard.track.downbeats_s), 3),
        cuts_s=np.round(np.array([t.time_s for t in parsed.storyboard.transitions]), 3),
    )
    return held.getvalue()


def pack(found: Examined) -> bytes:
    """One file that keeps everything: first what is known, then the sample."""
    head: Members = {"record.json": found.record.to_json().encode()}
    if found.fingerprint is not None:
        for name in ("words", "thumbs"):
            held = io.BytesIO()
            np.save(held, getattr(found.fingerprint, name))
            head[f"{name}.npy"] = held.getvalue()
        head |= {"strip.jpg": found.strip, "curves.npz": found.curves}
    samples = [("examined", head)]
    if found.members is not None:
        samples.append((found.record.key, found.members))
    return tar_bytes(samples)


def unpack(source: Path | bytes, *, with_members: bool = True) -> Examined:
    """What `pack` wrote.

    Raises:
        MediaError: it is damaged.
    """
    parts = read_tar(source)
    head = next(parts, ("", Members()))[1]
    record = record_from_json(head.get("record.json", b"").decode())
    load = partial(np.load, allow_pickle=False)
    fingerprint = None
    if "words.npy" in head:
        fingerprint = Fingerprint(
            words=load(io.BytesIO(head["words.npy"])), thumbs=load(io.BytesIO(head["thumbs.npy"]))
        )
    members = next(parts, ("", None))[1] if with_members else None
    return Examined(
        record=record,
        fingerprint=fingerprint,
        strip=head.get("strip.jpg", b""),
        curves=head.get("curves.npz", b""),
        members=members,
    )
