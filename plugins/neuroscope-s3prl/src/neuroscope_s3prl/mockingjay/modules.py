"""What this package needs of s3prl."""

from __future__ import annotations

from importlib import metadata

INSTALL = (
    "pip install 's3prl>=0.4.18,<0.5' 'torchaudio>=2.6', torchaudio of torch's release and kind (both for CPU, or both "
    "for the same CUDA); from Python 3.12 on setuptools, too, which has distutils"
)


def versions_of(*distributions: str) -> str:
    """Say which versions are installed, ``s3prl 0.4.18, no torchaudio``; none of them is imported."""
    found = []
    for name in distributions:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"no {name}")
    return ", ".join(found)
