"""From what a user asks to solutions: one fit or many, with shared passes over the rows."""
