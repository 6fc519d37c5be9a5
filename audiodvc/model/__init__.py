"""What a dataset consists of, as values that are made from text and never look at the world."""
