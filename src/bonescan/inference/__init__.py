"""From views to probabilities, maps and decisions, without torch."""
