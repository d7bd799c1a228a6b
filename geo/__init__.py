"""Pianqu (片区): plan the joint renovation of old residential communities."""

__version__ = "0.1.0"
