"""The idea board: propose, comment, rate; every idea weighs the same."""
