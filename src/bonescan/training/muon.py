"""Muon: each step turns every channel of a convolution by an equal share, whatever the size of its gradient.

Adam scales each weight apart; most of a convolution's step then goes into a few directions that all channels share.
Muon makes the momentum of a whole layer orthogonal, so that rare directions, a small lesion's edge among much normal
bone, move as much as common ones. Convolutions that a batch norm follows are kept at a fixed norm, which changes
nothing they compute and makes the step relative: 0.03 turns a layer by 3 %. All else steps as AdamW does.

Sources: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"; for convolutions under batch
norm, Jordan 2024, "94% on CIFAR-10 in 3.29 seconds on a single GPU" and its successors.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Quintic whose iteration draws singular values to about 1 fast. Source: Jordan et al. 2024."""
_EPSILON = 1e-8


class Muon(torch.optim.AdamW):
    """Orthogonal steps for convolutions under a batch norm, those of AdamW for all else.

    Args:
        network: Answers as before: what scales a convolution is taken into the statistics of its batch norm.
        lr: Of AdamW.
        turn: Of the orthogonal steps, as a multiple of `lr`: the share by which a layer turns.
        momentum: Of the orthogonal steps, Nesterov's.
        weight_decay: Of AdamW's matrices.
        dtype: In which steps are made orthogonal; bfloat16 does where the machine has it.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        lr: float,
        turn: float,
        momentum: float,
        weight_decay: float,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        pairs = normalised(network)
        turned = [convolution.weight for _, convolution, _ in pairs]
        known = {id(weight) for weight in turned}
        others = [p for p in network.parameters() if id(p) not in known]
        groups = [
            {"params": turned, "turn": turn, "momentum": momentum},
            {"params": [p for p in others if p.ndim > 1], "turn": 0.0},
            # Norms and biases are not drawn to zero: they set levels, they do not fit noise.
            {"params": [p for p in others if p.ndim <= 1], "turn": 0.0, "weight_decay": 0.0},
        ]
        self._dtype = dtype
        super().__init__(groups, lr=lr, weight_decay=weight_decay)
        for _, convolution, norm in pairs:
            scale = to_norm(convolution.weight.detach())
            norm.get_buffer("running_mean").mul_(scale)
            norm.get_buffer("running_var").mul_(scale**2)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take a step along the gradients; those of the turned convolutions are used up."""
        for group in self.param_groups:
            for weight in group["params"] if group["turn"] else ():
                if weight.grad is not None:
                    self._turn(weight, weight.grad, group)
                    weight.grad = None  # so that AdamW leaves it alone
        super().step(closure)

    def _turn(self, weight: Tensor, slope: Tensor, group: dict[str, float]) -> None:
        state = self.state[weight]
        if not state:
            state["step"] = torch.zeros(())  # AdamW looks for it when a state is loaded
            state["momentum"] = torch.zeros_like(weight)
        held = state["momentum"].lerp_(slope, 1 - group["momentum"])
        ahead = slope.lerp(held, group["momentum"])
        step = orthogonal(ahead.reshape(len(weight), -1).to(self._dtype)).to(weight.dtype).view_as(weight)
        size = len(weight) ** 0.5 / (step.norm() + _EPSILON)
        weight.sub_(step, alpha=float(group["lr"] * group["turn"] * size))
        to_norm(weight)


def normalised(network: nn.Module) -> list[tuple[str, nn.Conv2d, nn.BatchNorm2d]]:
    """Name of each convolution that a batch norm follows, the convolution and the batch norm.

    In all networks here the two stand one behind the other in the same module.
    """
    norms = {
        module: behind
        for parent in network.modules()
        for module, behind in pairwise(parent.children())
        if isinstance(module, nn.Conv2d) and module.bias is None and isinstance(behind, nn.BatchNorm2d)
    }
    return [
        (name, module, norms[module])
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d) and module in norms
    ]


def orthogonal(matrix: Tensor, steps: int = 5) -> Tensor:
    """About the nearest matrix with orthogonal rows or columns, whichever are fewer: all singular values near 1.

    Args:
        matrix: (rows, columns).
        steps: Of the iteration; after five the singular values lie between about 0.7 and 1.2.
    """
    a, b, c = _NEWTON_SCHULZ
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x: Tensor = wide / (wide.norm() + 1e-7)
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x if matrix.shape[0] <= matrix.shape[1] else x.T


def to_norm(weight: Tensor) -> float:
    """Scale to a norm of 1 a channel on average, in place, and return by what it was multiplied."""
    scale = float(len(weight) ** 0.5 / (weight.norm() + _EPSILON))
    weight.mul_(scale)
    return scale
