"""Published tables of which Action Units make which emotion.

``investigators_guide``: Ekman, Friesen and Hager, FACS Investigator's Guide (2002),
table 10-1, prototypes. All rows but disgust agree word for word with two independent
copies; disgust is from memory. ``9+16+15,26`` is printed so and probably means 25,26.
``facs_1978``: Ekman and Friesen, FACS (1978), table 11-1, as later works quote it.
"""

PROTOTYPE_TABLES: dict[str, dict[str, tuple[str, ...]]] = {
    "investigators_guide": {
        "Happy": ("6+12*", "12C/D"),
        "Sad": ("1+4+11+15B+54?+64?", "1+4+15*+54?+64?", "6+15*+54?+64?"),
        "Surprise": ("1+2+5B+26", "1+2+5B+27"),
        "Fear": ("1+2+4+5*+20*+25,26,27", "1+2+4+5*+25,26,27"),
        "Disgust": (
            "9",
            "9+16+15,26",
            "9+17",
            "10*",
            "10*+16+25,26",
            "10+17",
        ),
        "Anger": (
            "4+5*+7+10*+22+23+25,26",
            "4+5*+7+10*+23+25,26",
            "4+5*+7+23+25,26",
            "4+5*+7+17+23",
            "4+5*+7+17+24",
            "4+5*+7+23",
            "4+5*+7+24",
        ),
    },
    "facs_1978": {
        "Happy": ("6+12+25",),
        "Sad": ("1+4+15",),
        "Surprise": ("1+2+5+26",),
        "Fear": ("1+2+4+5+20+25",),
        "Disgust": ("10+17+4",),
        "Anger": ("4+5+7+24",),
    },
}
"""``{table: {emotion: prototypes}}``, emotions named and ordered as in EMOTIONS."""
