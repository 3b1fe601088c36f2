"""torchaudio absent, there, or broken, as it is beside a torch of another build: no model needs it."""

import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from neuroscope_transformers.spec import hf

spectra = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tiny_spectra.py"))))

RUN = """
import sys
import torch
if sys.argv[1] == "absent":
    sys.modules["torchaudio"] = None
from neuroscope import WaveBatch
from neuroscope_transformers.spec import hf
noise = torch.randn(1, 4000, generator=torch.Generator().manual_seed(0))
for weights, folder in zip(["random"] + ["pretrained"] * 9, sys.argv[2:]):
    (frames,) = hf(folder, weights=weights).load("cpu").extract(WaveBatch(noise, torch.tensor([4000])))
    torch.save({name: each.values[0] for name, each in frames.items()}, f"{folder}/{weights}.pt")
    print(*frames)
try:
    import torchaudio
except ImportError:
    print("absent")
except OSError:
    print("broken")
else:
    print("there")
"""


@pytest.fixture
def broken(tmp_path):
    """A folder with a torchaudio that looks installed, and fails at import as a CUDA build does without CUDA."""
    folder = tmp_path / "site"
    package, about = folder / "torchaudio", folder / "torchaudio-2.11.0.dist-info"
    package.mkdir(parents=True)
    about.mkdir()
    (package / "__init__.py").write_text('raise OSError("libcudart.so.13: cannot open shared object file")\n')
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: torchaudio\nVersion: 2.11.0\n")
    return folder


@pytest.fixture
def folders(folder_of, tmp_path):
    """A model of waveforms, twice: with random weights and its own; and one of each family of spectra."""
    cases = ("whisper", "ast", "wav2vec2-bert")
    made = [spectra.save(spectra.build(case), tmp_path / case) for case in cases]
    return [folder_of("wavlm"), folder_of("wavlm"), *made]


@pytest.mark.parametrize("state", ["there", "absent", "broken"])
def test_models_load_and_run_with_the_same_vectors(state, folders, broken, run):
    if state == "there":
        pytest.importorskip("torchaudio", exc_type=Exception)
    code = f"import sys; sys.path.insert(0, {str(broken)!r})\n{RUN}" if state == "broken" else RUN
    done = subprocess.run([sys.executable, "-c", code, state, *folders], capture_output=True, text=True, check=False)
    spectral = ["conv L1 L2 norm", "conv L1 L2 norm", "projection L1 L2"]
    assert (done.stdout.splitlines(), done.stderr) == (["conv L1 L2", "conv L1 L2", *spectral, state], "")
    noise = torch.randn(4000, generator=torch.Generator().manual_seed(0)).numpy()
    for weights, folder in zip(["random"] + ["pretrained"] * 4, folders, strict=True):
        (expected,) = run(hf(str(folder), weights=weights), noise)
        found = torch.load(Path(folder) / f"{weights}.pt", weights_only=True)
        for layer, frames in expected.items():
            torch.testing.assert_close(found[layer], frames, rtol=0, atol=1e-6 * float(frames.abs().max()))
