"""The networks of the paper in torch; only training and export import them."""
