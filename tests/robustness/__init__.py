"""Attempts to break the whole running system: what was promised holds, and the next request is fine."""
