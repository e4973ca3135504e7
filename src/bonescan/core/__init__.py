"""What every layer speaks: studies, findings, anatomy, errors, files and settings."""
