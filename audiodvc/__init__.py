"""Version control for audio datasets, as a plugin of git and DVC."""

__version__ = "0.1.0"

__all__ = ["__version__"]
