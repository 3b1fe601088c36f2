"""torchaudio absent, there, or broken, as it is beside a torch of another build: no model needs it."""

import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

spectra = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tiny_spectra.py"))))

RUN = """
import sys
import torch
if sys.argv[2] == "absent":
    sys.modules["torchaudio"] = None
from neuroscope import WaveBatch
from neuroscope_transformers.spec import hf
model = hf(sys.argv[1], weights=sys.argv[3]).load("cpu")
(frames,) = model.extract(WaveBatch(torch.zeros(1, 4000), torch.tensor([4000])))
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


@pytest.mark.parametrize(
    ("state", "weights"),
    [("there", "pretrained"), ("absent", "random"), ("broken", "pretrained"), ("broken", "random")],
)
def test_models_load_and_run(state, weights, folder_of, broken):
    assert ran(folder_of("wavlm"), state, weights, broken) == (["conv L1 L2", state], "")


@pytest.mark.parametrize("state", ["absent", "broken"])
@pytest.mark.parametrize("case", ["whisper", "ast", "wav2vec2-bert"])
def test_encoders_of_spectra_load_and_run(state, case, tmp_path, broken):
    first = "projection L1 L2" if case == "wav2vec2-bert" else "conv L1 L2 norm"
    folder = spectra.save(spectra.build(case), tmp_path / "model")
    assert ran(folder, state, "pretrained", broken) == ([first, state], "")


def ran(folder, state, weights, broken):
    """What a process that loads and runs the model says, on either stream."""
    if state == "there":
        pytest.importorskip("torchaudio", exc_type=Exception)
    code = f"import sys; sys.path.insert(0, {str(broken)!r})\n{RUN}" if state == "broken" else RUN
    arguments = [sys.executable, "-c", code, str(folder), state, weights]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    return done.stdout.splitlines(), done.stderr
