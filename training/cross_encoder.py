"""Fine-tunes the cross-encoder on a shop's own purchases and writes its two graphs and the product states."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from models.cross_encoder import CrossEncoderConfig, ProductStates, quantise, save_cross_encoder_config
from models.onnx_session import open_tokenizer, token_batches
from recommender.customer_text import customer_text
from training.collaborative import MIN_BASKETS
from training.dataset import Dataset
from training.encoder_source import DEFAULT_ENCODER, open_sentence_encoder
from training.onnx_export import export_onnx
from training.split_attention import CustomerGraph, Folded, ScoreGraph, SplitCrossEncoder

CUSTOMER_TOKENS: Final = 64
PRODUCT_TOKENS: Final = 24
NEGATIVES: Final = 7
LABEL_DAYS: Final = 14.0

Progress = Callable[[str, int, int], None]
"""Called with the step's name, what is done and the total."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long to train. Steps make a run reproducible; the seconds are a guard for slow machines."""

    customers: int
    """Customers whose purchases are learnt from."""
    steps: int
    batch: int = 32
    """Lists of 1 + NEGATIVES products per step."""
    seconds: float = float("inf")
    learning_rate: float = 3e-4
    head_learning_rate: float = 1e-3


QUICK: Final = Effort(customers=1200, steps=120, seconds=60.0)
THOROUGH: Final = Effort(customers=20_000, steps=3000)


@dataclass(frozen=True, slots=True)
class Example:
    """A customer text with what they bought next and what they did not."""

    text: int
    positives: NDArray[np.int64]
    own: NDArray[np.int64]
    """Products bought before but not next: the negatives that the pipeline's own candidates are made of."""


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What happened, for MLflow."""

    losses: list[float]
    """Mean softmax loss of each step; ln(1 + NEGATIVES) ≈ 2.08 is chance."""
    seconds: float
    stopped_early: bool


def train_cross_encoder(
    data: Dataset,
    folder: Path,
    *,
    cut: float,
    effort: Effort,
    base: str = DEFAULT_ENCODER,
    seed: int = 0,
    progress: Progress = lambda name, done, total: None,
) -> TrainingReport:
    """Learn from the purchases before ``cut`` and write the artifact, its items in the order of ``data.catalog``."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = SplitCrossEncoder(base).eval()  # dropout stays off: few steps, frozen lower layers
    tokenizer = save_tokenizer(base, folder)
    known = data.before(cut).baskets >= MIN_BASKETS
    states = read_products(model, data.catalog.name, known, folder, progress)
    texts, examples = gather_examples(data, cut, known, effort.customers, rng)
    customers = read_customers(model, tokenizer, texts, progress)
    popularity = np.where(known, data.before(cut).baskets, 0).astype(np.float64)
    report = _fit(model, states, customers, examples, popularity, effort, rng, progress)
    export(model, folder)
    states.save(folder)
    config = CrossEncoderConfig(base=base, customer_tokens=CUSTOMER_TOKENS, product_tokens=PRODUCT_TOKENS)
    save_cross_encoder_config(folder, config)
    return report


def gather_examples(
    data: Dataset, cut: float, known: NDArray[np.bool_], customers: int, rng: np.random.Generator
) -> tuple[list[str], list[Example]]:
    """Texts as of two weeks before the cut, and what those customers bought in the two weeks."""
    start = cut - LABEL_DAYS * 86_400.0
    past, labels = data.before(start), data.before(cut).window(start, LABEL_DAYS)
    buyers = np.intersect1d(past.customers, labels.customers)
    texts: list[str] = []
    examples: list[Example] = []
    for user in rng.permutation(buyers)[:customers].tolist():
        bought, owned = labels.items_of(user), past.items_of(user)
        positives = _rows(bought, known)
        if len(positives):
            examples.append(Example(len(texts), positives, _rows(owned - bought, known)))
            texts.append(customer_text(past.history(user), data.catalog))
    return texts, examples


def read_products(
    model: SplitCrossEncoder, name: NDArray[np.object_], known: NDArray[np.bool_], folder: Path, progress: Progress
) -> ProductStates:
    """Quantised states of the distinct names of the known products."""
    texts, position = np.unique(np.char.lower(name[known].astype(str)), return_inverse=True)
    row = np.full(len(name), -1, dtype=np.int32)
    row[known] = position
    tokenizer = open_tokenizer(folder / "tokenizer.json", max_tokens=PRODUCT_TOKENS)
    tokens, scales, lengths = [], [], np.zeros(len(texts), dtype=np.int64)
    order: list[int] = []
    for states, mask, rows in _read(model, tokenizer, texts.tolist(), "reading products", progress):
        for state, length, text in zip(states, mask.sum(1), rows, strict=True):
            quantised, scale = quantise(state[:length])
            tokens.append(quantised)
            scales.append(scale)
            lengths[text] = length
            order.append(int(text))
    return _in_text_order(tokens, scales, lengths, order, row)


def read_customers(
    model: SplitCrossEncoder, tokenizer: Tokenizer, texts: list[str], progress: Progress
) -> tuple[torch.Tensor, torch.Tensor]:
    """States (customers, tokens, d) and mask (customers, tokens), padded to the longest."""
    hidden = torch.zeros(len(texts), CUSTOMER_TOKENS, model.heads * model.width)
    masks = torch.zeros(len(texts), CUSTOMER_TOKENS, dtype=torch.long)
    for states, mask, rows in _read(model, tokenizer, texts, "reading customers", progress):
        hidden[rows, : states.shape[1]] = torch.from_numpy(states)
        masks[rows, : mask.shape[1]] = torch.from_numpy(mask)
    return hidden, masks


