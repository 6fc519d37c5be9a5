"""For consumers: from a source to a dataset that is ready to use."""
