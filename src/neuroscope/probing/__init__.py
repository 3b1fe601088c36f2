"""Vectors, labels and splits become rows: probes are fitted and scored, layer by layer; nothing here loads torch."""
