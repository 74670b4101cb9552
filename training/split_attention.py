"""The torch side of the cross-encoder: MiniLM with its lower layers apart and its last layer joint."""

import math
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from training.encoder_source import open_sentence_encoder

START_COSINE_WEIGHT: Final = 5.0


class Folded(NamedTuple):
    """The customer's half of the last layer, batch first. h heads of width w, hidden size d = h·w."""

    query: Tensor
    """(b, h, d) the [CLS] query with the key projection absorbed, scaled by 1/√w."""
    query_bias: Tensor
    """(b, h) what the key bias adds to every product token's logit."""
    peak: Tensor
    """(b, h) largest logit over the customer's own tokens."""
    denominator: Tensor
    """(b, h) Σ exp(logit − peak) over the customer's tokens."""
    numerator: Tensor
    """(b, h, w) Σ exp(logit − peak) · value."""
    residual: Tensor
    """(b, d) hidden state of [CLS]."""
    profile: Tensor
    """(b, d) unit vector for the late-interaction term."""


class SplitCrossEncoder(nn.Module):
    """Layers 1…L−1 frozen and apart; the last one, two projections and a linear head are trained.

    score = head(last layer at the customer's [CLS], attending over both) + a · cos(A·mean(customer), B·mean(product))
    """

    def __init__(self, base: str) -> None:
        super().__init__()
        bert = open_sentence_encoder(base)[0].model
        self.heads: int = bert.config.num_attention_heads
        self.width: int = bert.config.hidden_size // self.heads
        hidden = bert.config.hidden_size
        self.last = bert.encoder.layer[-1]
        bert.encoder.layer = bert.encoder.layer[:-1]
        self.lower = bert.requires_grad_(False)
        self.segment = nn.Parameter(torch.zeros(hidden))
        self.customer_projection = nn.Linear(hidden, hidden, bias=False)
        self.product_projection = nn.Linear(hidden, hidden, bias=False)
        for projection in (self.customer_projection, self.product_projection):
            nn.init.eye_(projection.weight)
        self.head = nn.Linear(hidden, 1)
        nn.init.zeros_(self.head.weight)
        self.cosine_weight = nn.Parameter(torch.tensor(START_COSINE_WEIGHT))

    def read(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Hidden states after the frozen layers, (b, tokens, d)."""
        return self.lower(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    def fold(self, states: Tensor, mask: Tensor) -> Folded:
        """Everything about the customers that does not depend on a product; ``mask`` is 1 for real tokens."""
        attention = self.last.attention.self
        query = self._split(attention.query(states[:, 0])) / math.sqrt(self.width)  # (b, h, w)
        key_weight = attention.key.weight.view(self.heads, self.width, -1)
        absorbed = torch.einsum("bhw,hwd->bhd", query, key_weight)
        bias = torch.einsum("bhw,hw->bh", query, attention.key.bias.view(self.heads, self.width))
        logits = torch.einsum("bhd,btd->bht", absorbed, states) + bias[..., None]
        logits = logits.masked_fill(mask[:, None] == 0, -1e9)
        peak = logits.amax(-1)
        weight = torch.exp(logits - peak[..., None])
        values = attention.value(states).view(*states.shape[:2], self.heads, self.width)
        numerator = torch.einsum("bht,bthw->bhw", weight, values)
        profile = nn.functional.normalize(self.customer_projection(_mean(states, mask)), dim=-1)
        return Folded(absorbed, bias, peak, weight.sum(-1), numerator, states[:, 0], profile)

    def score(self, folded: Folded, states: Tensor, mask: Tensor) -> Tensor:
        """Logits (b, n) for n products per customer; states (b, n, tokens, d), mask (b, n, tokens)."""
        marked = states + self.segment
        logits = torch.einsum("bhd,bntd->bnht", folded.query, marked) + folded.query_bias[:, None, :, None]
        logits = logits.masked_fill(mask[:, :, None] == 0, -1e9)
        peak = torch.maximum(folded.peak[:, None], logits.amax(-1))  # (b, n, h)
        weight = torch.exp(logits - peak[..., None])
        own = torch.exp(folded.peak[:, None] - peak)
        total = folded.denominator[:, None] * own + weight.sum(-1)
        mixed = folded.numerator[:, None] * own[..., None] + self._values(weight, marked)
        joint = self._finish((mixed / total[..., None]).flatten(-2), folded.residual[:, None])
        product = nn.functional.normalize(self.product_projection(_mean(states, mask)), dim=-1)
        cosine = torch.einsum("bd,bnd->bn", folded.profile, product)
        return self.head(joint).squeeze(-1) + self.cosine_weight * cosine

    def _values(self, weight: Tensor, marked: Tensor) -> Tensor:
        """Σ weight · value, projecting the weighted mean of states once per head instead of every token."""
        value = self.last.attention.self.value
        pooled = torch.einsum("bnht,bntd->bnhd", weight, marked)
        projected = torch.einsum("bnhd,hwd->bnhw", pooled, value.weight.view(self.heads, self.width, -1))
        return projected + weight.sum(-1)[..., None] * value.bias.view(self.heads, self.width)

    def _finish(self, attended: Tensor, residual: Tensor) -> Tensor:
        """The rest of a post-norm transformer layer at one position."""
        output = self.last.attention.output
        attended = output.LayerNorm(output.dense(attended) + residual)
        return self.last.output.LayerNorm(self.last.output.dense(self.last.intermediate(attended)) + attended)

    def _split(self, vector: Tensor) -> Tensor:
        return vector.view(*vector.shape[:-1], self.heads, self.width)


class CustomerGraph(nn.Module):
    """Token ids of customers' texts → `Folded`, for export."""

    def __init__(self, model: SplitCrossEncoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Folded:
        """(b, tokens) twice → the seven tensors of `Folded`."""
        return self.model.fold(self.model.read(input_ids, attention_mask), attention_mask)


class ScoreGraph(nn.Module):
    """One folded customer and n products → n logits, for export."""

    def __init__(self, model: SplitCrossEncoder) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        query: Tensor,
        query_bias: Tensor,
        peak: Tensor,
        denominator: Tensor,
        numerator: Tensor,
        residual: Tensor,
        profile: Tensor,
        states: Tensor,
        mask: Tensor,
    ) -> Tensor:
        """The fields of `Folded` without the batch axis, states (n, tokens, d) and mask (n, tokens) → (n,)."""
        parts = (query, query_bias, peak, denominator, numerator, residual, profile)
        folded = Folded(*(part[None] for part in parts))
        return self.model.score(folded, states[None], mask[None])[0]


def _mean(states: Tensor, mask: Tensor) -> Tensor:
    """Mean over real tokens."""
    weight = mask.to(states.dtype)[..., None]
    return (states * weight).sum(-2) / weight.sum(-2).clamp(min=1.0)
