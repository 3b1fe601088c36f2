"""Pure functions from stored vectors, labels and splits to rows; nothing here loads torch."""
