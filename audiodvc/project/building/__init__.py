"""What `build` is made of: the media that a flavor needs, and who converts them."""
