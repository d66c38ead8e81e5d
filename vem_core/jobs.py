"""Whole jobs: from files to files, with a report. The command line is made of them."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import MediaError
from .files import check_output, write_text_whole
from .pipeline import (
    Bars,
    JobSettings,
    MadeMusic,
    audio_facts,
    deliver,
    ended_by,
    load_libraries,
    make_music,
    no_bars,
    read_or_parse,
    read_storyboard_file,
    start_model,
)
from .report import AudioFacts, Report, SnapFacts, Stopwatch
from .types import Music, Samples, Storyboard, stream_of

if TYPE_CHECKING:
    from .rhythm.snapping import Snapped
    from .rhythm.tracking import BeatTrack

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Extras:
    """Files that a job may write beside the video."""

    midi: Path | None = None
    stems: Path | None = None
    """A folder; one WAV per part."""
    report: Path | None = None

    def check(self) -> None:
        """Raise MediaError for names that cannot be written, before the work begins."""
        for path in (self.midi, self.report):
            if path is not None:
                check_output(path)
        if self.stems is not None and not self.stems.is_dir():
            check_output(self.stems)
            if self.stems.exists():
                raise MediaError(
                    f"'{self.stems}' is a file; stems need a folder. Choose another name."
                )


def score_video(
    video: Path,
    output: Path,
    settings: JobSettings,
    *,
    storyboard: Path | None = None,
    extras: Extras | None = None,
    bars: Bars = no_bars,
) -> Report:
    """Parse, plan, write the music, render, mix and mux; write the video and the extras.

    Raises:
        VemError: anything a creator can mend; nothing half-written is left.
    """
    from .codecs.score.effects import master_samples

    extras = _checked(output, extras)
    watch = Stopwatch()
    with ThreadPoolExecutor(1) as beside:
        opened = start_model(settings.music, beside)
        with watch.stage("parse"), bars("parse") as progress:
            told = ended_by(opened, progress)
            board = read_or_parse(video, storyboard, settings, told)
        with watch.stage("load"), bars("load"):
            model = opened.result()
    made = make_music(board, settings, watch, bars, model)
    mastered = stream_of(master_samples(made.music.sound))
    audio, notes = deliver(video, mastered, output, board.duration_s, settings, watch, bars)
    return _finish(board, made, audio, notes, settings, extras, watch)


def snap_video(
    video: Path,
    music: Path,
    output: Path,
    settings: JobSettings,
    *,
    storyboard: Path | None = None,
    extras: Extras | None = None,
    bars: Bars = no_bars,
) -> Report:
    """Parse, move finished music onto the cuts, mix and mux.

    Raises:
        VemError: anything a creator can mend; nothing half-written is left.
    """
    from .rhythm.snapping import SnapSettings, check_music, snap_music

    extras = _checked(output, extras)
    unit = settings.plan.hit_unit
    wanted = SnapSettings(
        most_stretch=settings.most_stretch, hit_unit="beat" if unit == "beat" else "auto"
    )
    watch = Stopwatch()
    sound = read_music(music)
    check_music(sound)
    with ThreadPoolExecutor(1) as beside:
        tracking = beside.submit(_track_and_load, sound)
        with watch.stage("parse"), bars("parse") as progress:
            board = read_or_parse(video, storyboard, settings, progress)
        track = tracking.result()
    with watch.stage("plan"), bars("snap") as progress:
        snapped = snap_music(sound, board, wanted, progress, track)
    audio, notes = deliver(video, snapped.sound, output, board.duration_s, settings, watch, bars)
    report = Report(
        storyboard=board,
        plan=snapped.plan,
        audio=audio,
        model=f"snapped, {music.name}",
        snap=snap_facts(snapped),
        notes=(*snapped.notes, *notes),
        timings_s=watch.total(),
    )
    return _reported(report, extras)


def _track_and_load(sound: Samples) -> "BeatTrack":
    """The music's beats; the libraries of later stages load meanwhile, beside the parse."""
    from .rhythm.tracking import track_beats

    load_libraries()
    return track_beats(sound)


