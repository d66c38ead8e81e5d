"""Score -> Music: every part played by its instrument, mixed, with stems that add up to the mix."""

import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass

import numpy as np

from ...errors import InputError
from ...types import PARTS, Music, Note, Part, Progress, Samples, Score, no_progress
from ...units import beats_to_seconds, seconds_to_samples
from .effects import process_part
from .instruments import (
    Instrument,
    find_instrument,
    load_catalogue,
    part_mix,
    style_instruments,
)
from .sampler import Event, Player
from .soundbank import SoundBank


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderSettings:
    """How a score is rendered."""

    sample_rate: int = 44100
    end_fade_s: float = 1.5
    """What still rings where the picture ends dies away over up to this long: less where a note
    starts later, so that a last accent keeps its strength."""
    headroom_db: float = 1.0
    """If the mix would peak above this much under full scale, all stems are turned down alike."""
    n_threads: int = 2

    def __post_init__(self) -> None:
        if not 8000 <= self.sample_rate <= 192_000:
            raise InputError(
                f"The sample rate is {self.sample_rate} Hz; needed is 8000 to 192000 Hz."
            )
        if not 0 <= self.end_fade_s <= 60 or not 0 <= self.headroom_db <= 60:
            raise InputError(
                f"The end fade is {self.end_fade_s:g} s and the headroom {self.headroom_db:g} dB;"
                " both must lie between 0 and 60."
            )
        if self.n_threads < 1:
            raise InputError(f"The number of threads is {self.n_threads}; needed is 1 or more.")


class _Stopped(Exception):
    """Another part was interrupted."""


def render(
    score: Score,
    settings: RenderSettings | None = None,
    progress: Progress = no_progress,
    bank: SoundBank | None = None,
) -> Music:
    """Render a score to sound of exactly round(duration_s * sample_rate) samples, stereo.

    The stems carry the names of the parts that have notes, with their reverb; added up in that
    order in float32 they are the mix, sample for sample. Notes start at the sample nearest to
    their place on the tempo map. The mix is as played: `effects.master` is a step of its own. A
    `bank` may be passed in where many scores are rendered, so that sounds are read once.

    Raises:
        InputError: an instrument is not known.
        MediaError: the sound bank cannot be read.
    """
    settings = settings or RenderSettings()
    bank = bank or SoundBank()
    instruments: dict[Part, Instrument] = {
        part: find_instrument(name, part) for part, name in score_instruments(score).items()
    }
    stop = threading.Event()

    def check() -> None:
        if stop.is_set():
            raise _Stopped

    player = Player(
        bank=bank, catalogue=load_catalogue(), sample_rate=settings.sample_rate, check=check
    )
    stems: dict[Part, np.ndarray] = {}
    progress(0.0)
    with ThreadPoolExecutor(max_workers=settings.n_threads) as pool:
        jobs: dict[Future[np.ndarray], Part] = {
            pool.submit(_render_part, score, part, instruments[part], player, settings): part
            for part in _longest_first(score, instruments)
        }
        try:
            for number, job in enumerate(as_completed(jobs), 1):
                stems[jobs[job]] = job.result()
                progress(number / (len(jobs) + 1))
        except BaseException:
            stop.set()
            for job in jobs:
                job.cancel()
            raise
    music = _sum_up(stems, score, settings)
    progress(1.0)
    return music


def _longest_first(score: Score, parts: Iterable[Part]) -> list[Part]:
    return sorted(parts, key=lambda part: -len(score.notes(part)))


def score_instruments(score: Score) -> dict[Part, str]:
    """Name of the instrument of every part that has notes: the score's own, else the style's.

    Raises:
        InputError: a part has notes but neither names an instrument.
    """
    named = dict(score.instruments)
    playing: list[Part] = [part for part in PARTS if score.notes(part)]
    if any(part not in named for part in playing):
        named = {**style_instruments(score.style), **named}
    return {part: named[part] for part in playing}


def note_times_s(note: Note, score: Score) -> tuple[float, float]:
    """Start and end of a note on the score's tempo map."""
    steps = score.metre.steps_per_beat
    start = note.step + note.offset_steps
    return (
        beats_to_seconds(start / steps, score.beats_s),
        beats_to_seconds((start + note.duration_steps) / steps, score.beats_s),
    )


def _render_part(
    score: Score, part: Part, instrument: Instrument, player: Player, settings: RenderSettings
) -> np.ndarray:
    """(2, T) stem of one part."""
    rate = settings.sample_rate
    n_samples = seconds_to_samples(score.duration_s, rate)
    events = []
    for note in score.notes(part):
        start_s, end_s = note_times_s(note, score)
        start = seconds_to_samples(start_s, rate)
        if start < n_samples:
            stop = max(seconds_to_samples(end_s, rate), start + 1)
            events.append(Event(start=start, stop=stop, pitch=note.pitch, velocity=note.velocity))
    sound = player.play(events, instrument, n_samples)
    player.check()
    catalogue = player.catalogue
    room = catalogue.rooms.get(score.style, catalogue.rooms["default"])
    stem = process_part(sound, part_mix(part, score.style), room, rate)
    n_fade = seconds_to_samples(_end_fade_s(score, settings), rate)
    if n_fade:
        stem[:, n_samples - n_fade :] *= np.cos(np.linspace(0, np.pi / 2, n_fade, dtype=np.float32))
    return stem


def _end_fade_s(score: Score, settings: RenderSettings) -> float:
    """Length of the fade at the end: it starts 0.15 s after the last note at the earliest."""
    starts_s = [note_times_s(note, score)[0] for _, notes in score.parts for note in notes]
    last_s = max((s for s in starts_s if s < score.duration_s), default=0.0)
    room_s = max(score.duration_s - last_s - 0.15, min(0.05, score.duration_s))
    return min(settings.end_fade_s, room_s, score.duration_s)


def _sum_up(stems: dict[Part, np.ndarray], score: Score, settings: RenderSettings) -> Music:
    n_samples = seconds_to_samples(score.duration_s, settings.sample_rate)
    parts: list[Part] = [part for part in PARTS if part in stems]
    mix = np.zeros((2, n_samples), dtype=np.float32)
    for part in parts:
        mix += stems[part]
    limit = 10 ** (-settings.headroom_db / 20)
    peak = float(np.abs(mix).max(initial=0.0))
    if peak > limit:
        mix[:] = 0
        for part in parts:
            stems[part] *= np.float32(limit / peak)
            mix += stems[part]
    rate = settings.sample_rate
    return Music(
        sound=Samples(values=mix, sample_rate=rate),
        played=tuple((part, Samples(values=stems[part], sample_rate=rate)) for part in parts),
        score=score,
    )
