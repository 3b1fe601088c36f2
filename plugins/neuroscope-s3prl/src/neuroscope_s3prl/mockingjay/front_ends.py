"""Waveforms to vectors: s3prl's two front ends, by its own code, and the one of before 2021; one utterance a call.

s3prl pads a batch before it takes spectra: the ends of its shorter utterances, and what they are normalised with, are
others than alone. Here each utterance is alone.
"""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import torch  # noqa: TID253 - this module is imported when the model is loaded, never before
from torch import nn  # noqa: TID253
from torch.nn import functional  # noqa: TID253

from neuroscope import require
from neuroscope.waves import mel_filters
from neuroscope.weights import randomness_kept
from neuroscope_s3prl.mockingjay.modules import INSTALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from neuroscope_s3prl.mockingjay.front_settings import FrontEnd

_N_FFT = 2048
_BANDS = 80


def front_end(settings: FrontEnd) -> nn.Module:
    """Build the front end: a module, waveform ``[samples]`` -> vectors ``[frames, columns]``.

    Raises:
        MissingDependency: s3prl or torchaudio cannot be imported.
    """
    kinds: dict[str, Callable[[FrontEnd], nn.Module]] = {"kaldi": _kaldi, "online": Online, "legacy": Legacy}
    return kinds[settings.kind](settings).eval().requires_grad_(False)


def _kaldi(settings: FrontEnd) -> nn.Module:
    parts = require("s3prl.upstream.baseline.extracter", install=INSTALL)
    kaldi = {"feat_type": settings.feature, settings.feature: dict(settings.options)}
    return nn.Sequential(
        parts.ExtractAudioFeature(**kaldi),
        parts.Delta(order=settings.orders, win_length=settings.slope_window),
        parts.CMVN(use_cmvn=settings.is_normalised),
    )


class Online(nn.Module):
    """s3prl's ``OnlinePreprocessor``, behind its scaling to a level; for utterances of one channel."""

    def __init__(self, settings: FrontEnd) -> None:
        super().__init__()
        preprocessor = require("s3prl.upstream.baseline.preprocessor", install=INSTALL)
        feature = {
            "feat_type": settings.feature,
            "channel": 0,
            "log": settings.is_log,
            "delta": settings.orders,
            "cmvn": settings.is_normalised,
        }
        self._loudness = 10 ** (settings.level / 20)
        with randomness_kept(), warnings.catch_warnings():
            # of the cepstra, which it makes whether they are asked for or not
            warnings.filterwarnings("ignore", "At least one mel filterbank has all zero values", UserWarning)
            self._features = preprocessor.OnlinePreprocessor(**settings.options, feat_list=[feature])
        leave_out_what_nobody_asked_for(self._features)

    def forward(self, wave: Tensor) -> Tensor:
        """``[samples]`` to ``[frames, columns]``."""
        loudness = wave.pow(2).mean().pow(0.5)
        scaled = wave * (self._loudness / (loudness + 1e-10))
        features: Tensor = self._features(scaled[None, None], wavs_len=[len(wave)])[0]
        return features[0]


def leave_out_what_nobody_asked_for(preprocessor: Any) -> None:
    """Let s3prl's ``OnlinePreprocessor`` compute what its list names: it makes mel bands and cepstra for any list.

    Of cepstra that are not asked for only the number of frames matters.
    """
    asked = {each["feat_type"] for each in preprocessor.feat_list}
    if "mel" not in asked:
        _replace(preprocessor, "_melscale", nn.Identity())
    if "mfcc" not in asked:
        _replace(preprocessor, "_mfcc_trans", partial(_no_cepstra, preprocessor._win_args["hop_length"]))


def _replace(module: nn.Module, name: str, other: Callable[[Tensor], Tensor]) -> None:
    delattr(module, name)
    setattr(module, name, other)


def _no_cepstra(hop: int, waves: Tensor) -> Tensor:
    return waves.new_empty(*waves.shape[:2], 0, 1 + waves.shape[-1] // hop)


class Legacy(nn.Module):
    """Mel bands with their slopes as librosa 0.7 makes them, each column normalised over the utterance.

    ``librosa.feature.melspectrogram`` (80 bands, windows of 800 samples in spectra of 2,048, every 200; ends
    mirrored), ``log(x + 1e-6)``, ``librosa.feature.delta``, then mean 0 and the population's deviation + 1e-16.

    Source: s3prl before 2021, ``utility/audio.py`` and ``preprocess/preprocess_libri.py`` (``mel160``).
    """

    def __init__(self, settings: FrontEnd) -> None:
        super().__init__()
        self._hop, self._length = settings.hop, settings.window
        self._reach = settings.slope_window // 2
        filters = mel_filters(sample_rate=16_000, n_fft=_N_FFT, bands=_BANDS, lowest=0, highest=8000)
        self.register_buffer("window", torch.hann_window(settings.window, dtype=torch.float64).float())
        self.register_buffer("filters", filters.float())

    def forward(self, wave: Tensor) -> Tensor:
        """``[samples]`` to ``[1 + samples // 200, 160]``."""
        window, filters = self.get_buffer("window"), self.get_buffer("filters")
        spectra = torch.stft(wave, _N_FFT, self._hop, self._length, window, return_complex=True)
        bands = (filters @ spectra.abs().square() + 1e-6).log()
        columns = torch.cat([bands, self._slopes(bands)])
        centred = columns - columns.mean(1, keepdim=True)
        return (centred / (centred.square().mean(1, keepdim=True).sqrt() + 1e-16)).T

    def _slopes(self, bands: Tensor) -> Tensor:
        """Slopes of the lines that fit nine frames best; the first and last frames have those of their neighbours."""
        steps = torch.arange(-self._reach, self._reach + 1, dtype=bands.dtype, device=bands.device)
        inner = functional.conv1d(bands[:, None], (steps / steps.square().sum())[None, None])
        return functional.pad(inner, (self._reach, self._reach), mode="replicate")[:, 0]
