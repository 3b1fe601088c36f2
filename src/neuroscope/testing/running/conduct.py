"""Checks of how a backbone runs: the same every time, whatever stands beside an utterance, and without a trace."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import torch  # noqa: TID253 - this module is imported when a backbone is checked

from neuroscope.audio import waveforms as waves
from neuroscope.errors import NeuroscopeError
from neuroscope.extraction.contract.blocks import blocks_of, load_backbone
from neuroscope.extraction.contract.modules import held_modules
from neuroscope.runtime.threads import one_torch_thread
from neuroscope.store.padding_record import tolerance
from neuroscope.testing.cases import NotApplicable, hold
from neuroscope.testing.inputs.signals import noise
from neuroscope.testing.randomness import global_randomness_stays
from neuroscope.testing.running.module_hooks import counting, hooks_of
from neuroscope.testing.running.runs import hear, hear_all, run

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.backbone import Backbone, Frames
    from neuroscope.testing.running.runs import Heard, Subject


def is_deterministic(subject: Subject) -> None:
    """The same input gives the same bits, from one model run twice and from a model loaded again."""
    first = _run_all(subject, subject.model)
    again = differing_layers(first, _run_all(subject, subject.model))
    hold(not again, f"a second run gives other bits in {', '.join(again)}: is it in evaluation mode, or does it count?")
    loaded = differing_layers(first, _run_all(subject, load_backbone(subject.spec, "cpu")))
    hold(not loaded, f"a second load gives other bits in {', '.join(loaded)}: seed whatever is random in it")


def runs_beside_another(subject: Subject) -> None:
    """Two models that are loaded apart give the same bits at the same time as each by itself."""
    first, second = subject.model, load_backbone(subject.spec, "cpu")
    parts = [{id(part) for part in (each, *held_modules(each))} for each in (first, second)]
    if parts[0] & parts[1]:
        raise NotApplicable("loading gives the same network again: batches wait for it, and run one at a time")
    forwards, backwards = subject.waveforms, subject.waveforms[::-1]
    with one_torch_thread(), ThreadPoolExecutor(2) as pool:
        alone = [hear_all(first, each) for each in (forwards, backwards)]
        coming = [pool.submit(hear_all, model, each) for model, each in ((first, forwards), (second, backwards))]
        beside = [each.result() for each in coming]
    changed = {
        layer
        for expected, came in zip(alone, beside, strict=True)
        for one, other in zip(expected, came, strict=True)
        for layer in differing_layers(one.utterances, other.utterances)
    }
    hold(
        not changed,
        f"beside another model that runs, layers {', '.join(sorted(changed))} have other bits: keep what a run needs "
        "in the model that load returns, not in a module or class that all models share",
    )


def ignores_padding(subject: Subject) -> None:
    """An utterance gives the same frames alone and padded beside longer ones, or the spec says batchable=False."""
    _skip_if_padding_leaks(subject)
    when = "between alone and beside longer ones; mask the padding, or say batchable=False"
    _assert_same_frames(subject, subject.alone, subject.heard, when)


def ignores_equal_neighbours(subject: Subject) -> None:
    """An utterance gives the same frames alone and beside others of exactly its length."""
    model, shortest = subject.model, min(map(len, subject.waveforms))
    equal = tuple(wave[:shortest] for wave in subject.waveforms)
    try:
        beside = hear(model, equal).utterances
    except NeuroscopeError as error:
        if subject.spec.batchable:
            raise AssertionError(f"utterances of one length do not run side by side: {error}") from error
        raise NotApplicable(f"it takes one utterance at a time: {error}") from error
    alone = [each for one in hear_all(model, equal) for each in one.utterances]
    when = "between alone and beside utterances of the same length, which need no padding; let no row see another"
    _assert_same_frames(subject, alone, beside, when)


def ignores_the_order(subject: Subject) -> None:
    """The order of the utterances in a batch does not matter."""
    _skip_if_padding_leaks(subject)
    backwards = hear(subject.model, subject.waveforms[::-1]).utterances[::-1]
    for together, reverse in zip(subject.heard, backwards, strict=True):
        changed = [name for name in together if together[name].shape != reverse.get(name, np.empty(0)).shape]
        hold(not changed, f"layers {', '.join(changed)} have other frames when the shortest utterance comes first")
    _assert_same_frames(subject, subject.heard, backwards, "between the longest first and the shortest first")


def takes_short_audio(subject: Subject) -> None:
    """A waveform of min_samples, or one sample more, gives at least one frame of every layer."""
    least, _ = subject.spec.min_samples, subject.model
    for samples in (least, least + 1):
        problem = _problem_of_length(subject, samples)
        if problem:
            raise AssertionError(
                f"min_samples is {least}, and {samples} samples give {problem}{_enough_samples(subject)}"
            )


def leaves_its_input(subject: Subject) -> None:
    """The waveforms of a batch are as before when it has run."""
    waves = subject.waveforms if subject.spec.batchable else subject.waveforms[:1]
    batch = hear(subject.model, waves).batch
    for row, wave in enumerate(waves):
        own = batch.samples[row].numpy()
        good = int(batch.lengths[row]) == len(wave) and np.array_equal(own[: len(wave)], wave)
        hold(good and not own[len(wave) :].any(), "extract changes the batch that it is given; work on a copy of it")


def global_randomness_is_left_alone(subject: Subject) -> None:
    """Loading and running it move no global random generator."""
    hear(subject.model, subject.waveforms[-1:])  # whatever it imports is imported by now
    with global_randomness_stays("loading the backbone"):
        model = load_backbone(subject.spec, "cpu")
    with global_randomness_stays("extract"):
        hear(model, subject.waveforms[-1:])


def leaves_no_hook(subject: Subject) -> None:
    """No hook is left on its modules: not after a run, one that was given up, or one that failed in the middle."""
    model, (_, modules, _) = subject.model, subject.loaded
    if not modules:
        raise NotApplicable("it holds no torch.nn.Module")
    shortest = subject.waveforms[-1:]
    with counting() as calls:
        hear(model, shortest)
    _no_new_hook(subject, "a run")
    with torch.inference_mode(), contextlib.closing(_blocks(model, shortest)) as blocks:
        next(blocks, None)
    _no_new_hook(subject, "the first block, when the rest is not wanted")
    for number in sorted({1, (calls[0] + 1) // 2, calls[0]} - {0}):
        with counting(fail_at=number), contextlib.suppress(Exception):
            hear(model, shortest)
        _no_new_hook(subject, f"an error in call {number} of its {calls[0]} modules")


def keeps_no_gradient(subject: Subject) -> None:
    """Frames carry no gradient, and no parameter receives one."""
    model, (_, modules, _) = subject.model, subject.loaded
    one = run(model, subject.waveforms[-1:], torch.enable_grad())
    kept = sorted({name for block in one.blocks for name, frames in block.items() if frames.values.requires_grad})
    hold(not kept, f"frames of {', '.join(kept)} require a gradient; extract under torch.no_grad()")
    touched = [name for module in modules for name, each in module.named_parameters() if each.grad is not None]
    hold(not touched, f"parameters have a gradient after extract: {', '.join(touched[:3])}")


def has_an_untrained_twin(subject: Subject) -> None:
    """weights=random has the same layers, other values than the trained weights, and others with every seed."""
    subject.skip_unless_weights()
    trained = hear(subject.model, subject.waveforms[-1:]).utterances
    twins = [subject.with_weights("random", seed) for seed in (0, 0, 1)]
    for twin in twins:
        hold(twin.layers == subject.spec.layers, "weights=random declares other layers")
    first, again, other = (hear(load_backbone(twin, "cpu"), subject.waveforms[-1:]).utterances for twin in twins)
    hold(not differing_layers(first, again), "weights=random,seed=0 gives other values when it is loaded again")
    hold(bool(differing_layers(first, other)), "weights=random gives the same values with seed=0 and seed=1")
    if subject.choice.resolved["weights"] != "random":
        hold(bool(differing_layers(trained, first)), "weights=random gives the values of the trained weights")


def tells_weights_apart(subject: Subject) -> None:
    """The digest in its origin is another for other weights, and for another seed of random ones."""
    subject.skip_unless_weights()
    zero, again, one = (subject.with_weights("random", seed).origin.digest for seed in (0, 0, 1))
    hold(zero == again, "origin.digest of weights=random,seed=0 changes from one spec to the next")
    hold(zero != one, f"origin.digest is {zero!r} for weights=random with seed=0 and with seed=1")
    if subject.choice.resolved["weights"] != "random":
        own = subject.spec.origin.digest
        hold(own != zero, f"origin.digest is {own!r} for the trained weights and for weights=random")


def _run_all(subject: Subject, model: Backbone) -> list[Heard]:
    return [each for one in subject.run_all(model) for each in one.utterances]


def _skip_if_padding_leaks(subject: Subject) -> None:
    """Raise NotApplicable where the spec says that utterances of different lengths never run side by side."""
    if not subject.spec.batchable:
        raise NotApplicable("it says batchable=False: utterances of different lengths never run side by side")


def _assert_same_frames(subject: Subject, one: Sequence[Heard], other: Sequence[Heard], when: str) -> None:
    """Raise AssertionError where frames differ by more than the tolerance; those that differ most are named first."""
    shares = {}
    for layer in dict.fromkeys(name for heard in one for name in heard):
        pairs = [(a[layer], b[layer]) for a, b in zip(one, other, strict=True) if layer in a and layer in b]
        shares[layer] = max((difference(*pair) for pair in pairs), default=0.0) / largest(one, layer)
    allowed = tolerance(subject.spec.precision)
    changed = sorted((layer for layer, share in shares.items() if share > allowed), key=lambda layer: -shares[layer])
    if changed:
        most = f"up to {shares[changed[0]]:.1e} of a layer's largest value (allowed: {allowed:g})"
        raise AssertionError(f"frames of {', '.join(changed)} differ by {most} {when}")


def _blocks(model: Backbone, waveforms: Sequence[NDArray[np.float32]]) -> Generator[Mapping[str, Frames]]:
    """Yield blocks as they come; closing this closes ``extract`` where it stands."""
    yield from blocks_of(model, waves.batch(waveforms))


def _no_new_hook(subject: Subject, after: str) -> None:
    _, modules, before = subject.loaded
    left = sorted({where for where, _ in hooks_of(modules) - before})
    hold(not left, f"after {after}, hooks are left on {', '.join(left[:3])}; remove them in a finally block")


def _problem_of_length(subject: Subject, samples: int) -> str:
    """Explain why a waveform of so many samples is too short; empty = it is long enough."""
    try:
        (heard,) = hear(subject.model, [noise(samples)]).utterances
    except NeuroscopeError as error:  # whatever a model raises when its input is too short
        return str(error)
    empty = [layer.name for layer in subject.spec.layers if layer.name in heard and not len(heard[layer.name])]
    return f"no frame of {', '.join(empty)}" if empty else ""


def _enough_samples(subject: Subject) -> str:
    """Find by doubling a length that is long enough, and say so; empty = none is found."""
    samples = subject.spec.min_samples + 1
    while (samples := 2 * samples) <= 4 * subject.spec.sample_rate:
        if not _problem_of_length(subject, samples):
            return f"; {samples} samples are enough: declare the fewest that are"
    return ""


def difference(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Compute the largest difference of the frames that both have; what is not a number in both is equal."""
    frames = min(len(one), len(other))
    one, other = one[:frames], other[:frames]
    if one.shape != other.shape:
        return float("inf")
    with np.errstate(invalid="ignore"):
        apart = np.where((one == other) | (np.isnan(one) & np.isnan(other)), 0.0, np.abs(one - other))
    return float(np.nan_to_num(apart, nan=np.inf).max(initial=0.0))


def largest(heard: Sequence[Heard], layer: str) -> float:
    """Find the largest finite value of a layer over some utterances, without its sign; never 0."""
    values = np.concatenate([each[layer].ravel() for each in heard if layer in each])
    return float(np.abs(values[np.isfinite(values)]).max(initial=float(np.finfo(np.float32).tiny)))


def differing_layers(one: Sequence[Heard], other: Sequence[Heard]) -> list[str]:
    """List the layers that are not the same, bit by bit."""
    return [
        layer
        for layer in dict.fromkeys(name for heard in (*one, *other) for name in heard)
        if not all(
            layer in a and layer in b and np.array_equal(a[layer], b[layer], equal_nan=True)
            for a, b in zip(one, other, strict=True)
        )
    ]
