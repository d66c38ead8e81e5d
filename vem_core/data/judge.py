"""Rules over records: why a clip is out, all reasons in words, and what people may overrule."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ..metrics.rhythm import wilson_interval
from .duplicates import Pair
from .record import Record
from .settings import Rules

Code = Literal[
    "unreadable",
    "length",
    "no sound",
    "broken sound",
    "silent",
    "no beat",
    "few cuts",
    "off beat",
    "mood",
    "noise",
    "duplicate",
    "by hand",
]
FINAL: frozenset[Code] = frozenset(
    ("unreadable", "length", "no sound", "broken sound", "silent", "no beat")
)
"""Nobody can overrule these: no sample can be made of such a clip."""
Decision = Literal["accept", "reject"]
LEAST_LOUDNESS_LUFS = -55.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Why a clip is out."""

    code: Code
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What becomes of a clip."""

    reasons: tuple[Reason, ...] = ()
    """Every rule that it breaks, also where a person overruled them."""
    decision: Decision | None = None
    """By a person, for this very file."""

    @property
    def possible(self) -> bool:
        """Whether a sample can be made at all."""
        return not any(reason.code in FINAL for reason in self.reasons)

    @property
    def accepted(self) -> bool:
        if self.decision == "accept":
            return self.possible
        return not self.reasons


def judge(record: Record, rules: Rules, decision: Decision | None = None) -> Verdict:
    """Hold one clip against the rules; duplicates come later."""
    reasons = [*_of_file(record, rules), *_of_sound(record, rules), *_of_rhythm(record, rules)]
    if decision == "reject":
        reasons.append(Reason(code="by hand", text="rejected by hand"))
    return Verdict(reasons=tuple(reasons), decision=decision)


def beyond_chance(record: Record, rules: Rules) -> tuple[float, float] | None:
    """The interval of the hit rate; None where there is nothing to count."""
    if record.meeting is None or not record.meeting.n_cuts:
        return None
    return wilson_interval(record.meeting.hits, record.meeting.n_cuts, rules.confidence)


def _of_file(record: Record, rules: Rules) -> list[Reason]:
    if record.fault or record.duration_s is None:
        return [Reason(code="unreadable", text=record.fault)]
    found = []
    if not rules.fits(record.duration_s):
        word = "less" if record.duration_s < rules.shortest_s else "more"
        found.append(
            Reason(
                code="length",
                text=f"lasts {record.duration_s:.1f} s, {word} than {rules.shortest_s:g} to"
                f" {rules.longest_s:g} s",
            )
        )
    if not record.has_sound:
        found.append(Reason(code="no sound", text="has no sound"))
    return found


def _of_sound(record: Record, rules: Rules) -> list[Reason]:
    sound = record.sounding
    if sound is None:
        return []
    found: list[Reason] = []
    if record.warning:
        found.append(Reason(code="broken sound", text=record.warning))
    if sound.broken_samples:
        text = f"its sound holds {sound.broken_samples} values that are not numbers"
        found.append(Reason(code="broken sound", text=text))
    if sound.lost_s > rules.most_lost_sound_s:
        text = f"its sound ends {sound.lost_s:.1f} s before the picture"
        found.append(Reason(code="broken sound", text=text))
    if sound.loudness_lufs is None or sound.loudness_lufs < LEAST_LOUDNESS_LUFS:
        level = "silence" if sound.loudness_lufs is None else f"{sound.loudness_lufs:.0f} LUFS"
        found.append(Reason(code="silent", text=f"nothing is heard ({level})"))
    elif sound.no_beat:
        found.append(Reason(code="no beat", text=f"no beat is found: {sound.no_beat}"))
    if sound.snr_db is not None and sound.snr_db < rules.least_snr_db:
        text = (
            f"the music stands {sound.snr_db:.1f} dB above the rest; {rules.least_snr_db:g} dB is"
            " asked for"
        )
        found.append(Reason(code="noise", text=text))
    return found


def _of_rhythm(record: Record, rules: Rules) -> list[Reason]:
    found: list[Reason] = []
    meeting = record.meeting
    if meeting is not None and meeting.n_cuts < rules.least_cuts:
        cuts = "1 cut" if meeting.n_cuts == 1 else f"{meeting.n_cuts or 'no'} cuts"
        text = f"has {cuts}; {rules.least_cuts} or more are asked for"
        found.append(Reason(code="few cuts", text=text))
    elif meeting is not None:
        interval = beyond_chance(record, rules)
        if interval is not None and interval[0] <= meeting.chance:
            text = (
                f"{meeting.hits} of {meeting.n_cuts} cuts have a beat within"
                f" {1000 * meeting.window_s:.0f} ms; chance alone gives"
                f" {100 * meeting.chance:.0f} %, the interval starts at {100 * interval[0]:.0f} %"
            )
            found.append(Reason(code="off beat", text=text))
    mood = record.mood
    if mood is not None and mood.rho is not None and mood.high < rules.affect_reaches:
        text = (
            f"the music does the opposite of the picture: rank correlation {mood.rho:.2f}"
            f" ({mood.low:.2f} to {mood.high:.2f}) over {mood.n_shots} shots"
        )
        found.append(Reason(code="mood", text=text))
    return found


def leave_out_duplicates(
    records: Sequence[Record], verdicts: Sequence[Verdict], pairs: Sequence[Pair]
) -> list[Verdict]:
    """Of clips that share music and picture the first that is wanted stays, in order of the list.

    A clip that a person accepted comes before all others, and stays with others of its kind.
    """
    partners: dict[int, list[int]] = {}
    for pair in pairs:
        if pair.duplicate:
            partners.setdefault(pair.first, []).append(pair.second)
            partners.setdefault(pair.second, []).append(pair.first)
    found = list(verdicts)
    kept: set[int] = set()
    for i in sorted(range(len(found)), key=lambda i: (found[i].decision != "accept", i)):
        if not found[i].accepted:
            continue
        twin = min((k for k in partners.get(i, ()) if k in kept), default=None)
        if twin is not None:
            reason = Reason(
                code="duplicate", text=f"nearly the same as '{records[twin].file}', which stays"
            )
            found[i] = replace(found[i], reasons=(*found[i].reasons, reason))
        if found[i].accepted:
            kept.add(i)
    return found
