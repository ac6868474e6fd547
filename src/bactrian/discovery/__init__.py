"""VHH screening."""
