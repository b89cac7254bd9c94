"""Measurements, always side by side in one run and given as a ratio: machines differ, ratios hold."""
