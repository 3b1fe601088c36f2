"""bfloat16: refused where the processor does not gain by it, else near float32, and frames are float32."""

import pytest
import torch

from neuroscope import BadOption
from neuroscope_transformers.running import precision
from neuroscope_transformers.spec import hf

FAMILIES = ["wav2vec2", "wav2vec2-pre", "wavlm", "sew-d", "data2vec-audio", "wav2vec2-conformer"]


@pytest.fixture
def processor(tmp_path, monkeypatch):
    """``processor(flags)``: a processor with these instructions."""

    def make(flags):
        (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: fpu {flags}\n\nprocessor\t: 1\n")
        monkeypatch.setattr(precision, "CPUINFO", tmp_path / "cpuinfo")

    return make


@pytest.mark.parametrize("case", FAMILIES)
def test_bfloat16_is_near_float32(case, folder_of, run, wave, processor):
    processor("avx512_bf16")
    spec = hf(str(folder_of(case)), precision="bfloat16")
    assert (spec.precision, hf(str(folder_of(case))).precision) == ("bfloat16", "float32")
    waves = wave(30_000), wave(30_000, seed=1)
    for low, high in zip(run(spec, *waves), run(hf(str(folder_of(case))), *waves), strict=True):
        assert {each.dtype for each in low.values()} == {torch.float32}
        shares = [float((low[name] - high[name]).abs().max() / high[name].abs().max()) for name in high]
        assert 0 < max(shares) < 0.1


def test_the_reference_is_the_model_in_float32(folder_of, processor):
    processor("amx_bf16")
    spec = hf(str(folder_of("wav2vec2")), precision="bfloat16")
    assert hf(str(folder_of("wav2vec2"))).reference is None
    low, high = spec.load("cpu").network, spec.reference("cpu").network
    values = torch.randn(1, 4000, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert not torch.equal(low(values).last_hidden_state, high(values).last_hidden_state)
        assert {each.dtype for each in low.parameters()} == {torch.float32}


@pytest.mark.parametrize("flags", ["avx512f avx512_vnni", ""])
def test_a_processor_that_does_not_gain_is_told(folder_of, processor, flags):
    processor(flags)
    with pytest.raises(BadOption, match="this processor has no instructions for it") as caught:
        hf(str(folder_of("wav2vec2")), precision="bfloat16").load("cpu")
    assert "\n" not in str(caught.value)


def test_a_processor_that_says_nothing_does_not_gain(folder_of, monkeypatch, tmp_path):
    monkeypatch.setattr(precision, "CPUINFO", tmp_path / "nothing")
    with pytest.raises(BadOption, match="no instructions"):
        hf(str(folder_of("wav2vec2")), precision="bfloat16").load("cpu")
