"""bfloat16 where it gains: matrix products in 16 bits, norms and sums in 32, weights as they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuroscope import BadOption

if TYPE_CHECKING:
    from torch.nn import Module

_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""Of processors that multiply bfloat16 themselves, as Linux names them; others take longer than in float32."""
CPUINFO = Path("/proc/cpuinfo")


def check_bfloat16_gains(device: str) -> None:
    """Refuse bfloat16 on a processor that has no instructions for it.

    Raises:
        BadOption: it has none, or does not tell.
    """
    if not device.startswith("cpu") or _FLAGS & _flags():
        return
    raise BadOption(
        "precision=bfloat16: this processor has no instructions for it (avx512_bf16, amx_bf16), and would take longer "
        "than in float32; leave precision out"
    )


def compute_in_bfloat16(network: Module, device: str) -> None:
    """Let a network, whose weights stay float32, multiply in bfloat16 (torch's autocast)."""
    import torch

    kind = torch.device(device).type
    wrapped: Any = torch.autocast(kind, torch.bfloat16)(network.forward)
    network.forward = wrapped


def _flags() -> set[str]:
    try:
        lines = CPUINFO.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    named = [line.partition(":")[2] for line in lines if line.lower().startswith(("flags", "features"))]
    return set(named[0].split()) if named else set()
