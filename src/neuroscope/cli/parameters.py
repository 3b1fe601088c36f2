"""The options that commands share, under one roof; plugins' own commands find them in ``neuroscope.commands``."""

from __future__ import annotations

from neuroscope.commands import Dataset, Dtype, Json, Root, Roots, Where, data_of

__all__ = ["Dataset", "Dtype", "Json", "Root", "Roots", "Where", "data_of"]