def export(model: SplitCrossEncoder, folder: Path) -> None:
    """Write customer.onnx and score.onnx."""
    ids, mask = torch.randint(5, 100, (2, 9)), torch.ones(2, 9, dtype=torch.long)
    tokens = {0: "batch", 1: "tokens"}
    export_onnx(
        CustomerGraph(model),
        (ids, mask),
        folder / "customer.onnx",
        inputs=["input_ids", "attention_mask"],
        outputs=Folded._fields,
        dynamic={"input_ids": tokens, "attention_mask": tokens},
    )
    with torch.no_grad():
        states = model.read(ids, mask)
        folded = [part[0] for part in model.fold(states, mask)]
    products = {0: "products", 1: "product_tokens"}
    export_onnx(
        ScoreGraph(model),
        (*folded, states, mask.float()),
        folder / "score.onnx",
        inputs=[*Folded._fields, "states", "mask"],
        outputs=["logit"],
        dynamic={"states": products, "mask": products},
    )


def save_tokenizer(base: str, folder: Path) -> Tokenizer:
    """Write tokenizer.json and open it for customers' texts."""
    folder.mkdir(parents=True, exist_ok=True)
    open_sentence_encoder(base).tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    return open_tokenizer(folder / "tokenizer.json", max_tokens=CUSTOMER_TOKENS)


def _fit(
    model: SplitCrossEncoder,
    states: ProductStates,
    customers: tuple[torch.Tensor, torch.Tensor],
    examples: list[Example],
    popularity: NDArray[np.float64],
    effort: Effort,
    rng: np.random.Generator,
    progress: Progress,
) -> TrainingReport:
    """Softmax over one bought product and NEGATIVES that were not, AdamW, 5 % warm-up, then linear to 0."""
    optimiser = _optimiser(model, effort)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / (0.05 * effort.steps + 1), 1.0 - step / effort.steps)
    )
    draw = popularity / popularity.sum() if len(examples) else popularity
    began, losses = time.monotonic(), list[float]()
    for step in range(effort.steps if examples else 0):
        if time.monotonic() - began > effort.seconds:
            return TrainingReport(losses, time.monotonic() - began, stopped_early=True)
        chosen = [examples[row] for row in rng.integers(0, len(examples), effort.batch)]
        items = np.stack([draw_list(example, draw, rng) for example in chosen])
        loss = _loss(model, states, customers, [example.text for example in chosen], items)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        progress("training", step + 1, effort.steps)
    return TrainingReport(losses, time.monotonic() - began, stopped_early=False)


def draw_list(example: Example, draw: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """One bought product first, then NEGATIVES: half from the customer's own past, the rest by popularity."""
    positive = rng.choice(example.positives)
    own = rng.permutation(example.own)[: NEGATIVES // 2]
    popular = rng.choice(len(draw), size=4 * NEGATIVES, p=draw)
    fresh = popular[~np.isin(popular, example.positives)]
    negatives = np.concatenate([own, fresh, popular])[:NEGATIVES]
    return np.concatenate([[positive], negatives]).astype(np.int64)


def _loss(
    model: SplitCrossEncoder,
    states: ProductStates,
    customers: tuple[torch.Tensor, torch.Tensor],
    texts: list[int],
    items: NDArray[np.int64],
) -> torch.Tensor:
    hidden, masks = customers
    product, mask = states.of(items.ravel())
    shape = (*items.shape, product.shape[1])
    folded = model.fold(hidden[texts], masks[texts])
    logits = model.score(folded, torch.from_numpy(product).view(*shape, -1), torch.from_numpy(mask).view(shape))
    return torch.nn.functional.cross_entropy(logits, torch.zeros(len(items), dtype=torch.long))


def _optimiser(model: SplitCrossEncoder, effort: Effort) -> torch.optim.Optimizer:
    body = [*model.last.parameters(), model.segment]
    heads = [
        *model.head.parameters(),
        *model.customer_projection.parameters(),
        *model.product_projection.parameters(),
        model.cosine_weight,
    ]
    groups = [{"params": body, "lr": effort.learning_rate}, {"params": heads, "lr": effort.head_learning_rate}]
    return torch.optim.AdamW(groups)


def _read(
    model: SplitCrossEncoder, tokenizer: Tokenizer, texts: list[str], step: str, progress: Progress
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.intp]]]:
    """Frozen-layer states of the texts, in batches: (states, mask, rows)."""
    done = 0
    for rows, ids, mask in token_batches(tokenizer, texts, 64):
        with torch.inference_mode():
            states = model.read(torch.from_numpy(ids), torch.from_numpy(mask)).numpy()
        done += len(rows)
        progress(step, done, len(texts))
        yield states, mask, rows


def _in_text_order(
    tokens: list[NDArray[np.int8]],
    scales: list[NDArray[np.float32]],
    lengths: NDArray[np.int64],
    order: list[int],
    row: NDArray[np.int32],
) -> ProductStates:
    """Batches came sorted by length; the file is sorted by text, so that offsets are plain sums."""
    if not tokens:  # a shop whose products were all bought too rarely
        nothing = np.zeros((0, 1), dtype=np.int8), np.zeros(0, dtype=np.float32)
        return ProductStates(*nothing, np.zeros(1, dtype=np.int64), row)
    back = np.argsort(order)
    offset = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    sorted_tokens = np.concatenate([tokens[place] for place in back])
    return ProductStates(sorted_tokens, np.concatenate([scales[place] for place in back]), offset, row)


def _rows(items: set[int], known: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.array(sorted(item for item in items if known[item]), dtype=np.int64)
