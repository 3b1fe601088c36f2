"""Inputs that checks give to components: signals, planted features, fitted probes, copies of a corpus."""
