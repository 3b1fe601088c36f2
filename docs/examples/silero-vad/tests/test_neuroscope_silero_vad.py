"""The backbone keeps its contract, and computes what silero-vad computes."""

import os
from importlib import metadata
from pathlib import Path

import pytest
import torch
from neuroscope import testing

from neuroscope_silero_vad import backbone, model

try:
    metadata.distribution("silero-vad")
    CHECKED = "silero-vad"
except metadata.PackageNotFoundError:
    CHECKED = "silero-vad,weights=random"  # what can be checked without trained weights
needs_weights = pytest.mark.skipif(CHECKED != "silero-vad", reason="pip install --no-deps silero-vad==6.2.3")


@pytest.mark.parametrize("check", testing.checks("backbone", CHECKED), ids=str)
def test_silero_vad(check: testing.Case) -> None:
    """Run one check."""
    check()


def waveforms() -> list[torch.Tensor]:
    """Recordings at 16 kHz below the folder ``$SPEECH``; without it, bursts of a buzz in noise."""
    if folder := os.environ.get("SPEECH"):
        import soundfile

        read = [soundfile.read(path, dtype="float32") for path in sorted(Path(folder).rglob("*.flac"))[:8]]
        return [torch.from_numpy(samples) for samples, rate in read if rate == 16_000 and samples.ndim == 1]
    time = torch.arange(32_000) / 16_000
    buzz = torch.stack([torch.sin(2 * torch.pi * 130 * n * time) / n for n in range(1, 20)]).sum(0)
    noise = torch.randn(len(time), generator=torch.Generator().manual_seed(0))
    return [0.1 * buzz * (torch.sin(7 * time) > 0) + 0.003 * noise]


@needs_weights
@pytest.mark.parametrize("file", backbone.FILES)
def test_it_agrees_with_the_network_of_silero_vad(file: str) -> None:
    """The probability, and the state of the LSTM, of each chunk."""
    with pytest.warns(FutureWarning, match="deprecated"):
        theirs = torch.jit.load(backbone.find("silero_vad.jit"))
    weights = model.read(backbone.find(backbone.FILES[file]))
    own = theirs.state_dict()  # the file safetensors has other weights than their network comes with: bring them there
    own.update({name: weights[model.own_name(name)] for name in own if name.startswith("_model.")})
    theirs.load_state_dict(own)
    spec = backbone.make(file=file)
    for samples in waveforms():
        ours = testing.frames(spec, samples)
        theirs.reset_states()
        chunks = samples[: len(samples) // 512 * 512].split(512)
        with torch.inference_mode():
            steps = [(theirs(chunk[None], 16_000)[0], theirs._state[0, 0].clone()) for chunk in chunks]
        assert len(ours["stft"]) == 4 * len(chunks)
        torch.testing.assert_close(ours["speech"], torch.stack([speech for speech, _ in steps]), atol=1e-4, rtol=0)
        torch.testing.assert_close(ours["lstm"], torch.stack([state for _, state in steps]), atol=1e-4, rtol=0)
        assert ours["speech"].std() > 0.01


@pytest.mark.parametrize("block", [1, 7])
def test_blocks_of_any_size_give_the_same(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The context and the state go on over the edges."""
    spec = backbone.make(weights="random")
    samples = waveforms()[0]
    whole = testing.frames(spec, samples)
    monkeypatch.setattr(model, "BLOCK", block)
    for layer, values in testing.frames(spec, samples).items():
        torch.testing.assert_close(values, whole[layer], atol=1e-5, rtol=1e-5, msg=layer)
