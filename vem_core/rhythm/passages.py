"""Which part of the music to play, and where to repeat or leave out bars: one shortest path.

Each interval between two beats of the plan plays one interval between two beats of the music. The
path goes on in the music for free, may jump at bar lines at a price, and prefers music that is
accented at the plan's hits, as intense as the picture, strong at its start and not cut in the
middle of a voice.
"""

from dataclasses import dataclass

import numpy as np

from .harmony import Features, at, between


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MusicMap:
    """What the music offers at each of its beats; arrays (K,), intervals (K - 1,)."""

    beats_s: np.ndarray
    place: np.ndarray
    """Place in the bar, 0 = downbeat."""
    accents: np.ndarray
    """(K - 1, divisions) clarity in [0, 1] of the attack on the beat and on its parts."""
    energy: np.ndarray
    """Loudness rank of each interval within the piece, -0.5 ... 0.5."""
    held: np.ndarray
    """How much of the sound at each beat is tones that sound across it, 0 ... 1."""
    colour: np.ndarray
    """(K - 1, D) sound of each interval, for comparing."""

    @property
    def n_intervals(self) -> int:
        return len(self.beats_s) - 1


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Demand:
    """What the plan asks of each of its L intervals."""

    place: np.ndarray
    """(L,) place in the bar, 0 = downbeat; -1 where it does not matter."""
    may_join: np.ndarray
    """(L,) bool: the music may jump here."""
    hits: np.ndarray
    """(L, divisions) weight of the hit on the beat and on its parts; 0 for none."""
    arousal: np.ndarray
    """(L,) of the picture, minus its mean."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PassageCosts:
    """Prices; the first three are for the whole clip, the others for each event."""

    silent_hits: float = 6.0
    """No attack at any hit."""
    bar_places: float = 5.0
    """Every beat in the wrong place of its bar."""
    energy: float = 4.0
    """Times the covariance of arousal and energy, both within 1 from lowest to highest."""
    join: float = 1.0
    unlike: float = 3.0
    """A join between sounds that have nothing in common."""
    cut_voice: float = 1.5
    """A start, an end or a join across tones that sound on."""
    weak_start: float = 1.5
    """A start without an attack in the quietest part of the piece."""


def map_music(
    features: Features, beats_s: np.ndarray, place: np.ndarray, accents: np.ndarray
) -> MusicMap:
    """Summarise a piece at its beats."""
    level = between(features.level, beats_s)
    rank = np.argsort(np.argsort(level, kind="stable"), kind="stable")
    spread = np.clip(
        np.ptp(20 * np.log10(level + 1e-4)) / 6, 0, 1
    )  # under 6 dB: no contrast to use
    energy = spread * (rank / max(len(level) - 1, 1) - 0.5)
    chroma = np.sqrt(between(features.chroma, beats_s))
    chroma /= np.linalg.norm(chroma, axis=1, keepdims=True) + 1e-6
    colour = between(features.colour, beats_s)
    held = at(features.held, beats_s) / (at(features.level, beats_s) + 0.01)
    return MusicMap(
        beats_s=beats_s,
        place=place,
        accents=accents,
        energy=energy,
        held=np.clip(held, 0, 1),
        colour=np.concatenate([chroma, 0.25 * colour], axis=1),
    )


def join_costs(music: MusicMap, costs: PassageCosts) -> np.ndarray:
    """(K, K - 1): price of playing interval j where the music would go on with interval k.

    Compared are two intervals before and two after the join, as far as the piece has them. Row K -
    1 is the end of the piece, where nothing goes on.
    """
    n = music.n_intervals
    unlike = np.zeros((n + 1, n))
    counts = np.zeros((n + 1, n))
    distance = np.linalg.norm(music.colour[:, None] - music.colour[None], axis=2)
    distance = np.minimum(distance / (np.median(distance) + 1e-6), 2.0) / 2
    for lag in (-2, -1, 0, 1):
        k = np.arange(max(0, -lag), n - max(0, lag) + (lag < 0))
        j = np.arange(max(0, -lag), n - max(0, lag))
        unlike[np.ix_(k, j)] += distance[np.ix_(k + lag, j + lag)]
        counts[np.ix_(k, j)] += 1
    unlike = np.where(counts > 0, unlike / np.maximum(counts, 1), 0.5)
    voices = music.held[:, None] * 0.5 + music.held[None, :-1] * 0.5
    price = costs.join + costs.unlike * unlike + costs.cut_voice * voices
    price[np.arange(n), np.arange(n)] = 0.0
    return price


def choose_passage(music: MusicMap, demand: Demand, costs: PassageCosts | None = None) -> list[int]:
    """The music interval to play in each of the plan's intervals: the cheapest path (Viterbi)."""
    costs = costs or PassageCosts()
    n, length = music.n_intervals, len(demand.place)
    local = _local_costs(music, demand, costs)
    joins = join_costs(music, costs)
    targets = np.flatnonzero(music.place[:-1] == 0)
    targets = targets if len(targets) else np.arange(n)
    total = local[0] + _start_costs(music, costs)
    origin = np.full((length, n), -1, np.int32)
    for i in range(1, length):
        onward = np.concatenate([[np.inf], total[:-1]])
        origin[i] = np.arange(n) - 1
        stuck = not np.isfinite(onward).any()
        if demand.may_join[i] or stuck:
            # Leaving interval k - 1 at beat k for interval j.
            prices = total[:, None] + joins[1:, targets]
            best = prices.argmin(axis=0)
            jump = prices[best, np.arange(len(targets))]
            better = jump < onward[targets]
            onward[targets[better]] = jump[better]
            origin[i, targets[better]] = best[better]
        total = onward + local[i]
    total = total + costs.cut_voice * music.held[1:]
    path = [int(total.argmin())]
    for i in range(length - 1, 0, -1):
        path.append(int(origin[i, path[-1]]))
    return path[::-1]


def _local_costs(music: MusicMap, demand: Demand, costs: PassageCosts) -> np.ndarray:
    """(L, K - 1)"""
    length = len(demand.place)
    wrong = (demand.place[:, None] >= 0) & (demand.place[:, None] != music.place[None, :-1])
    total = costs.bar_places / length * wrong
    weight = demand.hits.sum()
    if weight > 0:
        total = total + costs.silent_hits / weight * (demand.hits @ (1 - music.accents).T)
    return total - costs.energy / length * demand.arousal[:, None] * music.energy[None]


def _start_costs(music: MusicMap, costs: PassageCosts) -> np.ndarray:
    """(K - 1,) no weak or quiet opening, no voice cut in half, rather a downbeat."""
    opening = np.convolve(np.pad(music.energy, (0, 7), mode="edge"), np.ones(8) / 8, "valid")
    weak = 0.5 * (1 - music.accents[:, 0]) + 0.5 * np.clip(0.5 - opening, 0, 1) ** 2
    return costs.weak_start * weak + costs.cut_voice * music.held[:-1]
