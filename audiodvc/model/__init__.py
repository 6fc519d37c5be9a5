"""Pure values of a dataset: they know no disk, no git, no clock."""
