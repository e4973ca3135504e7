"""Several processes or GPUs on one training, by Lightning Fabric.

Every process draws the very same batch, from seed, stage and step, and takes its part of it. The gradients of the parts
are summed and all processes take the same step, so that they hold the same network at all times: what comes out is what
one process computes that puts the parts through one after the other (`micro_batch`), up to rounding.

Fabric starts the processes, finds the devices and sums; its wrapper of the network is not used, because it would sum
after each micro batch, and knows `forward` alone, while our losses ask networks for more.

Batch norm normalises by the part that a process sees, as it does by a micro batch: statistics of the whole batch would
need a sum in each layer, which torch has for CUDA alone. The running statistics, which are what is kept, are averaged
over the processes at each step; they are linear in what each part contributes, so nothing is lost by that.
"""

from __future__ import annotations

import pickle
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn
from torch.multiprocessing.spawn import ProcessException

from bonescan.core.errors import BonescanError, MissingExtraError, UsageError
from bonescan.core.files import write_bytes

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Accelerator = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True)
class Team:
    """This process and those that it trains with.

    Attributes:
        device: What this process computes on.
        rank: Which of the processes it is, from 0.
        size: How many there are.
        fabric: What they speak by; None where there is one process.
    """

    device: torch.device
    rank: int = 0
    size: int = 1
    fabric: Fabric | None = None

    @property
    def first(self) -> bool:
        """Whether this process validates, writes and speaks for all."""
        return self.rank == 0

    def part(self, values: Tensor) -> Tensor:
        """This process's part of a batch along the first axis, on its device."""
        own = values.tensor_split(self.size)[self.rank] if self.size > 1 else values
        return own.to(self.device, non_blocking=True)

    def combine(self, network: nn.Module, numbers: Sequence[float]) -> list[float]:
        """Sum gradients and numbers over the processes, and average the statistics of batch norms.

        Args:
            network: With the gradients of this process's part; the same parameters have one in every process.
            numbers: To be summed.

        Returns:
            The sums.
        """
        if self.fabric is None:
            return list(numbers)
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        statistics = [buffer for buffer in network.buffers() if buffer.is_floating_point()]
        own = torch.tensor(numbers, device=self.device, dtype=torch.float32)
        values = [*gradients, *(buffer / self.size for buffer in statistics), own]
        summed = self.fabric.all_reduce(torch.cat([value.reshape(-1) for value in values]), reduce_op="sum")
        assert isinstance(summed, Tensor)
        parts = torch.split(summed, [value.numel() for value in values])
        with torch.no_grad():
            for target, part in zip([*gradients, *statistics], parts[:-1], strict=True):
                target.copy_(part.view_as(target))
        return [float(value) for value in parts[-1]]

    def wait(self) -> None:
        """Go on when all processes are here."""
        if self.fabric is not None:
            self.fabric.barrier()


ALONE = Team(torch.device("cpu"))
"""One process on the CPU."""


def device_of(network: nn.Module) -> torch.device:
    """Where the weights of a network lie."""
    return next(network.parameters()).device


def check_devices(devices: int, accelerator: Accelerator) -> None:
    """Prove that `launch` can begin; to be called before long work.

    Args:
        devices: How many GPUs, or processes on a CPU.
        accelerator: "auto" is CUDA where there is one.

    Raises:
        UsageError: There are not so many devices.
        MissingExtraError: Several were asked for and lightning-fabric is not installed.
    """
    if _on_cuda(accelerator) and torch.cuda.device_count() < devices:
        raise UsageError(f"there are {torch.cuda.device_count()} CUDA devices, not {devices}")
    if devices > 1 and find_spec("lightning_fabric") is None:
        raise MissingExtraError(
            "training on several devices needs lightning-fabric, which is not installed",
            hint="Install it with: pip install 'bonescan[train]'",
        )


def launch(work: Callable[..., None], *arguments: Any, devices: int = 1, accelerator: Accelerator = "auto") -> None:
    """Call ``work(team, *arguments)`` on every device.

    One device is served by this very process. More are served by processes that are started anew and import `work` by
    name, so it and its arguments must be picklable.

    Args:
        work: What to do.
        arguments: For it.
        devices: How many GPUs, or processes on a CPU.
        accelerator: "auto" is CUDA where there is one.

    Raises:
        UsageError: There are not so many devices.
        MissingExtraError: Several were asked for and lightning-fabric is not installed.
        BonescanError: What `work` raises in any of the processes.
    """
    check_devices(devices, accelerator)
    kind = "cuda" if _on_cuda(accelerator) else "cpu"
    if devices == 1:
        work(Team(torch.device(kind)), *arguments)
        return
    from lightning_fabric import Fabric

    fabric = Fabric(accelerator=kind, devices=devices, strategy="ddp_spawn")
    with TemporaryDirectory(prefix="bonescan-") as errors:
        try:
            fabric.launch(partial(_in_process, work, arguments, Path(errors)))
        except ProcessException as error:
            for path in sorted(Path(errors).glob("[0-9]*")):
                raise pickle.loads(path.read_bytes()) from error
            raise


def _on_cuda(accelerator: Accelerator) -> bool:
    return torch.cuda.is_available() if accelerator == "auto" else accelerator == "cuda"


def _in_process(work: Callable[..., None], arguments: tuple[Any, ...], errors: Path, fabric: Fabric) -> None:
    # By this signal torch lets its processes end with the one that started them; in the background it is ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        work(Team(fabric.device, fabric.global_rank, fabric.world_size, fabric), *arguments)
    except BonescanError as error:
        # Of an error torch brings back the traceback alone, as text.
        write_bytes(errors / str(fabric.global_rank), pickle.dumps(error))
        raise
