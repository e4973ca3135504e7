"""How far a model agrees with pseudo-labels of real scans: boxes, region maps and a layman's look. Never accuracy."""
