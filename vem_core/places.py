"""Where the files lie that come with VeM."""

from pathlib import Path

from .errors import MissingWeightsError

BOX = Path(__file__).parent / "assets" / "models"
"""The folder of the models."""
DEFAULT_MODEL = "vem-score.safetensors"
DEFAULT_ALIGNER = "vem-aligner.safetensors"


def find_model(path: Path | None = None) -> Path:
    """The path of a model file; without a path, of the one that comes with VeM.

    Raises:
        MissingWeightsError: there is no such file.
    """
    path = path or BOX / DEFAULT_MODEL
    if not path.is_file():
        raise MissingWeightsError(
            f"There is no model '{path.name}' in the folder '{path.parent}'. Put a VeM model"
            " (.safetensors) there, or train one with 'vem train'."
        )
    return path
