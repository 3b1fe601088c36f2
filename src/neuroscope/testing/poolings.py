"""Checks of poolings: columns that are their units, and vectors that depend on an utterance's frames alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import torch  # noqa: TID253 - this module is imported when a pooling is checked

from neuroscope.contracts.backbone import Frames, LayerSpec
from neuroscope.testing.cases import hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from neuroscope.contracts.features import Pooling
    from neuroscope.data.places import Data
    from neuroscope.plugin.loading import Plugins

LAYERS = (LayerSpec("wide", 5), LayerSpec("narrow", 1))
LENGTHS = (12, 7, 3, 1)
"""Frames of each utterance of a batch."""
TOLERANCE = 1e-5
"""Of the largest value: what another order of summing may change in float32."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A pooling that is checked."""

    pooling: Pooling


def subject(text: str, data: Data | None, plugins: Plugins) -> Subject:
    """Build the pooling.

    Raises:
        UnknownName: no such pooling or option.
        PluginBroken: its factory fails with an error that says nothing to a user.
    """
    del data
    return Subject(plugins.poolings.choose(text).build())


def makes_float32_rows(subject: Subject) -> None:
    """The vectors are float32, a row an utterance."""
    for layer in LAYERS:
        found = pool(subject, layer, frames(layer))
        hold(found.dtype == torch.float32, f"finish gives {found.dtype}, not torch.float32")
        good = found.ndim == 2 and len(found) == len(LENGTHS)
        hold(good, f"finish gives {list(found.shape)} for {len(LENGTHS)} utterances, not [{len(LENGTHS)}, units]")


def has_a_unit_for_each_column(subject: Subject) -> None:
    """units() has as many units as the vectors have columns."""
    for layer in LAYERS:
        units, columns = len(subject.pooling.units(layer)), pool(subject, layer, frames(layer)).shape[-1]
        hold(units == columns, f"a layer of width {layer.width}: {units} units and {columns} columns")


def gives_each_unit_its_address(subject: Subject) -> None:
    """Units name their layer, are unique, and come statistic by statistic, neurons ascending in each."""
    for layer in LAYERS:
        units = subject.pooling.units(layer)
        strange = sorted({unit.layer for unit in units} - {layer.name})
        hold(not strange, f"units of layer {layer.name} name the layer {', '.join(strange)}")
        hold(len(set(units)) == len(units), f"units of a layer of width {layer.width} are not unique: {list(units)}")
        statistics = list(dict.fromkeys(unit.statistic for unit in units))
        places = [(statistics.index(unit.statistic), unit.neuron) for unit in units]
        hold(
            all(one < other for one, other in pairwise(places)),
            f"units are not in order of statistic, then neuron: {[(unit.statistic, unit.neuron) for unit in units]}",
        )


def is_finite_for_one_frame(subject: Subject) -> None:
    """One frame is enough for finite values."""
    for layer in LAYERS:
        found = pool(subject, layer, frames(layer))[LENGTHS.index(1)]
        hold(bool(found.isfinite().all()), f"an utterance of one frame becomes {found.tolist()}")


def gives_nan_without_frames(subject: Subject) -> None:
    """An utterance without a frame becomes NaN, in every column."""
    for layer in LAYERS:
        values = frames(layer).values
        values[-1] = 0.0  # what lies behind an end is another check's
        found = pool(subject, layer, Frames(values, torch.tensor([*LENGTHS[:-1], 0])))[-1]
        hold(bool(found.isnan().all()), f"an utterance without frames becomes {found.tolist()}, not NaN")


def is_blind_to_padding(subject: Subject) -> None:
    """What lies behind an utterance's last frame changes nothing, were it NaN."""
    for layer in LAYERS:
        clean = pool(subject, layer, frames(layer))
        for garbage in (1e4, float("inf"), float("nan")):
            found = pool(subject, layer, frames(layer, padding=garbage))
            hold(agree(clean, found), f"{garbage:g} behind the end of an utterance changes its vector")


