"""Behaviour models: hidden states, what they emit, and how they are fitted."""
