"""What this package needs of s3prl."""

from __future__ import annotations

INSTALL = (
    "pip install s3prl==0.4.18 'torchaudio>=2.6', torchaudio of torch's release and kind (both for CPU, or both for "
    "the same CUDA); from Python 3.12 on setuptools, too, which has distutils"
)
