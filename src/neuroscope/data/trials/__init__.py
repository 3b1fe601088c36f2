"""Trials of speaker verification: read from a list, made of a manifest's utterances, written."""
