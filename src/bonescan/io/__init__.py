"""Reading studies, annotations and cohorts, and writing them."""
