"""Model bundles (data only) and, for training, the networks in torch."""
