"""How each file of the corpus is made, format by format."""
