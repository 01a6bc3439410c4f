#!/usr/bin/python3
"""Draw small colour pictures of ten kinds of things.

A picture is 48 by 48 pixels of 8-bit RGB: one shape, texture or letter of
random colour, size, place and angle, over a graded and cluttered background,
under uneven light, partly covered now and then, and noisy. A picture depends
on nothing but the seed.

Every figure is a signed distance: a function of the plane that is negative
inside the figure and grows by one with each unit of distance. Clipping it to
half a pixel around zero gives smooth edges.

Usage: ./draw.py SHEET.png     draws six pictures of each class on one sheet
Needs: python3-numpy.
"""

import struct
import sys
import zlib

import numpy as np

SIZE = 48
CLASSES = ("ring", "square", "triangle", "star", "cross",
           "stripes", "checkerboard", "dots", "letter A", "letter B")

# Pixel centres, x to the right and y downwards.
ROWS, COLUMNS = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) + 0.5


# ---------------------------------------------------------------------------
# Figures: signed distances, about one unit in radius around the origin
# ---------------------------------------------------------------------------

def disc(x, y, radius):
    return np.hypot(x, y) - radius


def box(x, y, half_width, half_height):
    return np.maximum(np.abs(x) - half_width, np.abs(y) - half_height)


def segment(x, y, start, end):
    """Distance to a line from start to end; take a thickness off to draw."""
    (x0, y0), (x1, y1) = start, end
    dx, dy = x1 - x0, y1 - y0
    along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy)
    along = np.clip(along, 0.0, 1.0)
    return np.hypot(x - x0 - along * dx, y - y0 - along * dy)


def outlined(distance, rng):
    """The figure itself or, in two of five cases, only its outline."""
    if rng.random() < 0.6:
        return distance
    width = rng.uniform(0.1, 0.17)
    return np.abs(distance + width) - width


def ring(x, y, rng):
    width = rng.uniform(0.1, 0.25)
    return np.abs(np.hypot(x, y) - (1.0 - width)) - width


def square(x, y, rng):
    return outlined(box(x, y, 0.8, 0.8), rng)


def triangle(x, y, rng):
    sides = [x * np.sin(turn) - y * np.cos(turn) - 0.52
             for turn in (np.pi / 3, np.pi, 5 * np.pi / 3)]
    return outlined(np.maximum.reduce(sides), rng)


def star(x, y, rng):
    # Fold the plane onto one half of one of the five points, whose edge is
    # the line from the tip at radius 1 to the notch at the inner radius.
    radius, fifth = np.hypot(x, y), 2 * np.pi / 5
    angle = np.abs((np.arctan2(y, x) + fifth / 2) % fifth - fifth / 2)
    inner = rng.uniform(0.38, 0.5)
    notch_x, notch_y = inner * np.cos(fifth / 2), inner * np.sin(fifth / 2)
    edge_x, edge_y = notch_x - 1.0, notch_y
    across = (radius * np.cos(angle) - 1.0) * edge_y \
        - radius * np.sin(angle) * edge_x
    return outlined(across / np.hypot(edge_x, edge_y), rng)


def cross(x, y, rng):
    width = rng.uniform(0.18, 0.3)
    return np.minimum(box(x, y, 1.0, width), box(x, y, width, 1.0))


def window(x, y, rng):
    """What a texture is seen through: a disc or a square."""
    if rng.random() < 0.5:
        return disc(x, y, 1.1)
    return box(x, y, 1.0, 1.0)


def wave(x, period, phase):
    """Distance to the nearer edge of bars half a period wide."""
    return np.abs((x + phase) % period - period / 2) - period / 4


def stripes(x, y, rng):
    bars = wave(x, rng.uniform(0.4, 0.7), rng.uniform(0.0, 1.0))
    return np.maximum(bars, window(x, y, rng))


def checkerboard(x, y, rng):
    period = rng.uniform(0.65, 1.0)
    columns = wave(x, period, rng.uniform(0.0, 1.0))
    rows = wave(y, period, rng.uniform(0.0, 1.0))
    sign = -np.sign(columns) * np.sign(rows)
    cells = sign * np.minimum(np.abs(columns), np.abs(rows))
    return np.maximum(cells, window(x, y, rng))


def dots(x, y, rng):
    pitch = rng.uniform(0.5, 0.75)
    local_x = (x + rng.uniform(0.0, 1.0)) % pitch - pitch / 2
    local_y = (y + rng.uniform(0.0, 1.0)) % pitch - pitch / 2
    spots = disc(local_x, local_y, pitch * rng.uniform(0.27, 0.36))
    return np.maximum(spots, window(x, y, rng))


def letter_a(x, y, rng):
    bar = rng.uniform(0.2, 0.4)
    strokes = (segment(x, y, (-0.7, 0.9), (0.0, -0.9)),
               segment(x, y, (0.7, 0.9), (0.0, -0.9)),
               segment(x, y, (-0.5, bar), (0.5, bar)))
    return np.minimum.reduce(strokes) - rng.uniform(0.11, 0.19)


