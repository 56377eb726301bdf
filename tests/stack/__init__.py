"""The production topology as ordinary processes: for `make stack`, the tests and the benchmark."""
