"""Notes by the creator, a line a shot, that win over what the pixels say.

    3: the chase begins #street #night arousal=0.9 valence=-0.4 *

A number of a shot and a colon; then words (its caption), tags (#), mood, and a star for "the music
must hit the start of this shot". Words that speak of a mood set it where the line gives no number.
Whatever a line leaves out stays as it was.
"""

import re
from dataclasses import replace

from ..errors import InputError
from ..lexicon import read_words
from ..types import Affect, Shot, Storyboard, Transition

_LINE = re.compile(r"\s*(\d{1,6})\s*[:.)]\s*(.*)", re.DOTALL)
_MOOD = re.compile(r"(valence|arousal)\s*=\s*(\S+)", re.IGNORECASE)
_TAG = re.compile(r"#([^\s#*]+)")
_NEAR_S = 0.05
"""A transition this near to the start of a shot, or around it, is the one that opens the shot."""


def apply_notes(storyboard: Storyboard, notes: str) -> Storyboard:
    """The storyboard with the notes written into its shots and transitions.

    Raises:
        InputError: a line without a shot number, a shot that is not there or named twice, a mood
            that is no number, or a star at a shot that no transition opens.
    """
    shots = list(storyboard.shots)
    transitions = list(storyboard.transitions)
    seen: set[int] = set()
    for line in filter(str.strip, notes.splitlines()):
        match = _LINE.fullmatch(line)
        if match is None:
            raise InputError(
                f"The note '{_short(line)}' does not begin with the number of a shot. Write it as"
                " '3: what is seen'."
            )
        number, text = int(match[1]), match[2]
        if not 1 <= number <= len(shots):
            raise InputError(
                f"There is no shot {number}; the storyboard has shots 1 to {len(shots)}. Correct"
                f" the note '{_short(line)}'."
            )
        if number in seen:
            raise InputError(f"Shot {number} has two notes. Join them in one line.")
        seen.add(number)
        if text.rstrip().endswith("*"):
            _star(transitions, shots[number - 1], number)
            text = text.rstrip().rstrip("*")
        shots[number - 1] = _noted(shots[number - 1], text, number)
    return replace(storyboard, shots=tuple(shots), transitions=tuple(transitions))


def _noted(shot: Shot, text: str, number: int) -> Shot:
    mood = {name.lower(): _share(name, value, number) for name, value in _MOOD.findall(text)}
    tags = tuple(_TAG.findall(text))
    words = " ".join(_TAG.sub(" ", _MOOD.sub(" ", text)).split())
    said = read_words(words, *tags)
    valence = shot.affect.valence if said.valence is None else said.valence
    arousal = shot.affect.arousal if said.arousal is None else said.arousal
    try:
        affect = Affect(valence=mood.get("valence", valence), arousal=mood.get("arousal", arousal))
    except InputError as error:
        raise InputError(f"The note on shot {number}: {error}") from None
    return replace(shot, caption=words or shot.caption, tags=tags or shot.tags, affect=affect)


def _share(name: str, value: str, number: int) -> float:
    try:
        return float(value.rstrip(",;."))
    except ValueError:
        raise InputError(
            f"The note on shot {number} says {name}={_short(value)}, which is no number. Write it"
            f" as {name}=0.5."
        ) from None


def _star(transitions: list[Transition], shot: Shot, number: int) -> None:
    for index, transition in enumerate(transitions):
        reach_s = max(_NEAR_S, transition.duration_s / 2)
        if abs(transition.time_s - shot.start_s) <= reach_s:
            transitions[index] = replace(transition, starred=True)
            return
    raise InputError(
        f"Shot {number} is starred, but no transition opens it, so there is nothing to hit there."
        " Take the star away, or star another shot."
    )


def _short(text: str) -> str:
    text = text.strip()
    return text if len(text) <= 40 else text[:37] + "..."
