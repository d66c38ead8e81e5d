"""compose(): a storyboard and a beat plan become a score."""

from ..errors import InputError
from ..types import (
    PARTS,
    BeatPlan,
    Chord,
    Key,
    Note,
    Part,
    Progress,
    Score,
    Storyboard,
    no_progress,
)
from .answers import add_answers, double_tune
from .bass import bass_line, choose_basses, mend_parallels, play_bass
from .choose import choose_key, choose_style
from .comping import play_harmony, play_keys, play_strings
from .density import hold_back, intensities
from .draft import Dice, Draft, Tone, dice_of, empty_draft, pitches_at
from .drums import add_fills, play_grooves
from .dynamics import loudness_curve, perform
from .ending import add_close, choose_ending
from .finish import breathe, cover, select
from .form import Form, make_form
from .grid import Grid, make_grid
from .harmony import choose_progressions, chord_lookup, make_spans, plan_chords, tighten
from .hits import BIG, SMALL, Gesture, HitPlayer, plan_gestures
from .melody import Tune, make_tune, play_tune
from .style import Style, load_style
from .theory import Harmony, Span
from .voicing import voice_all


def compose(
    storyboard: Storyboard,
    plan: BeatPlan,
    *,
    style: str | None = None,
    key: Key | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Score:
    """Write music for a storyboard on the beats of a plan.

    The same arguments give the same score on any machine. Another seed is another piece; so is
    another clip length, while changing the mood or the words of a shot keeps the tune.

    Args:
        style: name of a style; None or "": that of the storyboard, else what its words and mood
            suggest (choose_style).
        key: None: a key of the style whose mode agrees with the mood of the clip (choose_key).
        seed: 0 or more.

    Raises:
        InputError: no such style, a negative seed, or plan and storyboard of different lengths.
    """
    _check(storyboard, plan, seed)
    dice = dice_of(seed, plan)
    chosen = load_style(style) if style else choose_style(storyboard, plan)
    key = key or choose_key(storyboard, chosen, dice)
    _check_mode(chosen, key)
    grid = make_grid(storyboard, plan)
    form = make_form(grid, plan)
    gestures = plan_gestures(grid, plan)
    progress(0.1)
    draft, spans = _write(grid, form, chosen, key, gestures, dice)
    progress(0.7)
    curve = loudness_curve(grid, form, gestures)
    parts: tuple[tuple[Part, tuple[Note, ...]], ...] = tuple(
        (part, perform(part, draft[part], grid, chosen, curve, dice)) for part in PARTS
    )
    progress(1.0)
    return Score(
        parts=parts,
        beats_s=plan.beats_s,
        downbeats=plan.downbeats,
        metre=plan.metre,
        duration_s=plan.duration_s,
        style=chosen.name,
        key=key,
        chords=tuple(_to_chord(span) for span in spans),
        instruments=tuple((part, chosen.instruments[part]) for part in PARTS),
    )


def _to_chord(span: Span) -> Chord:
    chord = span.chord
    return Chord(step=span.start, root=chord.root, pitch_classes=chord.tones, symbol=chord.symbol)


def _check_mode(style: Style, key: Key) -> None:
    if key.mode not in style.chords:
        raise InputError(
            f"The style '{style.name}' has no chords in the mode '{key.mode}'; it has"
            f" {', '.join(style.chords)}. Choose another mode."
        )


def _check(storyboard: Storyboard, plan: BeatPlan, seed: int) -> None:
    if seed < 0:
        raise InputError(f"The seed is {seed}; it must be 0 or more. Choose another.")
    if abs(storyboard.duration_s - plan.duration_s) > 0.5:
        raise InputError(
            f"The storyboard lasts {storyboard.duration_s:g} s and the beat plan"
            f" {plan.duration_s:g} s; they must belong to the same clip. Plan the beats again."
        )


def _sing(
    tune: Tune, grid: Grid, form: Form, style: Style, key: Key, spans: list[Span], dice: Dice
) -> list[Tone]:
    span_at = chord_lookup(spans, grid.n_steps)
    return play_tune(
        tune, grid, form, style, key, lambda step: spans[int(span_at[step])].chord, dice
    )


def _write(
    grid: Grid, form: Form, style: Style, key: Key, gestures: tuple[Gesture, ...], dice: Dice
) -> tuple[Draft, list[Span]]:
    """Chords, then the parts on them, then hits, close, and what finally sounds."""
    progressions = choose_progressions(style.chords[key.mode], dice)
    changes = plan_chords(grid, form, style, key, progressions)
    tune = make_tune(grid, style, key, progressions, dice)
    wanted = {gesture.step for gesture in gestures if gesture.size > SMALL}
    lead = _sing(tune, grid, form, style, key, make_spans(changes, grid, key), dice)
    changes = tighten(changes, grid, style, key, dice, wanted, lead)
    spans = make_spans(changes, grid, key)
    lead = _sing(tune, grid, form, style, key, spans, dice)
    tops = pitches_at(lead, [span.start for span in spans])
    spans = choose_basses(spans, style, key, tops, form)
    voicings = voice_all(spans, grid, style)
    span_at = chord_lookup(spans, grid.n_steps)

    def chord_at(step: int) -> Harmony:
        return spans[int(span_at[step])].chord

    draft = empty_draft()
    draft["drums"] = play_grooves(grid, form, style, dice)
    draft["bass"] = play_bass(grid, form, style, spans)
    draft["harmony"] = play_harmony(grid, form, style, spans, voicings)
    draft["keys"] = play_keys(grid, form, style, spans, voicings)
    draft["strings"] = play_strings(grid, form, style, spans)
    draft["lead"] = lead
    add_answers(draft, tune.motif, grid, form, style, chord_at)
    double_tune(draft, form, style)
    targets = {phrase.start: 2 if phrase.energy > 0.6 else 1 for phrase in form.phrases[1:]}
    targets |= {gesture.step: 3 for gesture in gestures if gesture.size == BIG}
    ending = choose_ending(grid, form, style, dice)
    targets[form.final] = 2
    if ending == "broad":
        del targets[form.final]
    draft["drums"] = add_fills(draft["drums"], targets.items(), grid, style, dice)
    add_close(draft, grid, form, style, spans, voicings[-1], tune.motif, ending)
    player = HitPlayer(
        grid=grid, form=form, style=style, key=key, spans=spans, span_at=span_at,
        voicings=voicings, roots=bass_line(spans, style),
    )  # fmt: skip
    player.play(draft, gestures, dice)
    hold_back(draft, grid, style)
    heard = select(draft, grid, intensities(draft, grid))
    breathe(heard, grid, form)
    cover(heard, grid, spans, span_at, voicings)
    return heard, mend_parallels(heard, spans, style, key)