def read_music(path: Path) -> Samples:
    """The sound of a music file (or of a video).

    Raises:
        MediaError: it cannot be read, or has no sound.
    """
    from .video.reader import read_sound

    sound = read_sound(path)
    if sound.warning:
        _log.warning(sound.warning)
    if sound.samples is None:
        raise MediaError(f"'{path}' has no sound. Choose a music file.")
    return sound.samples


def compose_file(
    source: Path,
    output: Path,
    settings: JobSettings,
    *,
    extras: Extras | None = None,
    bars: Bars = no_bars,
) -> Report:
    """Music for a storyboard (.json) or a video, mastered, as a sound file.

    Raises:
        VemError: anything a creator can mend; nothing half-written is left.
    """
    from .audio.mixing import mix
    from .audio.sound_file import check_sound_name, write_sound
    from .codecs.score.effects import master_samples

    check_sound_name(output)
    extras = _checked(output, extras)
    watch = Stopwatch()
    with ThreadPoolExecutor(1) as beside:
        opened = start_model(settings.music, beside)
        with watch.stage("parse"), bars("parse") as progress:
            is_storyboard = source.suffix.lower() == ".json"
            board = (
                read_storyboard_file(source, settings)
                if is_storyboard
                else read_or_parse(source, None, settings, ended_by(opened, progress))
            )
        with watch.stage("load"), bars("load"):
            model = opened.result()
    made = make_music(board, settings, watch, bars, model)
    with watch.stage("mix"), bars("mix") as progress:
        mastered = stream_of(master_samples(made.music.sound))
        mixed = mix(mastered, None, board.duration_s, settings.mix, progress)
    write_sound(mixed.audio, output)
    audio = audio_facts(mixed.report)
    return _finish(board, made, audio, mixed.report.notes, settings, extras, watch)


def _checked(output: Path, extras: Extras | None) -> Extras:
    """The extras, once every name is known to be writable."""
    extras = extras or Extras()
    check_output(output)
    extras.check()
    return extras


def _finish(
    board: Storyboard,
    made: MadeMusic,
    audio: AudioFacts,
    notes: tuple[str, ...],
    settings: JobSettings,
    extras: Extras,
    watch: Stopwatch,
) -> Report:
    write_extras(made.music, extras)
    report = Report(
        storyboard=board,
        plan=made.plan,
        audio=audio,
        seed=settings.music.seed,
        model=made.by,
        notes=(*made.notes, *notes),
        timings_s=watch.total(),
    )
    return _reported(report, extras)


def _reported(report: Report, extras: Extras) -> Report:
    if extras.report is not None:
        write_text_whole(extras.report, report.to_json())
    return report


def snap_facts(snapped: "Snapped") -> SnapFacts:
    """How music was fitted, for the report."""
    low, high = snapped.stretch_range
    return SnapFacts(
        music_tempo_bpm=snapped.track.tempo_bpm,
        beat_confidence=snapped.track.confidence,
        music_start_s=snapped.music_start_s,
        stretch_percent=(100 * (low - 1), 100 * (high - 1)),
        joins_s=tuple(join.time_s for join in snapped.joins),
        attack_errors_ms=tuple(hit.error_ms for hit in snapped.hits),
    )


def write_extras(music: Music, extras: Extras) -> None:
    """MIDI and stems of a piece, where they are asked for."""
    from .audio.sound_file import write_sound
    from .codecs.score.midi import score_to_midi

    if extras.midi is not None and music.score is not None:
        score_to_midi(music.score, extras.midi)
    if extras.stems is not None:
        extras.stems.mkdir(exist_ok=True)
        for name, stem in music.played:
            write_sound(stem, extras.stems / f"{name}.wav")
