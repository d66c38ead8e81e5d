"""Transitions of a video: everything the finders saw, set in order.

Kinds: cut (frame-exact: the first frame of the new shot), dissolve and fade (the frame nearest to
the middle), flash (no boundary between shots). Fades in at the start of the clip and out at its
end have a picture on one side only and are no transitions.

Strength in [0, 1] = (0.6 x share of the picture that is new + 0.4 x distance of colour histograms)
x suddenness, where suddenness is 1 for a cut, 1 / (1 + duration_s) for a dissolve or fade and 1/2
for a flash.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from ..types import Transition
from .cuts import CutJudge
from .detectors import make_proposers
from .dissolves import DissolveFinder
from .fades import FadeFinder, PlainStretch
from .recent import Recent
from .settings import ParseSettings
from .small import SmallFrame

BOUNDARY_KINDS = ("cut", "dissolve", "fade")
SETTLED_AFTER_S = 8.0
"""No finder changes its mind about what is older than this."""


class TransitionFinder:
    """One pass: `see` every frame, then `finish`."""

    def __init__(self, settings: ParseSettings):
        self._settings = settings
        self._recent = Recent()
        self._proposers = make_proposers(settings)
        self._cuts = CutJudge(self._recent, settings)
        self._dissolves = DissolveFinder(self._recent, settings)
        self._fades = FadeFinder(self._recent)

    def see(self, frame: SmallFrame, picture: np.ndarray) -> None:
        """`picture`: the frame at about 160 x 90, (H, W, 3) uint8 RGB."""
        if not self._settings.finds_transitions:
            return
        self._recent.push(frame)
        for proposer in self._proposers:
            self._cuts.propose(proposer.see(frame, picture))
        self._cuts.judge()
        if self._settings.dissolves:
            self._dissolves.look()
        if self._settings.fades:
            self._fades.see(frame)

    def possible_boundaries_s(self) -> list[float]:
        """Every boundary found up to now, sorted; the final ones are among them."""
        fades = (stretch.transition for stretch in self._fades.stretches)
        found = [
            *(cut.transition for cut in self._cuts.cuts),
            *self._dissolves.dissolves,
            *(fade for fade in fades if fade is not None),
        ]
        return sorted(transition.time_s for transition in found)

    def finish(self, duration_s: float) -> list[Transition]:
        """All transitions in order of time."""
        if not self._settings.finds_transitions or not self._recent.stop:
            return []
        for proposer in self._proposers:
            self._cuts.propose(proposer.finish())
        self._cuts.judge(all_of_them=True)
        if self._settings.dissolves:
            self._dissolves.look(to_the_end=True)
        self._fades.finish()
        return resolve(
            cuts=[cut.transition for cut in self._cuts.cuts],
            flashes=self._cuts.flashes,
            dissolves=self._dissolves.dissolves,
            stretches=self._fades.stretches,
            shortest_s=self._settings.shortest_shot_s,
            duration_s=duration_s,
        )


def resolve(
    *,
    cuts: Sequence[Transition],
    flashes: Sequence[Transition],
    dissolves: Sequence[Transition],
    stretches: Sequence[PlainStretch],
    shortest_s: float,
    duration_s: float,
) -> list[Transition]:
    """What remains where finders saw one thing differently.

    A fade explains whatever was found inside its ramps, a dissolve the cuts inside it. Of two
    boundaries nearer than the shortest shot the stronger stays, and none stays nearer than that to
    the edges of the clip.
    """
    fades = [stretch.transition for stretch in stretches]
    soft = [(stretch.ramp_start_s, stretch.ramp_end_s) for stretch in stretches if stretch.explains]
    dissolves = _apart([d for d in dissolves if not _inside(d.time_s, soft)])
    spans = [(d.time_s - d.duration_s / 2, d.time_s + d.duration_s / 2) for d in dissolves]
    cuts = [cut for cut in cuts if not _inside(cut.time_s, [*soft, *spans])]
    boundaries = keep_apart(
        [*(fade for fade in fades if fade is not None), *dissolves, *cuts], shortest_s, duration_s
    )
    taken = [(t.time_s - shortest_s / 2, t.time_s + shortest_s / 2) for t in boundaries]
    flashes = [flash for flash in flashes if not _inside(flash.time_s, [*soft, *spans, *taken])]
    return sorted([*boundaries, *flashes], key=lambda t: t.time_s)


def _apart(dissolves: Sequence[Transition]) -> list[Transition]:
    """Of dissolves that overlap the strongest."""
    kept: list[Transition] = []
    for one in sorted(dissolves, key=lambda d: -d.strength):
        if all(
            abs(one.time_s - other.time_s) >= (one.duration_s + other.duration_s) / 2
            for other in kept
        ):
            kept.append(one)
    return kept


def _inside(time_s: float, spans: Iterable[tuple[float, float]]) -> bool:
    return any(start - 1e-6 <= time_s <= end + 1e-6 for start, end in spans)


def keep_apart(
    transitions: Sequence[Transition], shortest_s: float, duration_s: float
) -> list[Transition]:
    """The strongest of them, no two nearer than `shortest_s`, sorted by time."""
    kept: list[Transition] = []
    room_s = shortest_s - 1e-6
    for one in sorted(transitions, key=lambda t: (-t.strength, t.time_s)):
        if not max(room_s, 1e-6) <= one.time_s <= duration_s - max(room_s, 1e-6):
            continue
        if all(abs(one.time_s - other.time_s) >= max(room_s, 1e-6) for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda t: t.time_s)
