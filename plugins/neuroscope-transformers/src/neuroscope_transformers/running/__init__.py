"""The running model: transformers' own network behind a front end, its modules hooked. Torch is imported in here."""
