"""The creator's own cuts: every kind of list, exact times, and the line of what is wrong."""

from fractions import Fraction

import pytest

from vem_core.errors import InputError
from vem_core.parsing.cut_lists import cut_list_from_text, read_cut_list

FPS = Fraction(25)
NTSC = Fraction(30000, 1001)

EDL = """TITLE: My ad
FCM: NON-DROP FRAME

001  AX       V     C        00:00:10:00 00:00:12:00 01:00:00:00 01:00:02:00
* FROM CLIP NAME: A001 V C 1.mov
002  AX       A     C        00:00:10:00 00:00:12:00 01:00:00:00 01:00:02:13
003  BX       V     C        00:00:20:00 00:00:22:10 01:00:02:00 01:00:04:10
004  BX       V     C        00:00:22:10 00:00:22:10 01:00:04:10 01:00:04:10
004  CX       V     D    012 00:00:30:00 00:00:33:00 01:00:04:10 01:00:07:10
005  BL       V     D    010 00:00:00:00 00:00:01:00 01:00:07:10 01:00:08:10
006  DX       V     C        00:00:00:00 00:00:01:00 01:00:08:10 01:00:09:10
"""

FCPXML = """<?xml version="1.0"?><!DOCTYPE fcpxml>
<fcpxml version="1.9"><resources/><library><event><project>
<sequence duration="300300/30000s" tcStart="107999892/30000s"><spine>
 <asset-clip offset="107999892/30000s" duration="90090/30000s">
  <asset-clip lane="1" offset="15015/30000s" duration="30030/30000s"/>
  <title lane="2" offset="1s" duration="1s"/>
 </asset-clip>
 <transition offset="108074967/30000s" duration="30030/30000s"/>
 <asset-clip offset="108089982/30000s" start="30030/30000s" duration="60060/30000s"/>
 <asset-clip offset="108150042/30000s" start="90090/30000s" duration="150150/30000s"/>
</spine></sequence></project></event></library></fcpxml>"""

CSV = """Timecode List:,00:00:02.000,00:00:04.400
Scene Number,Start Frame,Start Timecode,Start Time (seconds),End Frame
1,1,00:00:00.000,0.000,50
2,51,00:00:02.000,2.000,110
3,111,00:00:04.400,4.400,200
"""


def found(text: str, fps: Fraction = FPS, duration_s: float | None = None) -> list[tuple]:
    cuts = cut_list_from_text(text, fps, duration_s)
    return [(round(c.time_s, 6), c.kind, round(c.duration_s, 6)) for c in cuts]


@pytest.mark.parametrize(
    ("text", "times_s"),
    [
        ("2\n4.4, 6.25\n", [2, 4.4, 6.25]),
        ("\ufeff# my cuts\r\n0:02  # first\r\n1:02:03.5", [2, 3723.5]),
        ("00:00:02:10 00:00:01:05", [1.2, 2.4]),
        ("0 2 2 2.0003", [2]),
    ],
)
def test_plain_lists(text: str, times_s: list[float]) -> None:
    assert [c.time_s for c in cut_list_from_text(text, FPS)] == pytest.approx(times_s)


def test_stars() -> None:
    cuts = cut_list_from_text("2*, 3\n4 *", FPS)
    assert [c.starred for c in cuts] == [True, False, True]


def test_a_plain_list_from_hour_one_is_moved() -> None:
    text = "01:00:02:00\n01:00:05:12"
    assert [t for t, _, _ in found(text, duration_s=60)] == [2, 5.48]
    assert [t for t, _, _ in found(text, duration_s=7200)] == [3602, 3605.48]


def test_edl_counts_from_its_first_event() -> None:
    assert found(EDL) == [
        (2, "cut", 0),
        (4.64, "dissolve", 0.48),
        (7.6, "fade", 0.4),
        (8.4, "cut", 0),
    ]


def test_edl_agrees_with_the_adapter_on_cuts() -> None:
    otio = pytest.importorskip("opentimelineio")
    if "cmx_3600" not in otio.adapters.available_adapter_names():
        pytest.skip("otio-cmx3600-adapter is not installed")
    lines = [line for line in EDL.splitlines() if " A " not in line and " D " not in line]
    text = "\n".join(line for line in lines if not line.startswith("004"))
    track = otio.adapters.read_from_string(text, "cmx_3600", rate=25).video_tracks()[0]
    edges_s = [track.range_of_child(c).start_time.to_seconds() for c in track if c.name]
    assert [t for t, _, _ in found(text)] == [e for e in edges_s if e > 0]


