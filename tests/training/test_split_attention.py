"""The split cross-encoder computes what the whole last layer would, read slowly from its definition."""

import pytest
import torch

from training.cross_encoder import save_tokenizer
from training.encoder_source import DEFAULT_ENCODER
from training.split_attention import Folded, SplitCrossEncoder

CUSTOMERS = ["dark coffee beans; mild coffee beans", "tea", "dry dog food; dog toy; leash; wet dog food with salmon"]
PRODUCTS = ["espresso", "organic dry dog food, 10 kg", "a"]

Read = list[torch.Tensor]
"""Hidden states (tokens, d) of each text, without padding."""


@pytest.fixture(scope="module")
def model() -> SplitCrossEncoder:
    """Every trained part away from its start, so that none of them can be left out unnoticed."""
    model = SplitCrossEncoder(DEFAULT_ENCODER).eval()
    torch.manual_seed(0)
    with torch.no_grad():
        model.segment.normal_(std=0.3)
        model.head.weight.normal_(std=0.1)
        for projection in (model.customer_projection, model.product_projection):
            projection.weight.add_(torch.randn_like(projection.weight) * 0.05)
    return model


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    tokenizer = save_tokenizer(DEFAULT_ENCODER, tmp_path_factory.mktemp("tokenizer"))
    return {text: torch.tensor(tokenizer.encode(text).ids) for text in CUSTOMERS + PRODUCTS}


@pytest.fixture(scope="module")
def customers(model: SplitCrossEncoder, tokens: dict[str, torch.Tensor]) -> Read:
    return read_alone(model, tokens, CUSTOMERS)


@pytest.fixture(scope="module")
def products(model: SplitCrossEncoder, tokens: dict[str, torch.Tensor]) -> Read:
    return read_alone(model, tokens, PRODUCTS)


def read_alone(model: SplitCrossEncoder, tokens: dict[str, torch.Tensor], texts: list[str]) -> Read:
    with torch.no_grad():
        return [model.read(tokens[text][None], torch.ones(1, len(tokens[text])))[0] for text in texts]


def padded(parts: list[torch.Tensor], *, filling: float = 0.0) -> tuple[torch.Tensor, torch.Tensor]:
    """One tensor with the given filling after each part's end, and the mask."""
    states = torch.nn.utils.rnn.pad_sequence(parts, batch_first=True, padding_value=filling)
    mask = torch.nn.utils.rnn.pad_sequence([torch.ones(len(part)) for part in parts], batch_first=True)
    return states, mask


def slow_score(model: SplitCrossEncoder, customer: torch.Tensor, product: torch.Tensor) -> float:
    """The last layer as it came from BERT, over the customer's and the product's tokens side by side."""
    joint = torch.cat([customer, product + model.segment])[None]
    with torch.no_grad():
        output = model.last(joint)
        first = (output[0] if isinstance(output, tuple) else output)[0, 0]
        one = model.customer_projection(customer.mean(0))
        other = model.product_projection(product.mean(0))
        cosine = torch.nn.functional.cosine_similarity(one, other, dim=0)
        return float(model.head(first)) + float(model.cosine_weight * cosine)


def fast_scores(model: SplitCrossEncoder, customers: Read, products: Read, *, filling: float = 0.0) -> torch.Tensor:
    """(customers, products), all in one batch."""
    states, mask = padded(products, filling=filling)
    with torch.no_grad():
        folded = model.fold(*padded(customers, filling=filling))
        several = (len(customers), *states.shape)
        return model.score(folded, states.expand(several), mask.expand(several[:-1]))


def test_scores_equal_the_last_layer_over_both_texts(model: SplitCrossEncoder, customers: Read, products: Read) -> None:
    slow = torch.tensor([[slow_score(model, customer, product) for product in products] for customer in customers])
    torch.testing.assert_close(fast_scores(model, customers, products), slow, atol=1e-4, rtol=0)
    assert slow.std() > 0.1  # the pairs differ, so that equality means something


def test_what_stands_in_the_padding_does_not_matter(model: SplitCrossEncoder, customers: Read, products: Read) -> None:
    clean = fast_scores(model, customers, products)
    torch.testing.assert_close(fast_scores(model, customers, products, filling=7.0), clean, atol=1e-5, rtol=0)


def test_a_batch_equals_one_pair_at_a_time(model: SplitCrossEncoder, customers: Read, products: Read) -> None:
    together = fast_scores(model, customers, products)
    for row, customer in enumerate(customers):
        for column, product in enumerate(products):
            alone = fast_scores(model, [customer], [product])
            torch.testing.assert_close(alone[0, 0], together[row, column], atol=1e-4, rtol=0)


def test_reading_in_a_padded_batch_equals_reading_alone(
    model: SplitCrossEncoder, tokens: dict[str, torch.Tensor], customers: Read
) -> None:
    ids, mask = padded([tokens[text] for text in CUSTOMERS])
    with torch.no_grad():
        states = model.read(ids, mask)
    for row, alone in enumerate(customers):
        torch.testing.assert_close(states[row, : len(alone)], alone, atol=1e-4, rtol=0)


def test_extreme_logits_do_not_overflow(model: SplitCrossEncoder, customers: Read, products: Read) -> None:
    loud = [part * 200 for part in customers]
    scores = fast_scores(model, loud, [part * 200 for part in products])
    assert torch.isfinite(scores).all()


def test_only_the_last_layer_and_the_heads_are_trained(model: SplitCrossEncoder) -> None:
    trained = {name.split(".")[0] for name, value in model.named_parameters() if value.requires_grad}
    assert trained == {
        "last",
        "segment",
        "customer_projection",
        "product_projection",
        "head",
        "cosine_weight",
    }
    assert len(model.lower.encoder.layer) == 5


def test_an_untrained_model_scores_by_likeness_alone(customers: Read, products: Read) -> None:
    fresh = SplitCrossEncoder(DEFAULT_ENCODER).eval()
    scores = fast_scores(fresh, customers, products) - fresh.head.bias
    likeness = torch.tensor(
        [[torch.nn.functional.cosine_similarity(c.mean(0), p.mean(0), dim=0) for p in products] for c in customers]
    )
    torch.testing.assert_close(scores / fresh.cosine_weight, likeness, atol=1e-4, rtol=0)
    assert scores[0].argmax() == 0
    assert scores[2].argmax() == 1


def test_the_folded_customer_is_small_and_complete(model: SplitCrossEncoder, customers: Read) -> None:
    with torch.no_grad():
        folded = model.fold(*padded(customers))
    shapes = {name: tuple(part.shape[1:]) for name, part in zip(Folded._fields, folded, strict=True)}
    assert shapes == {
        "query": (12, 384),
        "query_bias": (12,),
        "peak": (12,),
        "denominator": (12,),
        "numerator": (12, 32),
        "residual": (384,),
        "profile": (384,),
    }
