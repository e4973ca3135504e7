"""The joint network's answers for the study, learnt alone once its maps are.

While the maps change, what their answers are weighed by runs after them, in small steps and on patients of whom maps
are surer than of anybody else. So the few weights of `StudyHead` can be learnt again from what the finished maps show,
of other patients if need be: of each that is a handful of numbers, found once, and a step on them takes a moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from bonescan.metrics.roc import auc
from bonescan.models.networks.joint import JointNetwork, StudyHead
from bonescan.training.cache import GridCases
from bonescan.training.data import generator
from bonescan.training.joint.figures import right_reports
from bonescan.training.joint.loss import metastatic_views, study_loss
from bonescan.training.joint.samples import patients
from bonescan.training.recipe import JointAugmentRecipe, JointRecipe
from bonescan.training.run import Run
from bonescan.training.stage import Task, train_stage
from bonescan.training.team import device_of

STAGE = "joint.study"
"""Named after the part of the network that it teaches; see `checkpoint.best_network`."""
_NUMBER = 1
"""Stage number of the generators of its steps."""
_LOOKED = 2
"""That of the first pass over the patients; the others follow."""
_ORDER = 99
"""That of the order in which patients are looked at."""
_AT_ONCE = 4
_SITES = 3.0
"""How many times as much the sites count as in the whole network's loss: there is nothing else here to spoil."""
_LOOKING = 0.8
"""Share of the stage's minutes after which no more patients are looked at."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What the maps of some patients show, and what is true of these.

    Attributes:
        looks: (patients, 3, site, 16) as `StudyHead.look` gives.
        study: (patients, 7), 0 or 1: metastasis and the six sites.
        views: (patients, 2), 0 or 1: whether a view shows metastasis.
    """

    looks: Tensor
    study: Tensor
    views: Tensor

    def batch(self, rng: np.random.Generator, count: int) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Draw patients, all alike; no patient twice unless there are too few."""
        chosen = torch.from_numpy(rng.choice(len(self.looks), count, replace=count > len(self.looks)))
        return self.looks[chosen], (self.study[chosen], self.views[chosen])


def train_answers(
    run: Run,
    recipe: JointRecipe,
    network: JointNetwork,
    cases: tuple[GridCases, GridCases],
    *,
    say: Callable[[str], None],
) -> None:
    """Teach `network.study` on what the network's maps show, which stay as they are.

    Args:
        run: Where the checkpoint and the log go.
        recipe: Of the run, with a section [answers].
        network: Its maps are trained; its answers begin as they are.
        cases: Training and validation cases.
        say: Called with lines for people.
    """
    stage = recipe.answers
    assert stage is not None
    network.to(run.team.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    began = time.monotonic()

    def minutes() -> float:
        # The clock of the first process counts, so that all of them look at the same patients.
        own = (time.monotonic() - began) / 60 if run.team.first else 0.0
        return run.team.combine(nn.Module(), [own])[0]

    def late() -> bool:
        return stage.minutes is not None and minutes() > _LOOKING * stage.minutes

    order = generator(recipe.seed, _ORDER, 0).permutation(len(cases[0]))
    shown = []
    for number in range(stage.passes):
        augment = recipe.augment if number else None
        shown.append(look(network, cases[0], recipe, order, augment=augment, number=number, late=late, say=say))
        if late():
            break
    some = np.unique(np.linspace(0, len(cases[1]) - 1, min(stage.validation_windows, len(cases[1])))).astype(np.intp)
    seen = look(network, cases[1], recipe, some, say=say)
    left = stage
    if stage.minutes is not None:
        least = (1 - _LOOKING) * stage.minutes
        left = stage.model_copy(update={"minutes": max(stage.minutes - minutes(), least)})
    task = Task(
        name=STAGE,
        number=_NUMBER,
        samples=Seen(*(torch.cat([getattr(part, name) for part in shown]) for name in ("looks", "study", "views"))),
        loss=answers_loss,
        validate=answers_figures(seen),
    )
    train_stage(network.study, task, left, recipe, run.folder, say, run.team)


@torch.inference_mode()
def look(
    network: JointNetwork,
    cases: GridCases,
    recipe: JointRecipe,
    chosen: npt.NDArray[np.intp],
    *,
    augment: JointAugmentRecipe | None = None,
    number: int = 0,
    late: Callable[[], bool] = lambda: False,
    say: Callable[[str], None],
) -> Seen:
    """Let the network look at patients once.

    Args:
        network: On the device to use.
        cases: Whose patients.
        recipe: Gives precision and seed.
        chosen: Which of them, in this order.
        augment: How they are changed before; not at all by default.
        number: Of this pass, part of the seed of the changes.
        late: Asked after each few patients whether those that follow are to be left out.
        say: Called with a line now and then.
    """
    network.eval()
    device = device_of(network)
    shown: tuple[Tensor, ...] | None = None
    done = 0
    for part in np.split(chosen, range(_AT_ONCE, len(chosen), _AT_ONCE)):
        images, (labels, _, study) = patients(
            cases, part, augment, generator(recipe.seed, _LOOKED + number, int(part[0]))
        )
        with torch.autocast(device.type, torch.bfloat16, enabled=recipe.precision == "bfloat16"):
            looks = network.seen(images.to(device)).float().cpu()
        now = (looks, study, metastatic_views(labels))
        # Made at once for all: small tensors kept one by one lie between large ones that come and go, and memory grows.
        shown = shown or tuple(torch.empty(len(chosen), *few.shape[1:]) for few in now)
        for whole, few in zip(shown, now, strict=True):
            whole[done : done + len(part)] = few
        done += len(part)
        out_of_time = late()
        if done % 400 < _AT_ONCE or done == len(chosen) or out_of_time:
            say(f"{STAGE}: looked at {done} of {len(chosen)} patients")
        if out_of_time:
            break
    assert shown is not None
    return Seen(*(whole[:done] for whole in shown))


def answers_loss(head: nn.Module, looks: Tensor, truth: tuple[Tensor, ...], done: float) -> Tensor:
    """Cross-entropy of the study's answers and of each view's metastasis; sites are louder than in the maps' loss."""
    assert isinstance(head, StudyHead)
    study, views = truth
    return study_loss(head.weigh(looks).float(), study, views, sites=_SITES)


def answers_figures(seen: Seen) -> Callable[[nn.Module], dict[str, float]]:
    """Area under the curve over patients, and reports that are right, of some patients."""
    truth = seen.study.numpy() > 0.5

    @torch.inference_mode()
    def figures(head: nn.Module) -> dict[str, float]:
        assert isinstance(head, StudyHead)
        scores = head.weigh(seen.looks.to(device_of(head)))[:, 0].float().cpu().numpy()
        report = float(right_reports(scores, truth).mean())
        return {"auc_patient": auc(scores[:, 0], truth[:, 0]), "report": report}

    return figures
