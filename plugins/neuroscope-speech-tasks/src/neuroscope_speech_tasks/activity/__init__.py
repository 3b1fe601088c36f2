"""Where in a recording somebody speaks: a network's probabilities, the stretches they make, and those kept on disk."""
