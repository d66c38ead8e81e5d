"""Files of ComfyUI's own folders: input, output and temp; nothing outside is read or written."""
# pyright: reportMissingImports=false

import os
from pathlib import Path

import folder_paths

from ..vem_core.errors import InputError


def list_files(kind: str) -> list[str]:
    """Names of the input folder's files whose content is `kind`: 'video' or 'audio'."""
    folder = folder_paths.get_input_directory()
    names = [name for name in os.listdir(folder) if os.path.isfile(os.path.join(folder, name))]
    return sorted(folder_paths.filter_files_content_types(names, [kind]))


def find_file(name: str) -> Path:
    """The file that a widget names: 'clip.mp4', 'folder/clip.mp4' or 'clip.mp4 [output]'.

    Raises:
        InputError: no such file, or one outside ComfyUI's input, output and temp folders.
    """
    if not name.strip():
        raise InputError("No file is chosen. Choose one, or upload it.")
    if "\0" in name:
        raise InputError("The name of the file holds a character that no name has. Correct it.")
    plain, folder = folder_paths.annotated_filepath(name)
    root = Path(folder or folder_paths.get_input_directory()).resolve()
    path = (root / plain).resolve()
    if not path.is_relative_to(root):
        raise InputError(
            f"'{name}' lies outside ComfyUI's {root.name} folder. Copy the file into the input"
            " folder and choose it there."
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
