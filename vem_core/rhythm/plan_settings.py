"""What a creator may ask of a beat plan, and what the plan pays for."""

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

from ..errors import InputError
from ..types import METRES, Metre, Transition

PlanUnit = Literal["beat", "half-beat"]

SLOWEST_BPM, FASTEST_BPM = 30.0, 300.0
USUAL_RANGES_BPM = {"4/4": (80.0, 160.0), "3/4": (80.0, 160.0), "6/8": (50.0, 100.0)}
"""In beats; the beat of 6/8 is a dotted quarter."""
WIDEST_ROOM = 0.25
STARRED_WEIGHT = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanCosts:
    """Prices of a plan. One is what it costs to miss a transition of full strength."""

    half_beat: float = 0.2
    """Share of a transition's weight lost where it falls between two beats."""
    tempo_offset: float = 0.03
    """A stretch between two hits whose tempo is 6 % off the base; grows with the square."""
    tempo_step: float = 0.06
    """A jump of 6 % between a stretch and its neighbour; grows with the square."""
    base_tempo: float = 1.6
    """A base tempo one octave from what the arousal of the picture suggests; with the square."""
    late_start: float = 0.2
    """No beat on the first frame, above what one off the downbeat costs."""
    loose_end: float = 0.3
    """No beat at the end of the clip, above what one off the downbeat costs."""
    off_downbeat: float = 0.1
    """A hit of full strength that is not the first beat of a bar; grows with the square of the
    strength. Three times as much at the start, 2.5 at the end, ten for a starred transition."""
    odd_bar: float = 0.7
    """A bar longer or shorter than the metre's."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not math.isfinite(value) or value < 0:
                raise InputError(f"The cost '{name}' is {value}; it must be 0 or more. Correct it.")


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanSettings:
    """How to place beats on a storyboard.

    With `fixed_tempo_bpm`, or with no tempo room, the tempo is constant: only the phase and the
    bars move, and what lands within `hit_tolerance_ms` of the grid counts as hit, with its error
    stated. Otherwise hits are exact.
    """

    tempo_range_bpm: tuple[float, float] | None = None
    """The base tempo lies in this range; the local tempo in `tempo_room` around the base. None: the
    range that is usual in the metre (USUAL_RANGES_BPM)."""
    fixed_tempo_bpm: float | None = None
    tempo_room: float = 0.06
    """Share of the base tempo by which the local tempo may leave it."""
    metre: str = "4/4"
    hit_unit: PlanUnit = "half-beat"
    """The finest part of a beat that counts as hit; in 6/8 a 'half-beat' is a third of the beat."""
    hit_tolerance_ms: float = 40.0
    costs: PlanCosts = field(default_factory=PlanCosts)

    def __post_init__(self) -> None:
        if self.metre not in METRES:
            raise InputError(
                f"The metre is '{self.metre}'; needed is one of {', '.join(METRES)}. Choose one."
            )
        low, high = self.range_bpm
        for name, tempo_bpm in (
            ("lowest", low),
            ("highest", high),
            ("fixed", self.fixed_tempo_bpm),
        ):
            if tempo_bpm is not None and not SLOWEST_BPM <= tempo_bpm <= FASTEST_BPM:
                raise InputError(
                    f"The {name} tempo is {tempo_bpm:g} BPM; it must lie between {SLOWEST_BPM:g}"
                    f" and {FASTEST_BPM:g} BPM. Correct it."
                )
        if low > high:
            raise InputError(
                f"The tempo range runs from {low:g} to {high:g} BPM; the lower tempo comes first."
                " Swap them."
            )
        if not 0 <= self.tempo_room <= WIDEST_ROOM:
            raise InputError(
                f"The tempo room is {self.tempo_room:g}; it must lie between 0 and {WIDEST_ROOM:g}"
                " (0.06 lets the tempo move by 6 %). Correct it."
            )
        if self.hit_unit not in get_args(PlanUnit):
            raise InputError(
                f"The hit unit is '{self.hit_unit}'; needed is one of"
                f" {', '.join(get_args(PlanUnit))}. Choose one."
            )
        if not 0 < self.hit_tolerance_ms <= 200:
            raise InputError(
                f"The tolerance of a hit is {self.hit_tolerance_ms:g} ms; it must be above 0 and at"
                " most 200 ms. Correct it."
            )

    @property
    def range_bpm(self) -> tuple[float, float]:
        """The range of the base tempo."""
        return self.tempo_range_bpm or USUAL_RANGES_BPM[self.metre]

    @property
    def metre_value(self) -> Metre:
        return METRES[self.metre]

    @property
    def divisions(self) -> int:
        """Parts of a beat that hits may fall on."""
        return self.metre_value.divisions if self.hit_unit == "half-beat" else 1

    @property
    def is_constant(self) -> bool:
        return self.fixed_tempo_bpm is not None or self.tempo_room == 0


def transition_weight(transition: Transition) -> float:
    """0.25 for the faintest to 1 for the strongest transition; 2 for a starred one."""
    return STARRED_WEIGHT if transition.starred else 0.25 + 0.75 * transition.strength
