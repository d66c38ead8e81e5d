"""The figures of a match in words and in a table, for the screen and the node."""

import numpy as np

from ..metrics.rhythm import HIT_WINDOWS_S, nearest_errors_s
from ..metrics.semantic import Agreement
from ..units import seconds_to_frames, seconds_to_timecode
from .match import MusicMatch

_AFFECT = {
    "arousal_energy": "energy of the music against arousal",
    "valence_mode": "major or minor against valence",
}


LENGTH_LIMIT_S = 0.1
"""What people notice at the end of a film; lossy formats alone differ by some 20 ms."""


def percent(share: object) -> str:
    """'43 %', or '-' where nothing was measured."""
    return f"{100 * share:.0f} %" if isinstance(share, float) else "-"


def describe_match(match: MusicMatch) -> str:
    """Every figure in words, cut by cut."""
    storyboard, track = match.storyboard, match.track
    lines = [f"{match.name}: {seconds_to_timecode(storyboard.duration_s)}".lstrip(": ")]
    if not track.has_beat:
        lines.append(f"No beat to be found: {track.reason}.")
    else:
        lines.append(f"Beat at {track.tempo_bpm:.1f} BPM (sure to {100 * track.confidence:.0f} %).")
    lines += _hit_lines(match)
    lift, rank = match.accents["accent_lift"], match.accents["accent_rank"]
    if rank is not None:
        times = "" if lift is None else f" {lift:.1f} times as strong as elsewhere;"
        lines.append(
            f"What begins at the cuts is{times} stronger than {percent(rank)} of all other"
            " instants (50 %: no accent)."
        )
    lines += [
        f"Over {match.affect[name].n} shots, {words}: {agreement_words(match.affect[name])}."
        for name, words in _AFFECT.items()
        if match.affect[name].rho is not None
    ]
    lines += _delivery_lines(match)
    lines += [f"{name}: {value:.3f}" for name, value in match.meaning.scores.items()]
    for why in dict.fromkeys(match.meaning.not_measured.values()):
        names = [name for name, reason in match.meaning.not_measured.items() if reason == why]
        lines.append(f"{', '.join(names)} not measured: {why}.")
    return "\n".join(lines)


def agreement_words(found: Agreement) -> str:
    """'rank correlation +0.61 (+0.12 to +0.86)'."""
    if found.rho is None:
        return "not measured: it does not vary"
    return f"rank correlation {found.rho:+.2f} ({found.low:+.2f} to {found.high:+.2f})"


def _hit_lines(match: MusicMatch) -> list[str]:
    lines = []
    for window_s in HIT_WINDOWS_S:
        key = f"hit_rate_{1000 * window_s:.0f}_ms"
        rate, chance = match.figures[key], match.figures[f"{key}_chance"]
        interval = match.figures[f"{key}_interval"]
        if isinstance(rate, float) and isinstance(chance, float) and isinstance(interval, list):
            lines.append(
                f"{100 * rate:.0f} % of the cuts have a beat within {1000 * window_s:.0f} ms"
                f" (95 %: {100 * interval[0]:.0f} to {100 * interval[1]:.0f}); chance gives"
                f" {100 * chance:.0f} %."
            )
    times_s = np.array([t.time_s for t in match.storyboard.transitions])
    if match.track.has_beat and len(times_s):
        for time_s, error_s in zip(
            times_s, nearest_errors_s(times_s, np.array(match.track.beats_s)), strict=True
        ):
            frames = seconds_to_frames(float(error_s), match.storyboard.fps)
            lines.append(
                f"  {seconds_to_timecode(time_s)}  nearest beat {1000 * error_s:+.0f} ms,"
                f" {frames:+.1f} frames"
            )
    return lines


def _delivery_lines(match: MusicMatch) -> list[str]:
    sound, delivery = match.sound, match.heard.delivery
    loudness = "silent" if sound.loudness_lufs is None else f"{sound.loudness_lufs:.1f} LUFS"
    peak = "" if sound.true_peak_dbtp is None else f", {sound.true_peak_dbtp:.1f} dBTP"
    lines = [f"Sound: {loudness}{peak}, {delivery.length_error_ms:+.0f} ms against the picture."]
    faults = []
    off_s = delivery.length_error_ms / 1000
    if abs(off_s) > LENGTH_LIMIT_S:
        faults.append(
            f"it ends {abs(off_s):.1f} s {'before' if off_s < 0 else 'after'} the picture"
        )
    if delivery.silence_at_start_s is None:
        faults.append("there is nothing to hear")
    if delivery.silence_at_start_s is not None and delivery.silence_at_start_s > 0.1:
        faults.append(f"silent for the first {delivery.silence_at_start_s:.1f} s")
    if delivery.cut_off:
        faults.append("cut off at the end")
    if delivery.clipped_places:
        faults.append(f"clipped in {delivery.clipped_places} places")
    if delivery.dropouts_s:
        times = ", ".join(seconds_to_timecode(t) for t in delivery.dropouts_s[:5])
        faults.append(f"{len(delivery.dropouts_s)} dropouts ({times})")
    if delivery.broken_samples:
        faults.append(f"{delivery.broken_samples} values that are no numbers")
    return [*lines, f"Faults: {'; '.join(faults)}."] if faults else lines


def table(matches: list[MusicMatch]) -> str:
    """One line a video; hit rates stand beside chance."""
    windows = [f"{1000 * window_s:.0f}" for window_s in HIT_WINDOWS_S]
    head = [
        f"{'video':<28}",
        "cuts",
        *(f"{w:>4} ms chance" for w in windows),
        "mean off",
        "accent",
        "arousal",
        " LUFS",
        "faults",
        "  beat",
    ]
    lines = ["  ".join(head)]
    for match in matches:
        cells = [f"{match.name[:28]:<28}", f"{match.figures['n_transitions']:>4}"]
        for window in windows:
            rate = match.figures[f"hit_rate_{window}_ms"]
            chance = match.figures[f"hit_rate_{window}_ms_chance"]
            cells.append(f"{percent(rate):>7} {percent(chance):>6}")
        off_ms = match.figures["mean_absolute_error_ms"]
        cells.append(f"{off_ms:>5.0f} ms" if isinstance(off_ms, float) else f"{'-':>8}")
        cells.append(f"{percent(match.accents['accent_rank']):>6}")
        rho = match.affect["arousal_energy"].rho
        cells.append(f"{'-':>7}" if rho is None else f"{rho:>+7.2f}")
        loudness = match.sound.loudness_lufs
        cells.append(f"{'-':>5}" if loudness is None else f"{loudness:>5.1f}")
        cells.append(f"{n_faults(match):>6}")
        cells.append(f"{match.track.tempo_bpm:>6.1f}" if match.track.has_beat else "  none")
        lines.append("  ".join(cells))
    return "\n".join(lines)


def n_faults(match: MusicMatch) -> int:
    """Kinds of faults of the delivery."""
    return sum(line.count(";") + 1 for line in _delivery_lines(match)[1:])
