"""Seconds <-> video frames <-> samples <-> beats <-> timecode. Nowhere else.

All times are float seconds from the first frame shown. Rates of video are exact Fractions.
"""

import bisect
import re
from collections.abc import Sequence
from fractions import Fraction

from .errors import InputError

_TIMECODE = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)")
_FRAME_TIMECODE = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})([:;])(\d{2,3})")


def seconds_to_frames(time_s: float, fps: Fraction) -> float:
    """Frames (not rounded) that `time_s` seconds last at `fps` frames per second."""
    return time_s * float(fps)


def frames_to_seconds(n_frames: float, fps: Fraction) -> float:
    """Seconds that `n_frames` frames last at `fps` frames per second."""
    return n_frames / float(fps)


def seconds_to_samples(time_s: float, sample_rate: int) -> int:
    """Number of samples nearest to `time_s` seconds."""
    return round(time_s * sample_rate)


def samples_to_seconds(n_samples: int, sample_rate: int) -> float:
    """Seconds that `n_samples` samples last."""
    return n_samples / sample_rate


def bpm_to_beat_s(tempo_bpm: float) -> float:
    """Length of one beat in seconds."""
    return 60.0 / tempo_bpm


def beat_s_to_bpm(beat_s: float) -> float:
    """Tempo whose beats last `beat_s` seconds."""
    return 60.0 / beat_s


def seconds_to_beats(time_s: float, beats_s: Sequence[float]) -> float:
    """Position in beats of a time on the piecewise linear tempo map through `beats_s`.

    Before the first and after the last beat the neighbouring tempo goes on.
    `beats_s`: at least two strictly increasing times.
    """
    i = min(max(bisect.bisect_right(beats_s, time_s) - 1, 0), len(beats_s) - 2)
    return i + (time_s - beats_s[i]) / (beats_s[i + 1] - beats_s[i])


def beats_to_seconds(position_beats: float, beats_s: Sequence[float]) -> float:
    """Inverse of seconds_to_beats."""
    i = min(max(int(position_beats // 1), 0), len(beats_s) - 2)
    return beats_s[i] + (position_beats - i) * (beats_s[i + 1] - beats_s[i])


def seconds_to_timecode(time_s: float) -> str:
    """'1:02.345' or '1:01:02.345', for people to read."""
    milliseconds = round(time_s * 1000)
    sign = "-" if milliseconds < 0 else ""
    seconds, milliseconds = divmod(abs(milliseconds), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{sign}{head}:{seconds:02d}.{milliseconds:03d}"


def timecode_to_seconds(text: str, fps: Fraction | None = None) -> float:
    """Seconds of '83.2', '1:23.2', '0:01:23.2' or, with `fps`, 'HH:MM:SS:FF' (';' = drop-frame).

    Raises InputError for anything else.
    """
    text = text.strip()
    try:
        return float(text)
    except ValueError:
        pass
    if match := _FRAME_TIMECODE.fullmatch(text):
        return _frame_timecode_to_seconds(text, match, fps)
    if match := _TIMECODE.fullmatch(text):
        hours, minutes, seconds = match.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
    raise InputError(
        f"'{text}' is not a time. Needed: seconds (83.2), minutes (1:23.2) or hours (0:01:23.2)"
        " or a timecode (00:01:23:05). Correct it."
    )


def _frame_timecode_to_seconds(text: str, match: re.Match[str], fps: Fraction | None) -> float:
    if fps is None:
        raise InputError(
            f"'{text}' counts frames, but no frame rate is known here. Give the time in seconds."
        )
    hours, minutes, seconds, separator, frames = match.groups()
    base = round(fps)
    if int(frames) >= base or int(minutes) > 59 or int(seconds) > 59:
        raise InputError(
            f"'{text}' is not a timecode at {float(fps):g} frames per second: minutes and seconds"
            f" go up to 59 and frames up to {base - 1}. Correct the timecode or the frame rate."
        )
    total_minutes = int(hours) * 60 + int(minutes)
    n_frames = (total_minutes * 60 + int(seconds)) * base + int(frames)
    if separator == ";":  # SMPTE 12M: two (at 60: four) numbers dropped each minute but the tenth
        n_frames -= (base // 15) * (total_minutes - total_minutes // 10)
    return float(n_frames / fps)
