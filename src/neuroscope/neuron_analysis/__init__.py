"""Which neurons know it: rankings, controls, ablation, minimal sets; nothing here loads torch."""
