"""torchaudio absent, there, or broken, as it is beside a torch of another build: waveform models need none."""

import subprocess
import sys

import pytest

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
    if state == "there":
        pytest.importorskip("torchaudio", exc_type=Exception)
    code = f"import sys; sys.path.insert(0, {str(broken)!r})\n{RUN}" if state == "broken" else RUN
    arguments = [sys.executable, "-c", code, str(folder_of("wavlm")), state, weights]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (done.stdout.splitlines(), done.stderr) == (["conv L1 L2", state], "")
