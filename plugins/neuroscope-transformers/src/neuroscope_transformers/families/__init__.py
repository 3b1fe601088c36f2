"""Families of models as data: config.json in, layers, lengths and rules of padding out; no torch, no transformers."""
