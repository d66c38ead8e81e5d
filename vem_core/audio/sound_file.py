"""Sound to WAV or FLAC files, written whole."""

from pathlib import Path

from ..errors import MediaError
from ..files import whole_file
from ..types import Audio, Samples, samples_of

FORMATS = {".wav": "PCM_24", ".flac": "PCM_24"}


def check_sound_name(path: str | Path) -> None:
    """Raise MediaError unless the suffix names a format that is written here."""
    if Path(path).suffix.lower() not in FORMATS:
        raise MediaError(
            f"'{Path(path).name}' does not end in .wav or .flac; sound is written as one of these."
            " Change the ending."
        )


def write_sound(audio: Audio | Samples, path: str | Path) -> None:
    """Write 24-bit WAV or FLAC; what lies beyond full scale is clipped, as these formats must.

    Raises:
        MediaError: another suffix, or the file cannot be written.
    """
    import soundfile

    check_sound_name(path)
    samples = samples_of(audio).values.T
    with whole_file(path) as temporary:
        try:
            soundfile.write(
                temporary, samples, audio.sample_rate, subtype=FORMATS[Path(path).suffix.lower()]
            )
        except soundfile.LibsndfileError as error:
            raise MediaError(f"'{path}' cannot be written ({error}). Free some space.") from error
