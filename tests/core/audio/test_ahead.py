"""Blocks made ahead by a thread: the same blocks, the same errors, nothing left open."""

from collections.abc import Generator

import numpy as np
import pytest

from vem_core.audio.streams import ahead
from vem_core.errors import InputError


def counted(n: int, told: list[str], *, fails: bool = False) -> Generator[np.ndarray]:
    try:
        for number in range(n):
            yield np.full((2, 3), number, np.float32)
        if fails:
            raise InputError("The music breaks off. Export it again.")
    finally:
        told.append("closed")


def test_blocks_come_in_their_order_and_all():
    told: list[str] = []
    assert [block[0, 0] for block in ahead(counted(11, told))] == list(range(11))
    assert told == ["closed"]


def test_an_error_comes_after_the_blocks_before_it():
    told: list[str] = []
    blocks = ahead(counted(2, told, fails=True))
    assert [next(blocks)[0, 0], next(blocks)[0, 0]] == [0, 1]
    with pytest.raises(InputError, match="breaks off"):
        next(blocks)
    assert told == ["closed"]


def test_who_stops_early_leaves_nothing_open():
    told: list[str] = []
    blocks = ahead(counted(1000, told))
    next(blocks)
    blocks.close()
    assert told == ["closed"]
