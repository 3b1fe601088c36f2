"""Files of weights: TensorFlow's bundles and our own format are found, checked, read, converted and written."""
