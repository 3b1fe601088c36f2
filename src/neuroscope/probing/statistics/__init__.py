"""What was right of which test rows -> numbers with their ± and interval, and comparisons of several."""
