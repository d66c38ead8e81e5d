"""What the tests of the codecs share."""

import pytest

from vem_core.codecs.score.soundbank import SoundBank


@pytest.fixture(scope="session")
def bank() -> SoundBank:
    """Decoded once for all tests."""
    return SoundBank()
