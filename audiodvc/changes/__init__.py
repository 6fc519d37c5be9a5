"""What changes between states of a dataset: values in, values out."""
