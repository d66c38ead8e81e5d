"""The creator's own cuts: plain lists, CMX3600 EDL, PySceneDetect's CSV, OpenTimelineIO, FCPXML.

A plain list holds times (83.2, 1:23.2, 0:01:23.2) or timecodes (00:01:23:05, with ';' before the
frames drop-frame), one a line or separated by commas or blanks; '#' starts a comment, a '*' behind
a time stars it. EDLs are read here and not through opentimelineio's adapter, which as tried (1.0.0)
names no lines in its errors, loses one-line dissolves and refuses 29.97 frames per second without
drop-frame. Times count from the start of the clip: an EDL's record times are moved so that its
first event starts at 0; a plain list that starts at an hour the clip does not last is moved by
whole hours (01:00:00:00).
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from ..errors import InputError
from ..files import read_text
from ..types import Transition, TransitionKind
from ..units import frames_to_seconds, timecode_to_seconds
from .timelines import fcpxml_transitions, otio_transitions

MOST_CUTS = 100_000
MAX_CHARACTERS = 64_000_000
HOUR_S = 3600.0

_TIMECODE = r"\d{1,2}:\d{2}:\d{2}[:;.]\d{2,3}"
_EVENT = re.compile(
    r"(?P<number>\d+)\s+(?P<reel>\S+)\s+(?P<channel>\S+)\s+(?P<kind>[CDWK]\w*)\s+"
    r"(?:(?P<frames>\d+)\s+)?"
    rf"{_TIMECODE}\s+{_TIMECODE}\s+(?P<start>{_TIMECODE})\s+(?P<end>{_TIMECODE})\s*"
)
_EVENT_START = re.compile(r"\d{1,6}\s+\S+\s+\S+\s+[CDWK]\w*\s")
_BLACK_REELS = ("BL", "BLK", "BLACK")


def read_cut_list(
    path: str | Path, fps: Fraction, duration_s: float | None = None
) -> tuple[Transition, ...]:
    """The transitions of a cut list file of any of the kinds above; see cut_list_from_text."""
    return cut_list_from_text(read_text(path, "cut list"), fps, duration_s)


def cut_list_from_text(
    text: str, fps: Fraction, duration_s: float | None = None
) -> tuple[Transition, ...]:
    """Transitions, sorted by time, without doubles; the kind of list is told by its content.

    `fps` is the rate at which timecodes count frames; `duration_s` that of the clip, where known.

    Raises:
        InputError: one sentence that names the line.
        MissingPackageError: an OpenTimelineIO file, but opentimelineio is not installed.
    """
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"The cut list has {len(text)} characters; that is no cut list.")
    text = text.removeprefix("\ufeff")
    head = text.lstrip()
    if head.startswith("{"):
        found = otio_transitions(text)
    elif head.startswith("<"):
        found = fcpxml_transitions(text)
    elif re.search(r"^Scene Number,", text, re.MULTILINE):
        found = _scenedetect_csv(text)
    elif re.search(r"^\s*(TITLE:|FCM:)", text, re.MULTILINE) or _has_events(text):
        found = _edl(text, fps)
    else:
        found = _plain_list(text, fps, duration_s)
    if not found:
        raise InputError("The cut list names no cuts. Give at least one time, such as 12.48.")
    return _sorted(found)


def _sorted(found: Sequence[Transition]) -> tuple[Transition, ...]:
    """By time; of doubles (within half a millisecond) the slow or starred one. 0 is no cut."""
    kept: list[Transition] = []
    for one in sorted(found, key=lambda t: (t.time_s, t.kind == "cut", not t.starred)):
        if one.time_s <= 5e-4:
            continue
        if not kept or one.time_s - kept[-1].time_s > 5e-4:
            kept.append(one)
    if len(kept) > MOST_CUTS:
        raise InputError(f"The cut list names {len(kept)} cuts; the most is {MOST_CUTS}.")
    return tuple(kept)


def _at_line(number: int, text: str, why: str) -> InputError:
    shown = text.strip() if len(text.strip()) <= 60 else text.strip()[:57] + "..."
    return InputError(f"Line {number} of the cut list ('{shown}') cannot be read: {why}")


def _plain_list(text: str, fps: Fraction, duration_s: float | None) -> list[Transition]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.split("#", 1)[0].replace(",", " ")
        for word in re.sub(r"\s+\*", "*", bare).split():
            try:
                time_s = timecode_to_seconds(word.strip("*"), fps)
                found.append(Transition(time_s=time_s, starred=word.endswith("*")))
            except InputError as error:
                raise _at_line(number, line, str(error)) from None
    earliest_s = min((t.time_s for t in found), default=0.0)
    if duration_s is not None and earliest_s >= HOUR_S and earliest_s >= duration_s:
        shift_s = earliest_s // HOUR_S * HOUR_S
        found = [replace(t, time_s=t.time_s - shift_s) for t in found]
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Event:
    """One line of an EDL."""

    start_s: float
    end_s: float
    fade_s: float
    """Duration of the dissolve or wipe at its start; 0 for a cut."""
    black: bool


def _has_events(text: str) -> bool:
    return any(_EVENT_START.match(line.strip()) for line in text.splitlines())


def _edl(text: str, fps: Fraction) -> list[Transition]:
    events = sorted(_edl_events(text, fps), key=lambda event: (event.start_s, event.end_s))
    if not events:
        raise InputError(
            "The EDL holds no video events. Export it from the picture track, as CMX3600."
        )
    zero_s = events[0].start_s
    found = []
    was_black = False
    for event in events:
        kind: TransitionKind = "cut"
        if event.fade_s:
            kind = "fade" if event.black or was_black else "dissolve"
        middle_s = event.start_s - zero_s + event.fade_s / 2
        if event.start_s > zero_s:
            found.append(Transition(time_s=middle_s, kind=kind, duration_s=event.fade_s))
        if event.end_s > event.start_s:
            was_black = event.black
    slow = [t for t in found if t.duration_s]
    return slow + [t for t in found if not any(_starts(s, t) for s in slow if not t.duration_s)]


def _starts(slow: Transition, cut: Transition) -> bool:
    """Whether `cut` is the first of the two lines by which an EDL writes `slow`."""
    return abs(slow.time_s - slow.duration_s / 2 - cut.time_s) < 1e-4


def _edl_events(text: str, fps: Fraction) -> Iterator[_Event]:
    drop_frame = False
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.upper().startswith("FCM:"):
            drop_frame = "NON" not in bare.upper() and "DROP" in bare.upper()
        if not _EVENT_START.match(bare):
            continue
        match = _EVENT.fullmatch(bare)
        if match is None:
            raise _at_line(
                number, line, "an event needs two source and two record timecodes. Correct it."
            )
        if "V" not in match["channel"].upper() and match["channel"].upper() not in ("B", "NONE"):
            continue
        try:
            start_s, end_s = (
                timecode_to_seconds(_with_drop(match[name], drop_frame), fps)
                for name in ("start", "end")
            )
        except InputError as error:
            raise _at_line(number, line, str(error)) from None
        if end_s < start_s:
            raise _at_line(number, line, "the event ends before it starts. Correct its times.")
        n_frames = 0 if match["kind"].upper() == "C" else int(match["frames"] or 0)
        yield _Event(
            start_s=start_s,
            end_s=end_s,
            fade_s=frames_to_seconds(n_frames, fps),
            black=match["reel"].upper() in _BLACK_REELS,
        )


def _with_drop(timecode: str, drop_frame: bool) -> str:
    """The timecode with ';' before its frames where the list says that it drops frames."""
    return f"{timecode[:-3]};{timecode[-2:]}" if drop_frame and timecode[-3] == ":" else timecode


def _scenedetect_csv(text: str) -> list[Transition]:
    found: list[Transition] = []
    column = -1
    for number, row in enumerate(csv.reader(io.StringIO(text)), 1):
        if column < 0:
            if row and row[0].strip() == "Scene Number":
                names = [name.strip() for name in row]
                if "Start Time (seconds)" not in names:
                    raise _at_line(
                        number, ",".join(row), "it has no column 'Start Time (seconds)'. Add it."
                    )
                column = names.index("Start Time (seconds)")
            continue
        if not any(cell.strip() for cell in row):
            continue
        try:
            found.append(Transition(time_s=timecode_to_seconds(row[column])))
        except (IndexError, InputError):
            raise _at_line(
                number, ",".join(row), "its start time is not a number of seconds. Correct it."
            ) from None
    return found
