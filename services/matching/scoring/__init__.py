"""Hard constraints, scores and the weights of their criteria."""
