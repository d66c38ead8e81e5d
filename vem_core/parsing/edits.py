"""Editing a storyboard: starring, adding, moving and removing transitions, with shots re-tiled."""

from collections.abc import Sequence
from dataclasses import replace

from ..errors import InputError
from ..types import Affect, Motion, Picture, Shot, Storyboard, Transition, check_seconds
from .transitions import BOUNDARY_KINDS

NEAR_S = 1e-6
"""A shot's edge belongs to the transition at its time."""
SHORTEST_S = 1e-3


def star_transitions(storyboard: Storyboard, numbers: Sequence[int]) -> Storyboard:
    """Star the transitions of these numbers (the first is 1) and no others."""
    for number in numbers:
        _check_number(storyboard, number)
    starred = tuple(
        replace(one, starred=number in numbers)
        for number, one in enumerate(storyboard.transitions, 1)
    )
    return replace(storyboard, transitions=starred)


def add_transition(storyboard: Storyboard, transition: Transition) -> Storyboard:
    """Put a transition in; a cut, dissolve or fade splits the shot it falls into.

    Raises:
        InputError: it lies outside of the clip, or on an edge of a shot or another transition.
    """
    time_s = transition.time_s
    if any(abs(one.time_s - time_s) < SHORTEST_S for one in storyboard.transitions):
        raise InputError(f"There is a transition at {time_s:g} s already. Choose another time.")
    shots = list(storyboard.shots)
    if transition.kind in BOUNDARY_KINDS:
        index = storyboard.shot_index(time_s)
        shot = shots[index]
        _check_inside(time_s, shot.start_s, shot.end_s)
        shots[index : index + 1] = [
            _with_times(shot, shot.start_s, time_s),
            _with_times(shot, time_s, shot.end_s),
        ]
    transitions = sorted([*storyboard.transitions, transition], key=lambda one: one.time_s)
    return replace(storyboard, shots=tuple(shots), transitions=tuple(transitions))


def remove_transition(storyboard: Storyboard, number: int) -> Storyboard:
    """Take transition `number` (the first is 1) out; the shots it parted become one."""
    _check_number(storyboard, number)
    transitions = list(storyboard.transitions)
    gone = transitions.pop(number - 1)
    shots = list(storyboard.shots)
    edge = _edge(storyboard, gone)
    if edge is not None:
        shots[edge : edge + 2] = [_merged(shots[edge], shots[edge + 1])]
    return replace(storyboard, shots=tuple(shots), transitions=tuple(transitions))


def move_transition(storyboard: Storyboard, number: int, time_s: float) -> Storyboard:
    """Give transition `number` (the first is 1) another time, and the shots beside it that edge.

    Raises:
        InputError: the time is not between its neighbours.
    """
    _check_number(storyboard, number)
    check_seconds("The new time of the transition", time_s)
    transitions = list(storyboard.transitions)
    before_s = transitions[number - 2].time_s if number > 1 else 0.0
    after_s = transitions[number].time_s if number < len(transitions) else storyboard.duration_s
    _check_inside(time_s, before_s, after_s)
    edge = _edge(storyboard, transitions[number - 1])
    transitions[number - 1] = replace(transitions[number - 1], time_s=time_s)
    shots = list(storyboard.shots)
    if edge is not None:
        left, right = shots[edge], shots[edge + 1]
        _check_inside(time_s, left.start_s, right.end_s)
        shots[edge] = _with_times(left, left.start_s, time_s)
        shots[edge + 1] = _with_times(right, time_s, right.end_s)
    return replace(storyboard, shots=tuple(shots), transitions=tuple(transitions))


def _check_number(storyboard: Storyboard, number: int) -> None:
    count = len(storyboard.transitions)
    if not 1 <= number <= count:
        has = f"has transitions 1 to {count}" if count else "has none"
        raise InputError(f"There is no transition {number}; the storyboard {has}. Correct it.")


def _check_inside(time_s: float, start_s: float, end_s: float) -> None:
    if not start_s + SHORTEST_S <= time_s <= end_s - SHORTEST_S:
        raise InputError(
            f"A transition at {time_s:g} s leaves no room between {start_s:g} s and {end_s:g} s,"
            " where its neighbours are. Choose a time between them."
        )


def _edge(storyboard: Storyboard, transition: Transition) -> int | None:
    """Index of the shot that ends at the transition; None where it parts no shots."""
    for index, shot in enumerate(storyboard.shots[:-1]):
        if abs(shot.end_s - transition.time_s) <= NEAR_S:
            return index
    return None


def _with_times(shot: Shot, start_s: float, end_s: float) -> Shot:
    """The shot from `start_s` to `end_s`; a keyframe that is left outside moves to the middle."""
    keyframe_s = shot.picture.keyframe_s
    if not start_s <= keyframe_s < end_s:
        keyframe_s = (start_s + end_s) / 2
    picture = replace(shot.picture, keyframe_s=keyframe_s)
    return replace(shot, start_s=start_s, end_s=end_s, picture=picture)


def _merged(a: Shot, b: Shot) -> Shot:
    """Both as one: features by duration, words side by side."""
    share = b.duration_s / (a.duration_s + b.duration_s)

    def mean(x: float, y: float) -> float:
        return x + share * (y - x)

    longer = a if share < 0.5 else b
    names = ("brightness", "saturation", "contrast", "warmth")
    hues = zip(a.picture.hues, b.picture.hues, strict=False)
    picture = Picture(
        keyframe_s=longer.picture.keyframe_s,
        hues=tuple(mean(x, y) for x, y in hues),
        **{name: mean(getattr(a.picture, name), getattr(b.picture, name)) for name in names},
    )
    return Shot(
        start_s=a.start_s,
        end_s=b.end_s,
        affect=Affect(
            valence=mean(a.affect.valence, b.affect.valence),
            arousal=mean(a.affect.arousal, b.affect.arousal),
        ),
        picture=picture,
        motion=Motion(
            mean=mean(a.motion.mean, b.motion.mean), peak=max(a.motion.peak, b.motion.peak)
        ),
        caption="; ".join(dict.fromkeys(text for text in (a.caption, b.caption) if text)),
        tags=tuple(dict.fromkeys((*a.tags, *b.tags))),
    )
