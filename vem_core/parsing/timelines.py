"""Transitions of editing timelines: OpenTimelineIO files and FCPXML.

FCPXML is read here and not through opentimelineio's adapter, which as tried (1.0.0) rounds frame
rates to whole numbers (29.97 becomes 29), drops transitions and takes the start timecode for a
gap. Upper video layers hide what lies under them; titles do not count.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from ..errors import InputError, MissingPackageError
from ..types import Transition

if TYPE_CHECKING:
    from opentimelineio.schema import Timeline, Track

_FCPXML_CLIPS = frozenset(
    ("asset-clip", "clip", "video", "ref-clip", "sync-clip", "mc-clip", "audition", "gap")
)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A clip on the timeline, in exact seconds."""

    start_s: Fraction
    end_s: Fraction


def otio_transitions(text: str) -> list[Transition]:
    """Cuts and dissolves of the one timeline in an OpenTimelineIO file.

    Raises:
        InputError: not such a file, or without a picture track.
        MissingPackageError: opentimelineio is not installed.
    """
    try:
        import opentimelineio as otio
    except ImportError:
        raise MissingPackageError("opentimelineio", "Reading OpenTimelineIO files") from None
    try:
        root = otio.adapters.read_from_string(text, "otio_json")
    except (otio.exceptions.OTIOError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(
            f"The text is not an OpenTimelineIO file ({str(error).splitlines()[0][:120]})."
            " Export the timeline again."
        ) from None
    timeline = _only_timeline(root)
    tracks = timeline.video_tracks()
    if not tracks:
        raise InputError("The timeline has no picture track. Export one that has.")
    try:
        return list(_track_transitions(otio.algorithms.flatten_stack(tracks)))
    except (otio.exceptions.OTIOError, ValueError, TypeError) as error:
        raise InputError(
            f"The timeline cannot be laid out ({str(error).splitlines()[0][:120]})."
            " Give every clip a source range and export it again."
        ) from None


def _only_timeline(root: Any) -> "Timeline":
    import opentimelineio as otio

    if isinstance(root, otio.schema.Timeline):
        return root
    inside = list(root) if isinstance(root, otio.schema.SerializableCollection) else []
    timelines = [item for item in inside if isinstance(item, otio.schema.Timeline)]
    if len(timelines) != 1:
        raise InputError(
            f"The OpenTimelineIO file holds {len(timelines)} timelines; needed is one. Export one."
        )
    return timelines[0]


def _track_transitions(track: "Track") -> Iterator[Transition]:
    import opentimelineio as otio

    children = list(track)
    for before, child in itertools.pairwise([None, *children]):
        if isinstance(child, otio.schema.Transition) or before is None:
            continue
        edge_s = track.range_of_child(child).start_time.to_seconds()
        if isinstance(before, otio.schema.Transition):
            in_s, out_s = before.in_offset.to_seconds(), before.out_offset.to_seconds()
            middle_s = edge_s + (out_s - in_s) / 2
            yield Transition(time_s=middle_s, kind="dissolve", duration_s=in_s + out_s)
        else:
            yield Transition(time_s=edge_s)


def fcpxml_transitions(text: str) -> list[Transition]:
    """Cuts and dissolves of the one project in an FCPXML file.

    Raises:
        InputError: not such a file, or with no or several projects.
    """
    if "<!ENTITY" in text:
        raise InputError("The XML defines entities, which FCPXML never does. Export it again.")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise InputError(f"The text is not valid XML ({error}). Export it again.") from None
    sequences = list(root.iter("sequence")) if root.tag == "fcpxml" else []
    sequences = [s for s in sequences if s.find("spine") is not None]
    if len(sequences) != 1:
        raise InputError(
            f"The XML holds {len(sequences)} FCPXML projects; needed is one. Export one project."
        )
    zero_s = _time(sequences[0], "tcStart", Fraction(0))
    spine = sequences[0].find("spine")
    assert spine is not None
    return _spine_transitions(spine, zero_s)


def _spine_transitions(spine: ElementTree.Element, zero_s: Fraction) -> list[Transition]:
    ground: list[_Piece] = []
    above: list[_Piece] = []
    slow: list[_Piece] = []
    clock_s = zero_s
    for item in spine:
        if item.tag != "transition" and item.tag not in _FCPXML_CLIPS and item.tag != "title":
            continue
        start_s = _time(item, "offset", clock_s)
        length_s = _time(item, "duration", Fraction(0))
        piece = _Piece(start_s - zero_s, start_s - zero_s + length_s)
        if item.tag == "transition":
            slow.append(piece)
            continue
        ground.append(piece)
        clock_s = start_s + length_s
        above += _connected(item, piece)
    return _visible(ground, above, slow)


def _connected(item: ElementTree.Element, home: _Piece) -> Iterator[_Piece]:
    """Clips in the layers above `item`; their offsets count on its own source clock."""
    own_s = _time(item, "start", Fraction(0))
    for child in item:
        lane = child.get("lane", "")
        if child.tag in _FCPXML_CLIPS - {"gap"} and lane.isdigit() and int(lane) > 0:
            start_s = home.start_s + _time(child, "offset", own_s) - own_s
            yield _Piece(start_s, start_s + _time(child, "duration", Fraction(0)))


def _visible(ground: list[_Piece], above: list[_Piece], slow: list[_Piece]) -> list[Transition]:
    edges_s = {piece.start_s for piece in ground}
    edges_s -= {e for e in edges_s for p in above if p.start_s < e < p.end_s}
    edges_s |= {edge for piece in above for edge in (piece.start_s, piece.end_s)}
    end_s = max((piece.end_s for piece in ground), default=Fraction(0))
    cuts = [
        Transition(time_s=float(edge))
        for edge in edges_s
        if 0 < edge < end_s and not any(p.start_s <= edge <= p.end_s for p in slow)
    ]
    dissolves = [
        Transition(
            time_s=float((piece.start_s + piece.end_s) / 2),
            kind="dissolve",
            duration_s=float(piece.end_s - piece.start_s),
        )
        for piece in slow
        if piece.start_s > 0 and piece.end_s < end_s
    ]
    return cuts + dissolves


def _time(element: ElementTree.Element, name: str, default: Fraction) -> Fraction:
    """A rational time such as '1001/30000s' or '5s'."""
    text = element.get(name)
    if text is None:
        return default
    try:
        value = Fraction(text.strip().removesuffix("s"))
    except (ValueError, ZeroDivisionError):
        raise InputError(
            f"In the FCPXML, '{name}' of <{element.tag}> is '{text[:40]}'; needed is a time such"
            " as 1001/30000s. Export it again."
        ) from None
    if not 0 <= value < 10**6:
        raise InputError(
            f"In the FCPXML, '{name}' of <{element.tag}> is {text[:40]}, which is no plausible"
            " time. Export it again."
        )
    return value
