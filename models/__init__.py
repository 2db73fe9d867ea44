"""Forecasters: how they are fitted, blended, made coherent, judged and kept."""
