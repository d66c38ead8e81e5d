"""Walks the figures of a part over the bars of the piece."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from .draft import ALWAYS
from .form import Form
from .grid import Grid
from .style import Figure
from .theory import Span

REST = "."
HOLD = "-"


@dataclass(frozen=True, slots=True)
class Event:
    """One sign of a figure: it sounds where the intensity lies in [low, high)."""

    step: int
    length: int
    sign: str
    low: float
    high: float
    span: int
    """Index of the chord it meets."""


def walk(
    figures: tuple[Figure, ...], grid: Grid, form: Form, spans: list[Span], enters: float
) -> Iterator[Event]:
    """Every event of every figure; notes held over a chord change are struck again there."""
    starts = [figure.start for figure in figures[1:]] + [ALWAYS]
    bounds = [span.start for span in spans]
    for figure, high in zip(figures, starts, strict=True):
        low = max(figure.start, enters)
        if high <= low:
            continue
        for step, length, sign in _signs(figure.grid, grid, form):
            for at, until, span in _split(step, step + length, spans, bounds):
                yield Event(at, until - at, sign, low, high, span)


def _signs(pattern: str, grid: Grid, form: Form) -> Iterator[tuple[int, int, str]]:
    size = grid.bar_steps
    n_bars = len(pattern) // size
    for phrase in form.phrases:
        for i, bar in enumerate(phrase.bars):
            k = i % n_bars
            signs = pattern[k * size : (k + 1) * size][: bar.length]
            if phrase.upbeat and i == 0:  # the end of the bar is what leads in
                signs = pattern[k * size : (k + 1) * size][-bar.length :]
            yield from _read(signs, bar.start)


def _read(signs: str, start: int) -> Iterator[tuple[int, int, str]]:
    at = 0
    while at < len(signs):
        sign = signs[at]
        if sign in (REST, HOLD):
            at += 1
            continue
        end = at + 1
        while end < len(signs) and signs[end] == HOLD:
            end += 1
        yield start + at, end - at, sign
        at = end


def _split(
    start: int, end: int, spans: list[Span], bounds: list[int]
) -> Iterator[tuple[int, int, int]]:
    i = max(bisect_right(bounds, start) - 1, 0)
    while i < len(spans) and spans[i].start < end:
        yield max(start, spans[i].start), min(end, spans[i].end), i
        i += 1
