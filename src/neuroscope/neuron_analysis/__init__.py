"""The analysis of neurons: rankings, controls, ablation, minimal sets; nothing here loads torch."""
