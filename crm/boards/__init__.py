"""Boards: the open sales of a pipeline as columns of cards."""
