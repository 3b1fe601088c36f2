"""How one fit is found: the exact minimum, with or without L1, and the paper's steps of Adam."""
