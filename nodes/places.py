"""Files of ComfyUI's own folders: input, output and temp; nothing outside is read or written.

A creator who keeps footage elsewhere allows its folder in ComfyUI's extra_model_paths.yaml, under
the name FOOTAGE; no workflow can do that.
"""
# pyright: reportMissingImports=false

import os
from pathlib import Path

import folder_paths

from ..vem_core.errors import InputError

FOOTAGE = "vem_footage"


def list_files(kind: str) -> list[str]:
    """Files whose content is `kind`, 'video' or 'audio': names of those in the input folder, then
    paths of those in folders that the creator allowed."""
    found = _files_in(Path(folder_paths.get_input_directory()), kind)
    return [path.name for path in found] + [
        str(path) for folder in allowed_folders() for path in _files_in(folder, kind)
    ]


def _files_in(folder: Path, kind: str) -> list[Path]:
    names = [entry.name for entry in os.scandir(folder) if entry.is_file()]
    return [
        folder / name for name in sorted(folder_paths.filter_files_content_types(names, [kind]))
    ]


def allowed_folders() -> list[Path]:
    """Folders outside ComfyUI's own whose files may be read, as far as they exist."""
    named = folder_paths.folder_names_and_paths.get(FOOTAGE, ([],))[0]
    return [folder for folder in map(Path, named) if folder.is_dir()]


def find_file(name: str) -> Path:
    """The file that a widget names: 'clip.mp4', 'folder/clip.mp4', 'clip.mp4 [output]', or a whole
    path in a folder that the creator allowed.

    Raises:
        InputError: no such file, or one outside of these folders.
    """
    if not name.strip():
        raise InputError("No file is chosen. Choose one, or upload it.")
    if "\0" in name:
        raise InputError("The name of the file holds a character that no name has. Correct it.")
    plain, folder = folder_paths.annotated_filepath(name)
    root = Path(folder or folder_paths.get_input_directory()).resolve()
    path = (root / plain).resolve()
    allowed = [root, *(folder.resolve() for folder in allowed_folders())]
    if not any(path.is_relative_to(one) for one in allowed):
        raise InputError(
            f"'{name}' lies outside ComfyUI's {root.name} folder. Copy the file into the input"
            f" folder and choose it there, or allow its folder: {FOOTAGE} in"
            " extra_model_paths.yaml."
        )
    if path.is_dir():
        raise InputError(f"'{name}' is a folder; a file is needed. Choose a file in it.")
    if not path.is_file():
        raise InputError(
            f"There is no file '{name}' in ComfyUI's {root.name} folder. Copy or upload it there."
        )
    return path


def file_stamp(name: str) -> str:
    """Changes when the file changes; for fingerprint_inputs."""
    try:
        stat = find_file(name).stat()
    except (InputError, OSError):
        return f"absent {name}"
    return f"{name} {stat.st_mtime_ns} {stat.st_size}"


def new_output(prefix: str, suffix: str) -> tuple[Path, str]:
    """A free path in the output folder for a prefix such as 'VeM/film', and its subfolder.

    Raises:
        InputError: the prefix leads out of the output folder.
    """
    root = Path(folder_paths.get_output_directory()).resolve()
    if not prefix.strip() or "\0" in prefix or not (root / prefix).resolve().is_relative_to(root):
        raise InputError(
            f"'{prefix}' is no name inside ComfyUI's output folder. Give one, such as VeM/film."
        )
    folder, stem, number, subfolder, _ = folder_paths.get_save_image_path(prefix, str(root))
    path = Path(folder) / f"{stem}_{number:05}_{suffix}"
    while path.exists():
        number += 1
        path = path.with_name(f"{stem}_{number:05}_{suffix}")
    return path, subfolder


def new_temp(stem: str, suffix: str) -> Path:
    """A free path in the temp folder, which ComfyUI empties when it starts."""
    folder = Path(folder_paths.get_temp_directory())
    folder.mkdir(parents=True, exist_ok=True)
    number = 1
    while (path := folder / f"{stem}_{number:05}_{suffix}").exists():
        number += 1
    return path
