"""Pictures carried in and out by the command line."""