def ignores_neighbours(subject: Subject) -> None:
    """An utterance becomes the same vector alone and beside others."""
    for layer in LAYERS:
        given = frames(layer)
        together = pool(subject, layer, given)
        for row, length in enumerate(LENGTHS):
            own = Frames(given.values[row : row + 1, :length].clone(), given.lengths[row : row + 1])
            alone = pool(subject, layer, own)
            hold(agree(together[row : row + 1], alone), f"an utterance of {length} frames changes beside longer ones")


def takes_blocks(subject: Subject) -> None:
    """Frames that come block by block give the vectors of all frames at once."""
    for layer in LAYERS:
        whole = frames(layer)
        found = pool(subject, layer, *(block(whole, start) for start in range(0, LENGTHS[0], 4)))
        hold(agree(pool(subject, layer, whole), found), "three blocks of 4 frames give other vectors than one of 12")


def keeps_states_apart(subject: Subject) -> None:
    """Two states that are fed in turns do not disturb each other: one pooling serves several layers."""
    layer = LAYERS[0]
    given, others = frames(layer), frames(layer, seed=1)
    one, other = subject.pooling.start(layer), subject.pooling.start(layer)
    one.update(given)
    other.update(others)
    for state, alone in ((one, given), (other, others)):
        hold(agree(state.finish(), pool(subject, layer, alone)), "a second start() changes what the first one gives")


def is_deterministic(subject: Subject) -> None:
    """The same frames give the same bits."""
    for layer in LAYERS:
        one, again = pool(subject, layer, frames(layer)), pool(subject, layer, frames(layer))
        hold(
            bool(((one == again) | (one.isnan() & again.isnan())).all()),
            "a second time, the same frames give other bits",
        )


def leaves_its_input(subject: Subject) -> None:
    """The frames are as before when they have been pooled."""
    for layer in LAYERS:
        given, before = frames(layer, padding=7.0), frames(layer, padding=7.0)
        pool(subject, layer, given)
        good = torch.equal(given.values, before.values) and torch.equal(given.lengths, before.lengths)
        hold(good, "update changes the frames that it is given; work on a copy of them")


CHECKS: tuple[Callable[[Subject], None], ...] = (
    makes_float32_rows,
    has_a_unit_for_each_column,
    gives_each_unit_its_address,
    is_finite_for_one_frame,
    gives_nan_without_frames,
    is_blind_to_padding,
    ignores_neighbours,
    takes_blocks,
    keeps_states_apart,
    is_deterministic,
    leaves_its_input,
)


def frames(layer: LayerSpec, *, padding: float = 0.0, seed: int = 0) -> Frames:
    """Draw the frames of a batch, the same for the same seed, with ``padding`` behind the ends."""
    shape = (len(LENGTHS), LENGTHS[0], layer.width)
    values = torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
    for row, length in enumerate(LENGTHS):
        values[row, length:] = padding
    return Frames(values, torch.tensor(LENGTHS))


def block(whole: Frames, start: int, frames: int = 4) -> Frames:
    """Cut some frames out of a batch, from ``start`` on; of an utterance that has ended there are none."""
    return Frames(whole.values[:, start : start + frames].clone(), (whole.lengths - start).clamp(0, frames))


def pool(subject: Subject, layer: LayerSpec, *blocks: Frames) -> Tensor:
    """Pool one batch, as the core does."""
    with torch.inference_mode():
        state = subject.pooling.start(layer)
        for each in blocks:
            state.update(each)
        return state.finish()


def agree(one: Tensor, other: Tensor) -> bool:
    """Whether two batches of vectors are equal to the tolerance; NaN equals NaN."""
    largest = float(one.nan_to_num(0.0, 0.0, 0.0).abs().max())
    return one.shape == other.shape and torch.allclose(one, other, rtol=0, atol=TOLERANCE * largest, equal_nan=True)
