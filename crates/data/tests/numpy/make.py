"""Writes the arrays of this folder by NumPy: `python make.py`. `arrays.npz` is packed, `plain.npz` is not."""
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent
x = np.arange(6).reshape(2, 3) - 2
arrays = {
    "f2": (x / 3).astype("<f2"),
    "f4": (x / 3).astype("<f4"),
    "f8": x / 3,
    "big": (x / 3).astype(">f8"),
    "i1": x.astype("i1"),
    "i2": x.astype(">i2"),
    "i4": x.astype("i4"),
    "i8": x.astype("i8"),
    "u1": (x + 250).astype("u1"),
    "u2": (x + 65530).astype("u2"),
    "u4": (x + 2**32 - 6).astype("u4"),
    "b1": x > 0,
    "fortran": np.asfortranarray(np.arange(24).reshape(2, 3, 4) / 2),
    "scalar": np.float64(2.5),
    "vector": np.array([1.5, np.nan, -np.inf]),
    "empty": np.zeros((0, 3), "<f4"),
}
np.savez_compressed(HERE / "arrays.npz", **arrays)
np.savez(HERE / "plain.npz", x=arrays["f4"], labels=arrays["i8"])
np.save(HERE / "fortran.npy", arrays["fortran"])
