"""The two networks: their shapes as data, random weights, the forward pass in blocks, pooling, the running backbone."""
