"""The cells of one command, each a backbone and a task, and the run folder that keeps what they found."""
