"""How like real scans the simulated ones are: figures side by side, and how well patches are told apart."""
