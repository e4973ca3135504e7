"""bonescan."""
