"""Which files a path stands for: a model may be a folder as exporters leave it, or single files."""

from pathlib import Path
from typing import Final

from recommender.errors import InvalidInput

GRAPHS: Final = ("model.onnx", "onnx/model.onnx")
MATRICES: Final = ("matrix.npy", "matrix.npz", "factors.npy", "factors.npz")
IDS: Final = ("items.json", "items.txt", "items.npy")
TOKENIZERS: Final = ("tokenizer.json",)


def model_file(path: Path, names: tuple[str, ...]) -> Path:
    """The file itself, or the first of ``names`` in the folder; `InvalidInput` where there is none."""
    if path.is_dir():
        return _in_folder("path", path, names)
    if not path.is_file():
        raise InvalidInput("path", str(path), "there is no such file or folder")
    return path


def companion(field: str, given: Path | None, path: Path, names: tuple[str, ...]) -> Path:
    """The file that was given, or the first of ``names`` in the model's folder or beside its file."""
    if given is not None:
        return given
    return _in_folder(field, path if path.is_dir() else path.parent, names)


def _in_folder(field: str, folder: Path, names: tuple[str, ...]) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise InvalidInput(field, str(folder), f"holds none of {', '.join(names)}")
