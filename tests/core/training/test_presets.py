"""Training settings as JSON."""

import json

import pytest

from vem_core.errors import InputError
from vem_core.training.presets import PRESETS, settings_from_json, settings_to_json


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_settings_and_json_are_inverse(name: str) -> None:
    assert settings_from_json(settings_to_json(PRESETS[name])) == PRESETS[name]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"speed": 3}, "miss or do not know: speed"),
        ({"width": "wide"}, "'width' of the training settings is 'wide'"),
        ({"codec": 5}, "settings.codec are not a JSON object"),
        ({"codec": {"drums": 16}}, "settings.codec miss or do not know: bass"),
    ],
)
def test_wrong_settings_get_one_sentence(change: dict, sentence: str) -> None:
    data = {**json.loads(settings_to_json(PRESETS["small"])), **change}
    with pytest.raises(InputError, match=sentence):
        settings_from_json(json.dumps(data))
    with pytest.raises(InputError, match="are not JSON"):
        settings_from_json("{")
