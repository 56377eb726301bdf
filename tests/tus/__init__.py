"""Uploads in pieces, played by the protocol's reference client."""
