"""Music against the rest: the figure itself, and what is said where nothing can separate."""

from pathlib import Path

import numpy as np
import pytest

from vem_core.data import separation
from vem_core.data.separation import find_separator, open_separator, signal_to_rest_db
from vem_core.errors import InputError


def test_the_ratio_of_energies() -> None:
    music = np.ones((2, 100))
    assert signal_to_rest_db(music, 0.1 * music) == pytest.approx(20.0)
    assert signal_to_rest_db(music, 0 * music) == 120.0
    assert signal_to_rest_db(0 * music, music) == -120.0


def test_a_missing_separator_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(separation.importlib.util, "find_spec", lambda name: None)
    assert find_separator(tmp_path) == ("", "the package 'demucs' is not installed")
    monkeypatch.setattr(separation.importlib.util, "find_spec", lambda name: object())
    name, reason = find_separator(tmp_path)
    assert name == "" and "needs htdemucs.yaml" in reason and str(tmp_path) in reason
    assert open_separator("", tmp_path) is None
    with pytest.raises(InputError, match="needed on every machine that builds, but one has none"):
        open_separator("htdemucs-123", tmp_path)
