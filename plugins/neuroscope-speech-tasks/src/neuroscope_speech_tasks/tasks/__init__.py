"""Questions about speech: the tasks of the paper (arXiv 2107.00439, section 4.2), and any column."""
