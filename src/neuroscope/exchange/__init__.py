"""Import vectors that other programs computed into the store, and export vectors to files for them."""