def test_edl_drop_frame() -> None:
    event = "001 AX V C 00:00:00:00 00:01:00:02 00:00:00:00 00:01:00:02\n"
    event += "002 AX V C 00:00:00:00 00:00:01:00 00:01:00:02 00:01:01:02\n"
    whole = 1800 / NTSC  # one minute of drop-frame timecode has 1800 frames before ;02
    assert found("FCM: DROP FRAME\n" + event, NTSC) == [(round(float(whole), 6), "cut", 0)]
    assert found("FCM: NON-DROP FRAME\n" + event, NTSC) == [
        (round(float(1802 / NTSC), 6), "cut", 0)
    ]


def test_fcpxml_is_exact_at_ntsc_rates() -> None:
    assert found(FCPXML, NTSC) == [
        (0.5005, "cut", 0),
        (1.5015, "cut", 0),
        (3.003, "dissolve", 1.001),
        (5.005, "cut", 0),
    ]


def test_scenedetect_csv() -> None:
    assert [t for t, _, _ in found(CSV)] == [2.0, 4.4]


def test_otio(tmp_path) -> None:
    otio = pytest.importorskip("opentimelineio")
    time, span = otio.opentime.RationalTime, otio.opentime.TimeRange

    def clip(n_frames: int):
        return otio.schema.Clip(source_range=span(time(90, 25), time(n_frames, 25)))

    first = otio.schema.Track("V1", kind="Video")
    blend = otio.schema.Transition(in_offset=time(5, 25), out_offset=time(7, 25))
    first.extend([clip(50), blend, clip(75), clip(100)])
    upper = otio.schema.Track("V2", kind="Video")
    upper.extend([otio.schema.Gap(source_range=span(time(0, 25), time(100, 25))), clip(40)])
    sound = otio.schema.Track("A1", kind="Audio")
    sound.append(clip(33))
    timeline = otio.schema.Timeline("t", global_start_time=time(90000, 25))
    timeline.tracks.extend([first, upper, sound])
    path = tmp_path / "-my ünd cuts.otio"
    otio.adapters.write_to_file(timeline, str(path))
    cuts = read_cut_list(path, FPS)
    assert [(c.time_s, c.kind) for c in cuts] == [(2.04, "dissolve"), (4.0, "cut"), (5.6, "cut")]
    assert cuts[0].duration_s == pytest.approx(0.48)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "names no cuts"),
        ("# nothing\n", "names no cuts"),
        ("2\nsoon\n", "Line 2 .*'soon'"),
        ("2\n-4", "Line 2"),
        ("nan", "Line 1"),
        ("1e99", "Line 1 .*milliseconds"),
        ("00:00:01:30", "Line 1 .*up to 24"),
        (EDL.replace("01:00:04:10 01:00:07:10", "01:00:04:10"), "Line 9 "),
        (EDL.replace("01:00:02:00 01:00:04:10", "01:00:02:00 01:00:01:00"), "Line 7.*ends before"),
        (EDL.replace("01:00:08:10", "01:00:08:77"), "Line 9|Line 10"),
        ("TITLE: x\n", "no video events"),
        ("Scene Number,Start Frame\n1,2\n", "Start Time"),
        (CSV.replace("4.400,200", "x,200"), "Line 5"),
        ("{", "OpenTimelineIO"),
        ("{" * 100_000, "OpenTimelineIO"),
        ('{"OTIO_SCHEMA": "Clip.1"}', "0 timelines"),
        ('{"OTIO_SCHEMA": "Timeline.1", "tracks": 5}', "OpenTimelineIO|picture track"),
        ('{"OTIO_SCHEMA": "Timeline.1"}', "OpenTimelineIO"),
        ("<fcpxml", "not valid XML"),
        ("<html/>", "0 FCPXML projects"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><fcpxml/>', "entities"),
        (FCPXML.replace("90090/30000s", "90090/0s"), "<asset-clip>"),
        (FCPXML.replace("90090/30000s", "9" * 50 + "s"), "plausible"),
    ],
)
def test_bad_lists_get_a_sentence(text: str, match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        cut_list_from_text(text, FPS)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
