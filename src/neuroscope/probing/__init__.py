"""Probing: probes are fitted on vectors, labels and splits, and scored into rows; nothing here loads torch."""
