"""Figures as PNG."""

import io

from matplotlib.figure import Figure


def png(figure: Figure) -> bytes:
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=120)
    return image.getvalue()
