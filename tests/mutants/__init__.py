"""The hunters are tested: each mutant is the project with one guard removed, and must be found."""
