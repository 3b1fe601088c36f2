"""What is strange about a waveform is found while it is read; ordinary recordings have nothing of it."""

import numpy as np
import pytest
import soundfile

from neuroscope.audio import waveforms
from neuroscope.audio.decoders import sndfile
from neuroscope.audio.loudness import CANCELLED, SILENT, TOO_LOUD
from neuroscope.audio.spans import locate
from neuroscope.contracts.audio import Utterance

NOISE = 0.1 * np.random.default_rng(0).standard_normal((16_000, 6))
LEFT = NOISE[:, :1]
ZEROS = np.zeros_like(LEFT)

SOUNDS = {
    "noise": (LEFT, ()),
    "unrelated tracks": (NOISE, ()),
    "twice the same": (np.hstack([LEFT, LEFT]), ()),
    "one track silent": (np.hstack([LEFT, ZEROS]), ()),
    "full scale": (LEFT / np.abs(LEFT).max(), ()),
    "an overshoot": (1.5 * LEFT / np.abs(LEFT).max(), ()),
    "quiet": (1e-6 * LEFT, ()),
    "zeros": (ZEROS, (SILENT,)),
    "an offset": (ZEROS + 0.25, (SILENT,)),
    "silent tracks": (np.hstack([ZEROS, ZEROS]), (SILENT,)),
    "opposite tracks": (np.hstack([LEFT, -LEFT]), (CANCELLED,)),
    "nearly opposite tracks": (np.hstack([LEFT, -0.8 * LEFT]), (CANCELLED,)),
    "integers as floats": (20_000 * LEFT, (TOO_LOUD,)),
    "one sample": (np.vstack([LEFT, [[-2.5]]]), (TOO_LOUD,)),
    "opposite and loud": (40_000 * np.hstack([LEFT, -0.99 * LEFT]), (CANCELLED, TOO_LOUD)),
}


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("block", [999, 2**20])
def test_what_is_strange_is_found_whatever_the_blocks(tmp_path, monkeypatch, name, block):
    samples, expected = SOUNDS[name]
    monkeypatch.setattr(sndfile, "BLOCK", block)
    soundfile.write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT")
    span = locate(Utterance(id="u", path=tmp_path / "a.wav"), waveforms.examine(tmp_path / "a.wav"))
    wave, loudness = waveforms.listen(tmp_path / "a.wav", span, 8_000)
    assert len(wave) == (len(samples) + 1) // 2
    assert loudness.findings() == expected


def test_one_of_two_opposite_tracks_is_an_ordinary_recording(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.hstack([LEFT, -LEFT]), 16_000)
    span = locate(Utterance(id="u", path=tmp_path / "a.wav", audio_channel=1), waveforms.examine(tmp_path / "a.wav"))
    assert waveforms.listen(tmp_path / "a.wav", span, 16_000)[1].findings() == ()
