"""Rules over figures given by hand."""

from dataclasses import replace

import pytest

from vem_core.data.duplicates import Pair
from vem_core.data.judge import beyond_chance, judge, leave_out_duplicates
from vem_core.data.record import Meeting, Mood, Record, Sounding, record_from_json
from vem_core.data.settings import MeasureSettings, Rules
from vem_core.errors import InputError, MediaError

SOUND = Sounding(
    lost_s=0.0,
    loudness_lufs=-14.0,
    broken_samples=0,
    tempo_bpm=120.0,
    beat_confidence=1.0,
    no_beat="",
    snr_db=None,
)
MEETING = Meeting(window_s=0.07, n_cuts=10, hits=10, chance=0.28, mean_error_ms=9.0)
RECORD = Record(
    key="a-1",
    file="a.mp4",
    n_bytes=1,
    modified_ns=1,
    sha256="aa",
    measured_with="x",
    duration_s=20.0,
    has_sound=True,
    sounding=SOUND,
    meeting=MEETING,
    mood=Mood(rho=0.1, low=-0.6, high=0.7, n_shots=11),
)


def said(record: Record) -> list[str]:
    return [reason.text for reason in judge(record, Rules()).reasons]


def with_sound(**changes) -> Record:
    return replace(RECORD, sounding=replace(SOUND, **changes))


def test_a_good_clip_has_no_reason() -> None:
    assert judge(RECORD, Rules()).accepted


@pytest.mark.parametrize(("hits", "passes"), [(6, True), (5, False)])
def test_coherent_means_that_the_interval_lies_above_chance(hits: int, passes: bool) -> None:
    """Wilson at 6 of 10 starts at 31.3 %, at 5 of 10 at 23.7 %; chance is 28 %."""
    record = replace(RECORD, meeting=replace(MEETING, hits=hits))
    interval = beyond_chance(record, Rules())
    assert interval is not None
    assert interval[0] == pytest.approx(0.3127 if passes else 0.2366, abs=1e-3)
    assert judge(record, Rules()).accepted == passes


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (replace(RECORD, fault="it is empty", duration_s=None), "it is empty"),
        (replace(RECORD, duration_s=9.9), "lasts 9.9 s, less than 10 to 60 s"),
        (replace(RECORD, duration_s=60.5), "lasts 60.5 s, more than 10 to 60 s"),
        (replace(RECORD, has_sound=False, sounding=None, meeting=None), "has no sound"),
        (with_sound(broken_samples=3), "its sound holds 3 values that are not numbers"),
        (with_sound(lost_s=0.8), "its sound ends 0.8 s before the picture"),
        (with_sound(loudness_lufs=None), "nothing is heard (silence)"),
        (with_sound(no_beat="it drones"), "no beat is found: it drones"),
        (
            with_sound(snr_db=19.9),
            "the music stands 19.9 dB above the rest; 20 dB is asked for",
        ),
        (replace(RECORD, meeting=replace(MEETING, n_cuts=1)), "has 1 cut; 4 or more are asked for"),
        (
            replace(RECORD, meeting=replace(MEETING, hits=2)),
            "2 of 10 cuts have a beat within 70 ms; chance alone gives 28 %, the interval starts at"
            " 6 %",
        ),
        (
            replace(RECORD, mood=Mood(rho=-0.8, low=-0.95, high=-0.2, n_shots=11)),
            "the music does the opposite of the picture: rank correlation -0.80 (-0.95 to -0.20)"
            " over 11 shots",
        ),
    ],
)
def test_each_rule_says_what_it_found(record: Record, words: str) -> None:
    assert said(record) == [words]


def test_people_overrule_what_can_be_overruled() -> None:
    off_beat = replace(RECORD, meeting=replace(MEETING, hits=2))
    assert judge(off_beat, Rules(), "accept").accepted
    assert not judge(replace(RECORD, duration_s=5.0), Rules(), "accept").accepted
    assert not judge(RECORD, Rules(), "reject").accepted


def test_the_first_wanted_of_duplicates_stays() -> None:
    records = [replace(RECORD, file=name) for name in ("a.mp4", "b.mp4", "c.mp4")]
    pairs = [Pair(0, 1, True, True), Pair(1, 2, True, True), Pair(0, 2, True, False)]
    verdicts = leave_out_duplicates(records, [judge(r, Rules()) for r in records], pairs)
    assert [v.accepted for v in verdicts] == [True, False, True]  # c is like b alone
    assert verdicts[1].reasons[0].text == "nearly the same as 'a.mp4', which stays"


def test_records_come_back() -> None:
    assert record_from_json(RECORD.to_json()) == RECORD
    with pytest.raises(MediaError, match="A record of an examined clip is damaged"):
        record_from_json('{"key": 1}')


def test_settings_that_cannot_be() -> None:
    with pytest.raises(InputError, match="60 to 10 s, which none can"):
        Rules(shortest_s=60.0, longest_s=10.0)
    with pytest.raises(InputError, match="The sample rate is 8 Hz"):
        MeasureSettings(sample_rate=8)
    assert MeasureSettings().digest != MeasureSettings(sensitivity=0.6).digest
