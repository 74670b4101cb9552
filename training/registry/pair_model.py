"""A foreign cross-encoder: one logit for a pair of texts, checked through the class that serves it."""

import shutil
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from mlflow.models.signature import ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec
from tokenizers import Tokenizer

from models.cross_encoder import Pairs
from models.onnx_session import padded
from models.pair_cross_encoder import GRAPH, PairConfig, PairCrossEncoder, ProductTexts, save_pair_config
from models.release import Stage
from recommender.errors import InvalidInput
from training.registry.graphs import IDS, MASK, SEGMENTS, TokenGraph, adapted, chosen_output, open_graph
from training.registry.probes import TEXTS, require_different, require_finite, require_same
from training.registry.taken import Taken
from training.registry.tokens import (
    TOKENIZER,
    length_limit,
    open_foreign_tokenizer,
    require_length,
    require_vocabulary,
)

OUTPUTS: Final = ("logit", "logits", "score", "scores")
USUAL_TOKENS: Final = 96
"""Of both texts together: 64 for a customer's products and 32 for one product."""
RERANKED: Final = 20
"""Pairs of one request, as the cost is measured."""

_CUSTOMER: Final = f"{TEXTS[1]}; {TEXTS[2]}"


def take_pair_model(
    graph_file: Path,
    tokenizer_file: Path,
    folder: Path,
    *,
    name: str,
    output: str | None = None,
    max_tokens: int | None = None,
) -> Taken:
    """Write model.onnx, tokenizer.json and config.json of the cross-encoder stage into ``folder``.

    `InvalidInput` with the first condition of the contract that it breaks.
    """
    graph, tokenizer = open_graph(graph_file), open_foreign_tokenizer(tokenizer_file)
    limit = length_limit(tokenizer_file, max_tokens, USUAL_TOKENS)
    chosen = chosen_output(graph, output, OUTPUTS)
    _require_one_logit(graph, chosen, tokenizer)
    require_length(graph, chosen, limit)
    require_vocabulary(graph, chosen, tokenizer)
    all_of_them = np.array([-1], dtype=np.int64)
    whole = adapted(
        graph,
        chosen,
        inputs=(IDS, MASK, SEGMENTS),
        result="logit",
        axes=("batch",),
        finish=lambda append, raw: append("Reshape", [raw, all_of_them]),
    )
    onnx.save(whole, str(folder / GRAPH))
    shutil.copyfile(tokenizer_file, folder / TOKENIZER)
    save_pair_config(folder, PairConfig(name=name, max_tokens=limit))
    check_pair_model(folder)
    return Taken(
        stage=Stage.CROSS_ENCODER,
        folder=folder,
        signature=_signature(),
        example={"text": [_CUSTOMER, _CUSTOMER], "product": list(TEXTS[:2])},
        facts={"max_tokens": limit, "output": chosen, "milliseconds_for_20_pairs": measured_ms(folder)},
    )


def check_pair_model(folder: Path) -> None:
    """The contract of the cross-encoder stage. `InvalidInput` names what is broken."""
    model = PairCrossEncoder(folder, texts=_products())
    items = np.arange(len(TEXTS), dtype=np.int64)
    together = model.score([Pairs(_CUSTOMER, items)])[0]
    alone = np.concatenate([model.score([Pairs(_CUSTOMER, items[row : row + 1])])[0] for row in items.tolist()])
    require_finite(together, "logit", TEXTS)
    require_same(alone, together, "logit", "logits of one pair")
    backwards = model.score([Pairs(_CUSTOMER, items[::-1])])[0][::-1]
    require_same(together, backwards, "logit", "logits of one pair in another order of the batch")
    require_different(together, "logit", "the logits of different products")
    long = " ".join([*TEXTS] * model.config.max_tokens)
    require_finite(model.logits([(long, long), ("", TEXTS[0]), ("", "")]), "logit", "long and empty texts")


def measured_ms(folder: Path) -> float:
    """Milliseconds for one request on this machine with one thread: the median of five."""
    model = PairCrossEncoder(folder, texts=_products())
    items = np.resize(np.arange(len(TEXTS), dtype=np.int64), RERANKED)
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        model.score([Pairs(_CUSTOMER, items)])
        seconds.append(time.perf_counter() - began)
    return round(float(np.median(seconds)) * 1000, 2)


def _products() -> ProductTexts:
    return ProductTexts(np.array(TEXTS, dtype=object))


def _require_one_logit(graph: TokenGraph, output: str, tokenizer: Tokenizer) -> None:
    """`InvalidInput` unless three pairs have three numbers."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    encoded = tokenizer.encode_batch([(_CUSTOMER, text) for text in TEXTS[:3]])
    ids, mask = padded([one.ids for one in encoded])
    segments, _ = padded([one.type_ids for one in encoded])
    shape = graph.run(output, ids, mask, segments).shape
    if shape not in ((3,), (3, 1)):
        reason = "must be one logit per pair, (batch,) or (batch, 1); for three pairs it is not"
        raise InvalidInput(f"{GRAPH} output {output}", list(shape), reason)


def _signature() -> Any:  # noqa: ANN401 - MLflow is untyped here
    logit = TensorSpec(np.dtype(np.float32), (-1,), "logit")
    given = Schema([ColSpec("string", "text"), ColSpec("string", "product")])
    return ModelSignature(inputs=given, outputs=Schema([logit]))
