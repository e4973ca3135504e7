"""What happens to a complete study: analysed exactly once, its results sent until they have arrived."""
