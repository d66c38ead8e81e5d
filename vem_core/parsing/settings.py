"""What a creator may set about parsing."""

from dataclasses import dataclass
from typing import Literal, get_args

from ..errors import InputError
from ..types import Transition, check_seconds, check_share

DetectorName = Literal["adaptive", "content", "histogram", "transnetv2", "none"]
DETECTORS: tuple[DetectorName, ...] = get_args(DetectorName)

CutMode = Literal["replace", "add"]
"""Manual cuts instead of the detected transitions, or besides them."""

SHORTEST_SHOT_S = 0.3


@dataclass(frozen=True, kw_only=True, slots=True)
class ParseSettings:
    """How transitions are looked for."""

    detector: DetectorName = "adaptive"
    """Who proposes cuts; 'none' finds nothing by itself, for manual cuts alone."""
    sensitivity: float = 0.5
    """0: only the plainest cuts; 1: also faint ones, at the price of false ones."""
    shortest_shot_s: float = SHORTEST_SHOT_S
    """Of two transitions nearer than this the weaker is left out."""
    dissolves: bool = True
    fades: bool = True
    manual_cuts: tuple[Transition, ...] = ()
    """The creator's own, see cut_lists.py."""
    manual_mode: CutMode = "replace"
    keyframe_width: int = 320
    """Pixels; the longer side of a keyframe is no longer than this."""

    def __post_init__(self) -> None:
        if self.detector not in DETECTORS:
            raise InputError(
                f"There is no detector '{self.detector}'; needed is one of {', '.join(DETECTORS)}."
            )
        if self.manual_mode not in get_args(CutMode):
            raise InputError(
                f"Manual cuts cannot '{self.manual_mode}'; needed is one of"
                f" {', '.join(get_args(CutMode))}."
            )
        check_share("The sensitivity", self.sensitivity)
        check_seconds("The shortest shot", self.shortest_shot_s)
        if not 16 <= self.keyframe_width <= 1920:
            raise InputError(
                f"The width of keyframes is {self.keyframe_width}; needed is 16 to 1920 pixels."
            )

    @property
    def finds_transitions(self) -> bool:
        """Whether pixels have a say at all."""
        return self.detector != "none" and not (self.manual_cuts and self.manual_mode == "replace")

    @property
    def caution(self) -> float:
        """Factor on the thresholds of detection: 2 at sensitivity 0, 1 at 0.5, 1/2 at 1."""
        return 2.0 ** (1.0 - 2.0 * self.sensitivity)
