"""Small NIfTI files of several types, byte orders, orientations, scales and units, and what they hold according to
nibabel; resampled arrays according to SciPy: tests/data/oracles/nifti.json. Volumes are [z, y, x] in the closest canonical
orientation (RAS+), files are base64."""

import base64
import gzip
import json
import pathlib

import nibabel
import numpy
from scipy.ndimage import map_coordinates

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/data/oracles/nifti.json"
rng = numpy.random.default_rng(7)


def turned(axes, signs, zooms, tilt=0.0):
    """An affine whose file axes run along `axes` of x, y, z with `signs`, turned by `tilt` about z."""
    m = numpy.zeros((3, 3))
    for k, (axis, sign) in enumerate(zip(axes, signs)):
        m[axis, k] = sign * zooms[k]
    c, s = numpy.cos(tilt), numpy.sin(tilt)
    affine = numpy.eye(4)
    affine[:3, :3] = numpy.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ m
    affine[:3, 3] = [3, -7, 11]
    return affine


def volumes():
    yield "u8", numpy.uint8, (2, 3, 4), turned((0, 1, 2), (1, 1, 1), (1, 1, 1)), {}
    yield "i16_big_endian_las", numpy.int16, (3, 2, 4), turned((0, 1, 2), (-1, 1, 1), (2, 1.5, 3)), {"order": ">"}
    yield "f32_coronal", numpy.float32, (4, 3, 2), turned((0, 2, 1), (-1, 1, 1), (2, 2, 3)), {}
    yield "f64_sagittal_big_endian", numpy.float64, (2, 3, 5), turned((1, 2, 0), (-1, -1, 1), (1, 1, 1.2)), {"order": ">"}
    yield "i32", numpy.int32, (3, 3, 2), turned((2, 0, 1), (1, -1, -1), (0.5, 1, 1)), {}
    yield "i8_scaled", numpy.int8, (2, 2, 3), turned((0, 1, 2), (1, -1, -1), (1, 1, 1)), {"slope": 0.5, "inter": -3}
    yield "u16_scaled", numpy.uint16, (2, 3, 2), turned((1, 0, 2), (1, 1, -1), (1, 2, 1)), {"slope": 2, "inter": 10}
    yield "u32", numpy.uint32, (2, 2, 2), turned((0, 1, 2), (1, 1, -1), (1, 1, 1)), {}
    yield "i64", numpy.int64, (2, 2, 2), turned((0, 1, 2), (1, 1, 1), (1, 1, 1)), {}
    yield "u64", numpy.uint64, (2, 1, 2), turned((0, 1, 2), (1, 1, 1), (1, 1, 1)), {}
    yield "tilted", numpy.int16, (3, 4, 2), turned((2, 0, 1), (-1, 1, -1), (1, 1.5, 2), 0.4), {}
    yield "qform_only", numpy.int16, (3, 4, 2), turned((1, 0, 2), (-1, -1, 1), (1, 1.5, 2), 0.3), {"form": "q"}
    yield "microns", numpy.uint8, (2, 3, 2), turned((0, 1, 2), (1, 1, 1), (500, 250, 1000)), {"units": "micron"}
    yield "metres", numpy.uint8, (2, 3, 2), turned((0, 2, 1), (1, 1, -1), (0.002, 0.001, 0.001)), {"units": "meter"}
    yield "two_axes", numpy.uint8, (3, 2), turned((0, 1, 2), (1, 1, 1), (1, 2, 1)), {}
    yield "four_axes", numpy.uint8, (3, 2, 2, 1), turned((0, 1, 2), (1, 1, 1), (1, 2, 1)), {}
    yield "extension", numpy.uint8, (2, 2, 2), turned((0, 1, 2), (1, 1, 1), (1, 1, 1)), {"extension": True}
    yield "nifti2", numpy.float32, (2, 3, 4), turned((0, 2, 1), (-1, 1, -1), (2, 2, 3)), {"version": 2}
    yield "nifti2_big_endian", numpy.int16, (2, 3, 4), turned((2, 1, 0), (1, 1, -1), (2, 2, 3)), {"version": 2, "order": ">"}
    yield "gzipped", numpy.int16, (4, 4, 4), turned((0, 2, 1), (-1, 1, 1), (2, 2, 3)), {"gzip": True}


