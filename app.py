"""The frame of the app (filled in by the views)."""
