"""Numbers about the service, summed over all processes of a host, in Prometheus's words."""
