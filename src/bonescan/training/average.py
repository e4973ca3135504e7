"""Averages of a network's weights: over its last steps, and with those it started from.

Both are steadier than the last step, and more so far from the training data.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """Exponential average of all weights and of the statistics of batch norms.

    Args:
        network: Gives the start.
        decay: Share of the average that a step keeps; 0 averages nothing.

    Attributes:
        state: State dict of the average; empty where nothing is averaged.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._decay = decay
        self.state: dict[str, Tensor] = {k: v.clone() for k, v in network.state_dict().items()} if decay else {}

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take in the weights after a step; early ones count less, since little has been learned by then."""
        if not self.state:
            return
        decay = min(self._decay, (1 + step) / (10 + step))
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                self.state[name].lerp_(value, 1 - decay)
            else:
                self.state[name].copy_(value)

    @contextmanager
    def applied(self, network: nn.Module) -> Iterator[None]:
        """Put the average into the network for a while."""
        with _holding(network, self.state or network.state_dict()):
            yield


@contextmanager
def drawn_back(network: nn.Module, start: dict[str, Tensor], share: float) -> Iterator[None]:
    """Put a share of the weights that training started from into the network for a while.

    A network that was trained on, on other patients than before, forgets some of what it knew; on the straight way
    between both there is often one that keeps it and has learned most of the new. Source: Wortsman et al., Robust
    fine-tuning of zero-shot models, CVPR 2022.

    Args:
        network: Trained.
        start: Its state dict before the first step; empty leaves it as it is.
        share: Of the start, 0 to 1.
    """
    mixed = {
        name: value.lerp(start[name].to(value.device), share) if start and value.is_floating_point() else value
        for name, value in network.state_dict().items()
    }
    with _holding(network, mixed):
        yield


@contextmanager
def _holding(network: nn.Module, state: dict[str, Tensor]) -> Iterator[None]:
    """Let the network have these weights for a while."""
    own = {name: value.clone() for name, value in network.state_dict().items()}
    network.load_state_dict(state)
    try:
        yield
    finally:
        network.load_state_dict(own)
