"""Rows and columns as the solvers read them: chosen, centred and scaled, and never held as a whole."""
