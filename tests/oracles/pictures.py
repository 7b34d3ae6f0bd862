"""Writes small pictures of every kind with Pillow (libpng, libjpeg-turbo and libwebp behind it, numpy for the pixels):
../data/images/NAME.{png,jpg,webp} and their pixels as Pillow decodes them in ../data/images.json,
[{file, height, width, channels, values, tolerance}]. 16-bit values are rounded from 65535 to 255 here."""

import json
import pathlib
import struct
import zlib

import numpy
from PIL import Image

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "data" / "images"
RNG = numpy.random.default_rng(5)
CASES = []


def expect(name, pixels, tolerance=0):
    array = numpy.asarray(pixels)
    height, width = array.shape[:2]
    channels = 1 if array.ndim == 2 else array.shape[2]
    CASES.append({"file": name, "height": height, "width": width, "channels": channels, "tolerance": tolerance,
                  "values": array.astype(int).ravel().tolist()})


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png(name, width, height, depth, colour, rows, extra=b""):
    """A PNG of rows that are bytes already, each after its filter type 0."""
    data = b"".join(b"\0" + row for row in rows)
    (FOLDER / name).write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)) + extra
        + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


def smooth(height, width, channels):
    """Slow changes, which JPEG keeps within a level or two."""
    y, x, c = numpy.mgrid[0:height, 0:width, 0:channels]
    return (60 + 5 * y + 4 * x + 30 * c).astype(numpy.uint8)


def main():
    FOLDER.mkdir(exist_ok=True)
    grey = RNG.integers(0, 256, (5, 7), dtype=numpy.uint8)
    rgb = RNG.integers(0, 256, (5, 7, 3), dtype=numpy.uint8)
    rgba = RNG.integers(0, 256, (4, 6, 4), dtype=numpy.uint8)
    for name, array in [("grey.png", grey), ("rgb.png", rgb), ("rgba.png", rgba),
                        ("grey_alpha.png", rgba[:, :, :2].copy())]:
        Image.fromarray(array).save(FOLDER / name)
        expect(name, array)

    wide = RNG.integers(0, 65536, (3, 4), dtype=numpy.uint16)
    raw_png("grey16.png", 4, 3, 16, 0, [row.astype(">u2").tobytes() for row in wide])
    expect("grey16.png", numpy.floor(wide * 255.0 / 65535 + 0.5))

    bits = [[1, 0, 1, 1, 0, 0, 0, 1, 1, 0], [0, 1, 1, 0, 1, 0, 1, 0, 0, 1]]
    raw_png("grey1.png", 10, 2, 1, 0, [numpy.packbits(row).tobytes() for row in bits])
    expect("grey1.png", 255 * numpy.array(bits))

    four = [[0, 5, 15, 3], [1, 2, 9, 8]]
    raw_png("grey4.png", 4, 2, 4, 0, [bytes([a << 4 | b, c << 4 | d]) for a, b, c, d in four])
    expect("grey4.png", 17 * numpy.array(four))

    palette = Image.fromarray(numpy.array([[0, 1, 2], [3, 2, 1]], dtype=numpy.uint8), "P")
    palette.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 200, 210, 220])
    palette.save(FOLDER / "palette.png")
    expect("palette.png", palette.convert("RGB"))

    for name, array, options in [("grey.jpg", smooth(16, 12, 1)[:, :, 0], {}), ("rgb.jpg", smooth(16, 12, 3), {}),
                                 ("progressive.jpg", smooth(16, 12, 3), {"progressive": True})]:
        Image.fromarray(array).save(FOLDER / name, quality=95, subsampling=0, **options)
        expect(name, Image.open(FOLDER / name), 2)
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side: to be turned by 90 degrees clockwise
    Image.fromarray(smooth(8, 16, 1)[:, :, 0]).save(FOLDER / "turned.jpg", quality=95, exif=exif)
    expect("turned.jpg", numpy.rot90(numpy.asarray(Image.open(FOLDER / "turned.jpg")), -1), 2)
    Image.fromarray(rgba).convert("CMYK").save(FOLDER / "cmyk.jpg")

    Image.fromarray(rgb).save(FOLDER / "lossless.webp", lossless=True)
    expect("lossless.webp", rgb)
    Image.fromarray(smooth(16, 12, 3)).save(FOLDER / "lossy.webp", quality=90)
    expect("lossy.webp", Image.open(FOLDER / "lossy.webp"))
    alpha = rgba.copy()
    alpha[:, :, 3] |= 1  # what is quite transparent loses its colour
    Image.fromarray(alpha).save(FOLDER / "alpha.webp", lossless=True)
    expect("alpha.webp", alpha)

    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in CASES)
    (FOLDER.parent / "images.json").write_text('{"images": [\n' + lines + "\n]}\n")
    print(f"{len(CASES)} pictures in {FOLDER}")


main()