def values(dtype, shape):
    if numpy.issubdtype(dtype, numpy.floating):
        return (rng.integers(-800, 800, shape) / 8).astype(dtype)
    info = numpy.iinfo(dtype)
    return rng.integers(max(info.min, -30000), min(info.max, 60000), shape).astype(dtype)


def image_of(dtype, shape, affine, options):
    data = values(dtype, shape)
    kind = nibabel.Nifti2Image if options.get("version") == 2 else nibabel.Nifti1Image
    header = kind.header_class(endianness=options.get("order", "<"))
    header.set_data_dtype(dtype)
    image = kind(data, affine, header)
    image.header.set_xyzt_units(options.get("units", "mm"))
    if "slope" in options:
        image.header.set_slope_inter(options["slope"], options["inter"])
    image.set_qform(affine, 1)
    image.set_sform(affine, 0 if options.get("form") == "q" else 1)
    if options.get("extension"):
        image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"some words about the scan"))
    return image


def file_case(name, dtype, shape, affine, options):
    image = image_of(dtype, shape, affine, options)
    if "slope" in options:  # nibabel chooses its own scale when it writes, so the header is patched
        data, image = numpy.asarray(image.dataobj), image
        raw = bytearray(kind_bytes(image, data))
    else:
        raw = bytearray(image.to_bytes())
    read = nibabel.as_closest_canonical(type(image).from_bytes(bytes(raw)))
    array = numpy.asarray(read.get_fdata())
    array = array.reshape(array.shape[:3] + (1,) * (3 - array.ndim))
    unit = {"mm": 1, "micron": 1e-3, "meter": 1e3}[options.get("units", "mm")]
    zooms = nibabel.affines.voxel_sizes(read.affine) * unit
    data = gzip.compress(bytes(raw), mtime=0) if options.get("gzip") else bytes(raw)
    return {
        "name": name,
        "file": base64.b64encode(data).decode(),
        "size": list(array.shape[::-1]),
        "spacing": [float(z) for z in zooms[::-1]],
        "values": array.transpose(2, 1, 0).ravel().tolist(),
    }


def kind_bytes(image, data):
    """The image's bytes with its own slope and intercept over the stored numbers as they are."""
    slope, inter = image.header["scl_slope"], image.header["scl_inter"]
    header = image.header.copy()
    header.set_slope_inter(slope, inter)
    header["vox_offset"] = 352
    header["magic"] = b"n+1"
    return header.binaryblock + bytes(4) + data.tobytes(order="F")


def resample_case(name, size, spacing, wanted, nearest):
    volume = rng.integers(0, 5, size).astype(float) if nearest else rng.integers(-64, 64, size) / 4
    to = [max(1, int(numpy.floor(n * s / w + 0.5))) for n, s, w in zip(size, spacing, wanted)]
    axes = [
        numpy.clip((numpy.arange(m) - (m - 1) / 2) * w / s + (n - 1) / 2, 0, n - 1)
        for n, s, m, w in zip(size, spacing, to, wanted)
    ]
    grid = numpy.meshgrid(*axes, indexing="ij")
    if nearest:  # the side that ties fall to is SciPy's only by accident
        out = map_coordinates(volume, [numpy.floor(g + 0.5) for g in grid], order=0, mode="nearest")
    else:
        out = map_coordinates(volume, grid, order=1, mode="nearest")
    return {
        "name": name,
        "size": size,
        "spacing": spacing,
        "values": volume.ravel().tolist(),
        "wanted": wanted,
        "nearest": nearest,
        "to": to,
        "out": out.ravel().tolist(),
    }


cases = {
    "files": [file_case(*v) for v in volumes()],
    "resampled": [
        resample_case("finer", [3, 4, 5], [3, 2, 2], [1, 1, 1], False),
        resample_case("coarser", [6, 7, 8], [1, 1, 1], [2.5, 3, 1.7], False),
        resample_case("labels", [6, 5, 4], [3, 2, 2], [2, 2, 1], True),
        resample_case("labels_coarser", [7, 9, 5], [1, 1, 2], [2, 2.2, 3], True),
        resample_case("one_slice", [1, 4, 4], [5, 1, 1], [1, 2, 0.5], False),
    ],
}
OUT.parent.mkdir(exist_ok=True)
with open(OUT, "w") as file:
    lines = {k: ",\n".join(json.dumps(c) for c in v) for k, v in cases.items()}
    file.write("{" + ",\n".join(f'"{k}": [\n{v}]' for k, v in lines.items()) + "}\n")
