"""Time of a training step of the CNNs against three times the forward's bare matrix products.

In one run, repetitions interleaved (a b c a b c ...), medians reported, crops in memory (no front end):

    a  the bare products of the forward pass: one torch.mm a layer over all frames, convolutions unfolded beforehand
    b  the step: forward, backward, descent, as `neuroscope cnn train` does them
    c  what people write: torch.nn.Conv1d, BatchNorm1d and Linear with autograd and torch.optim.SGD

Three times, since each product has two in the backward pass, by its input and by its weights.

    python benchmarks/cnn_training.py [--network adi|sre] [--batch 16 4] [--crop 200] [--threads 1 2] [--repetitions 9]
"""

import argparse
import os
import statistics
import time

import numpy as np
import own_folder_last  # noqa: F401
import torch
from torch.nn import functional

from neuroscope_cnn.model.architecture import ARCHITECTURES, CONVOLUTIONS, DENSE, STRIDE
from neuroscope_cnn.model.weights import random_weights
from neuroscope_cnn.training.batches import lay_out
from neuroscope_cnn.training.forward import TrainingNetwork, is_learned

LIMIT = 1.5
RATE = 0.001


def bare_products(architecture, batch, crop):
    """A function that does the products of one forward pass and nothing else."""
    generator = torch.Generator().manual_seed(0)
    pairs, inputs, rows = [], 40, crop
    for name, (seen, outputs) in CONVOLUTIONS.items():
        rows = -(-rows // STRIDE) if name == "conv2" else rows
        pairs.append((batch * rows, seen * inputs, outputs))
        inputs = outputs
    pairs += [(batch, *shape) for shape in [*DENSE.values(), (600, architecture.outputs)]]
    made = [(torch.rand(m, k, generator=generator), torch.rand(k, n, generator=generator)) for m, k, n in pairs]
    return lambda: [torch.mm(values, matrix) for values, matrix in made]


def own_step(architecture, crops, labels):
    weights = random_weights(architecture, 0)
    learned = [values.requires_grad_() for name, values in weights.items() if is_learned(name)]
    network = TrainingNetwork(architecture, weights)

    def step():
        batch = lay_out(crops, labels)
        gradients = torch.autograd.grad(functional.cross_entropy(network(batch), batch.labels), learned)
        with torch.no_grad():
            for weight, gradient in zip(learned, gradients, strict=True):
                weight.add_(gradient, alpha=-RATE)

    return step


class Plain(torch.nn.Module):
    """The usual modules, channels first, padded as the network is."""

    def __init__(self, architecture):
        super().__init__()
        self.convolutions, self.norms, inputs = torch.nn.ModuleList(), torch.nn.ModuleList(), 40
        for name, (seen, outputs) in CONVOLUTIONS.items():
            stride = STRIDE if name == "conv2" else 1
            self.convolutions.append(torch.nn.Conv1d(inputs, outputs, seen, stride, padding=seen // 2))
            inputs = outputs
        shapes = [*DENSE.values(), (600, architecture.outputs)]
        self.dense = torch.nn.ModuleList(torch.nn.Linear(*shape) for shape in shapes)
        widths = architecture.normalised_widths()
        self.norms.extend(
            torch.nn.BatchNorm1d(n, 1e-3) if architecture.normalised else torch.nn.Identity() for n in widths
        )

    def forward(self, values):
        for convolution, norm in zip(self.convolutions, self.norms, strict=False):
            values = torch.relu(norm(convolution(values)))
        pooled = torch.cat([values.mean(2), (values.var(2, correction=0) + 1e-10).sqrt()], 1)
        hidden = self.norms[4](self.dense[0](pooled))
        return self.dense[2](torch.relu(self.norms[5](self.dense[1](hidden))))


def plain_step(architecture, crops, labels):
    network = Plain(architecture)
    descent = torch.optim.SGD(network.parameters(), RATE)
    values, wanted = torch.from_numpy(np.stack(crops)).transpose(1, 2).contiguous(), torch.from_numpy(labels)

    def step():
        descent.zero_grad()
        functional.cross_entropy(network(values), wanted).backward()
        descent.step()

    return step


def compare(architecture, batch, crop, threads, repetitions):
    torch.set_num_threads(threads)
    random = np.random.default_rng(0)
    crops = [10 * random.standard_normal((crop, 40)).astype(np.float32) for _ in range(batch)]
    labels = random.integers(architecture.outputs, size=batch)
    runs = {
        "bare products": bare_products(architecture, batch, crop),
        "step": own_step(architecture, crops, labels),
        "plain modules": plain_step(architecture, crops, labels),
    }
    times = {name: [] for name in runs}
    for repetition in range(repetitions + 1):  # the first warms up
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if repetition:
                times[name].append(time.perf_counter() - start)
    thrice = 3 * statistics.median(times["bare products"])
    for name, seconds in times.items():
        ratio = statistics.median(seconds) / thrice
        print(
            f"{architecture.name}  batch {batch:3}  crop {crop}  {threads} threads  {name:13}"
            f"  {1000 * statistics.median(seconds):8.1f} ms  {1 / statistics.median(seconds):6.2f} a second"
            f"  of three times the products {ratio:5.3f}",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=sorted(ARCHITECTURES), nargs="+", default=["sre"])
    parser.add_argument("--batch", type=int, nargs="+", default=[16, 4])
    parser.add_argument("--crop", type=int, default=200)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repetitions", type=int, default=9)
    given = parser.parse_args()
    load = ", ".join(f"{each:.2f}" for each in os.getloadavg())
    print(f"torch {torch.__version__}; load of the machine {load}")
    for network in given.network:
        for threads in given.threads:
            for batch in given.batch:
                compare(ARCHITECTURES[network], batch, given.crop, threads, given.repetitions)
    print(f"wanted: the step at most {LIMIT} of three times the products")


if __name__ == "__main__":
    main()
