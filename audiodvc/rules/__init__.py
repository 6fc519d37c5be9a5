"""What is wrong with a dataset: a rule is a function from a snapshot to findings."""
