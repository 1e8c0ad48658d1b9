"""Fits the network: one pass over the mixed examples is an epoch."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

import torch
from batches import Batch, batches, pieces
from chancery_ner.labels import GENERAL_AT, IDENTIFIES_AT, LEGAL_AT
from examples import Example
from network import Network
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Recipe:
    """All that decides what comes out, besides the data."""

    base: str = "bge"
    layers: int = 6
    epochs: int = 7
    rate: float = 3e-4
    head_rate: float = 1e-3
    budget: int = 2048
    longest: int = 126
    warm_up: float = 0.1
    seed: int = 20261125
    hidden_words: float = 0.05


def fit(network: Network, recipe: Recipe, epoch_of: Callable[[int], Sequence[Example]]) -> None:
    """`epoch_of(number)` gives the examples of an epoch: written ones are new in each."""
    rng = random.Random(recipe.seed)
    plan = [list(batches(pieces(epoch_of(number), recipe.longest, rng), recipe.budget, rng)) for number in range(recipe.epochs)]
    steps = sum(map(len, plan))
    heads = list(network.heads.parameters())
    optimizer = torch.optim.AdamW(
        [{"params": network.base.parameters(), "lr": recipe.rate}, {"params": heads, "lr": recipe.head_rate}], weight_decay=0.01, fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _factor(step, steps, recipe.warm_up))
    network.train()
    began, shown = time.monotonic(), 0.0
    for step, batch in enumerate(chain.from_iterable(plan), start=1):
        loss = _loss(network, batch, recipe)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        shown += loss.item()
        if step % 50 == 0:
            print(f"step {step}/{steps} loss {shown / 50:.4f} {time.monotonic() - began:.0f}s", file=sys.stderr, flush=True)
            shown = 0.0


def _factor(step: int, steps: int, warm_up: float) -> float:
    warm = max(1, int(steps * warm_up))
    return (step + 1) / warm if step < warm else max(0.0, (steps - step) / max(1, steps - warm))


def _loss(network: Network, batch: Batch, recipe: Recipe) -> Tensor:
    ids = batch.ids
    hidden = (torch.rand(ids.shape) < recipe.hidden_words) & (ids > 103)
    ids = torch.where(hidden, 103, ids)  # [MASK]: the name itself must not be all that is learned
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = network(ids, batch.shapes)
    logits = logits.float()
    known = batch.identifies >= 0
    identifies = (
        functional.binary_cross_entropy_with_logits(logits[..., IDENTIFIES_AT][known], batch.identifies[known]) if known.any() else 0
    )
    return _marginal(logits[..., LEGAL_AT], batch.legal) + _marginal(logits[..., GENERAL_AT], batch.general) + identifies


def _marginal(logits: Tensor, allowed: Tensor) -> Tensor:
    """Minus the log of the probability of the allowed tags, over the pieces where not all are."""
    told = ~allowed.all(-1)
    if not told.any():
        return logits.sum() * 0.0
    logits, allowed = logits[told], allowed[told]
    right = logits.masked_fill(~allowed, -1e4)
    return (logits.logsumexp(-1) - right.logsumexp(-1)).mean()