def letter_b(x, y, rng):
    middle = rng.uniform(-0.15, 0.05)
    strokes = [segment(x, y, (-0.6, -0.9), (-0.6, 0.9))]
    strokes += [segment(x, y, (-0.6, height), (0.05, height))
                for height in (-0.9, middle, 0.9)]
    for top, bottom in ((-0.9, middle), (middle, 0.9)):
        bowl = disc(x - 0.05, y - (top + bottom) / 2, (bottom - top) / 2)
        strokes.append(np.where(x >= 0.05, np.abs(bowl), np.inf))
    return np.minimum.reduce(strokes) - rng.uniform(0.11, 0.18)


FIGURES = (ring, square, triangle, star, cross,
           stripes, checkerboard, dots, letter_a, letter_b)


# ---------------------------------------------------------------------------
# Pictures
# ---------------------------------------------------------------------------

def paint(canvas, distance, colour):
    """Lay a figure, its distance in pixels, over the canvas."""
    cover = np.clip(0.5 - distance, 0.0, 1.0)[..., None]
    canvas += cover * (colour - canvas)


def ramp(rng):
    """A plane from 0 to 1 across the picture, in a random direction."""
    angle = rng.uniform(0.0, 2 * np.pi)
    plane = np.cos(angle) * COLUMNS + np.sin(angle) * ROWS
    plane -= plane.min()
    return (plane / plane.max())[..., None]


def contrasting(rng, *others):
    """A colour that can be told from each of the others."""
    while True:
        colour = rng.uniform(0.0, 1.0, 3)
        if all(np.linalg.norm(colour - other) > 0.5 for other in others):
            return colour


def scatter(canvas, rng, count):
    """Short lines and small spots, all over the place."""
    for _ in range(count):
        x, y = COLUMNS - rng.uniform(0, SIZE), ROWS - rng.uniform(0, SIZE)
        if rng.random() < 0.6:
            angle, length = rng.uniform(0, np.pi), rng.uniform(3.0, 8.0)
            end = length * np.cos(angle), length * np.sin(angle)
            start = -end[0], -end[1]
            distance = segment(x, y, start, end) - rng.uniform(0.5, 1.2)
        else:
            distance = disc(x, y, rng.uniform(1.0, 3.0))
        paint(canvas, distance, rng.uniform(0.0, 1.0, 3))


def cover_partly(canvas, rng, centre, radius):
    """A bar or a spot over a part of the thing in the picture."""
    angle = rng.uniform(0, 2 * np.pi)
    away = rng.uniform(0.3, 0.9) * radius
    x = COLUMNS - centre[0] - away * np.cos(angle)
    y = ROWS - centre[1] - away * np.sin(angle)
    if rng.random() < 0.5:
        across = x * np.cos(angle) + y * np.sin(angle)
        distance = np.abs(across) - rng.uniform(1.2, 2.5)
    else:
        distance = disc(x, y, rng.uniform(3.0, 5.5))
    paint(canvas, distance, rng.uniform(0.0, 1.0, 3))


def draw(label, rng):
    """One picture of CLASSES[label], uint8 [SIZE, SIZE, 3]."""
    # The background: one colour running into another, with things on it.
    first = rng.uniform(0.0, 1.0, 3)
    second = np.clip(first + rng.normal(0.0, 0.2, 3), 0.0, 1.0)
    canvas = first + ramp(rng) * (second - first)
    scatter(canvas, rng, rng.integers(1, 6))

    # The thing itself. Letters stand nearly upright; all else turns freely.
    radius = rng.uniform(13.0, 19.0)
    centre = SIZE / 2 + rng.uniform(-5.0, 5.0, 2)
    turn = rng.uniform(-np.pi, np.pi)
    if CLASSES[label].startswith("letter"):
        turn *= 0.15
    x, y = COLUMNS - centre[0], ROWS - centre[1]
    stretch = rng.uniform(0.85, 1.15)
    along = (x * np.cos(turn) + y * np.sin(turn)) / (radius * stretch)
    across = (y * np.cos(turn) - x * np.sin(turn)) / (radius / stretch)
    distance = radius * FIGURES[label](along, across, rng)
    paint(canvas, distance, contrasting(rng, first, second))
    if rng.random() < 0.3:
        cover_partly(canvas, rng, centre, radius)

    # Light from one side, then the camera's noise.
    canvas *= 1.0 - rng.uniform(0.0, 0.5) * ramp(rng)
    canvas += rng.normal(0.0, rng.uniform(0.01, 0.06), canvas.shape)
    return np.uint8(np.clip(np.rint(255.0 * canvas), 0, 255))


def draw_set(count, seed):
    """Pictures [count, SIZE, SIZE, 3] and their labels, classes in turn."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.int32) % len(CLASSES)
    return np.stack([draw(label, rng) for label in labels]), labels


def write_png(path, pixels):
    """Write uint8 [height, width, 3] as a PNG file."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))

    height, width, _ = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
                   + chunk(b"IDAT", zlib.compress(rows, 9))
                   + chunk(b"IEND", b""))


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: draw.py SHEET.png")
    columns = 6
    images, _ = draw_set(columns * len(CLASSES), seed=0)
    sheet = images.reshape(columns, len(CLASSES), SIZE, SIZE, 3)
    sheet = sheet.transpose(1, 2, 0, 3, 4).reshape(
        len(CLASSES) * SIZE, columns * SIZE, 3)
    write_png(sys.argv[1], sheet)


if __name__ == "__main__":
    main()
